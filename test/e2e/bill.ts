import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { Decimal } from 'decimal.js';

// Of its own, and exact: what the product computes is held against what this file computes from the same CSV.
const Money = Decimal.clone({ precision: 60 });

/** The column of a bill behind each of Cost Explorer's metrics. */
export const COLUMN_OF = { BlendedCost: 'BilledCost', AmortizedCost: 'EffectiveCost' } as const;

const DAY_MS = 86_400_000;

/** A charge as the CSV has it, its dates moved. */
interface Charge {
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly day: string;
  readonly service: string;
  readonly account: string;
  readonly amount: Decimal;
}

/** Sums of a bill on one day, by account, service or date. */
export type Sums = ReadonlyMap<string, Decimal>;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const midnight = (day: string) => Date.parse(`${day}T00:00:00Z`);
const addDays = (day: string, days: number) => dayOf(midnight(day) + days * DAY_MS);
const instant = (text: string) => Date.parse(/Z$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);

/** The bill of a FOCUS file as it is to be seen at an instant. */
export class ExpectedBill {
  readonly today: string;
  readonly #byDay: ReadonlyMap<string, readonly Charge[]>;
  readonly #totals = new Map<string, Decimal>();

  /**
   * @param file a FOCUS 1.0 file, `.csv` or `.csv.gz`; its dates are moved so that its last complete day is yesterday.
   * @param now milliseconds since the epoch: later charges have not happened yet.
   */
  constructor(file: string, now: number, metric: keyof typeof COLUMN_OF) {
    const bytes = readFileSync(file);
    const records: Record<string, string>[] = parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, {
      columns: true,
    });
    this.today = dayOf(now);
    const shift = midnight(addDays(this.today, -1)) - midnight(lastCompleteDay(records));
    const charges = records.map((record): Charge => {
      const start = instant(record.ChargePeriodStart ?? '') + shift;
      return {
        start,
        day: dayOf(start),
        service: record.ServiceName ?? '',
        account: record.SubAccountId ?? '',
        amount: new Money(record[COLUMN_OF[metric]] ?? ''),
      };
    });
    this.#byDay = Map.groupBy(
      charges.filter(({ start }) => start <= now),
      ({ day }) => day,
    );
  }

  #days(from: string, to: string): Charge[] {
    const found: Charge[] = [];
    for (let day = from; day < to; day = addDays(day, 1)) found.push(...(this.#byDay.get(day) ?? []));
    return found;
  }

  #sum(from: string, to: string, keyOf: (charge: Charge) => string): Sums {
    const sums = new Map<string, Decimal>();
    for (const charge of this.#days(from, to)) {
      const key = keyOf(charge);
      sums.set(key, (sums.get(key) ?? new Money(0)).plus(charge.amount));
    }
    return sums;
  }

  #total(from: string, to: string): Decimal {
    let total = new Money(0);
    for (let day = from; day < to; day = addDays(day, 1)) total = total.plus(this.#totalOf(day));
    return total;
  }

  #totalOf(day: string): Decimal {
    const known = this.#totals.get(day);
    if (known !== undefined) return known;
    const total = Money.sum(0, ...(this.#byDay.get(day) ?? []).map(({ amount }) => amount));
    this.#totals.set(day, total);
    return total;
  }

  /** From `first` days before today up to and without `last` days before it. */
  sumOfDays(first: number, last: number): Decimal {
    return this.#total(addDays(this.today, -first), addDays(this.today, -last));
  }

  /** Over the 30 complete days before today. */
  get total(): Decimal {
    return this.#total(addDays(this.today, -30), this.today);
  }

  get byService(): Sums {
    return this.#sum(addDays(this.today, -30), this.today, ({ service }) => service);
  }

  get byAccount(): Sums {
    return this.#sum(addDays(this.today, -30), this.today, ({ account }) => account);
  }

  get byServiceAndAccount(): Sums {
    return this.#sum(addDays(this.today, -30), this.today, ({ service, account }) => `${service}|${account}`);
  }

  get monthToDate(): Decimal {
    return this.#total(`${this.today.slice(0, 7)}-01`, addDays(this.today, 1));
  }

  get lastCompleteDay(): Decimal {
    return this.#total(addDays(this.today, -1), this.today);
  }

  /** The days with charges among the last 30 and today so far. */
  get daily(): Sums {
    return this.#sum(addDays(this.today, -30), addDays(this.today, 1), ({ day }) => day);
  }

  /** What the simulator's rule forecasts for a day: the mean of its weekday over the last 28 complete days. */
  #mean(day: string): Decimal {
    const first = [...this.#byDay.keys()].toSorted()[0] ?? this.today;
    const known = Math.min(28, (midnight(this.today) - midnight(first)) / DAY_MS);
    const weekday = (one: string) => new Date(midnight(one)).getUTCDay();
    const alike = Array.from({ length: known }, (_, back) => addDays(this.today, -back - 1)).filter(
      (one) => weekday(one) === weekday(day),
    );
    return Money.sum(0, ...alike.map((one) => this.#total(one, addDays(one, 1)))).div(alike.length);
  }

  #means(to: string): Decimal {
    let sum = new Money(0);
    for (let day = this.today; day < to; day = addDays(day, 1)) sum = sum.plus(this.#mean(day));
    return sum;
  }

  /** The daily means of [today, today + 30). */
  get forecast(): Decimal {
    return this.#means(addDays(this.today, 30));
  }

  /** Month to date without today, plus the daily means from today to the month's end. */
  get monthEnd(): Decimal {
    const first = `${this.today.slice(0, 7)}-01`;
    const nextMonth = `${addDays(first, 31).slice(0, 7)}-01`;
    return this.#total(first, this.today).plus(this.#means(nextMonth));
  }
}

/** The last day of a bill, or the one before where its charges break off before midnight. */
function lastCompleteDay(records: readonly Record<string, string>[]): string {
  const periods = records.map(({ ChargePeriodStart = '', ChargePeriodEnd = '' }) => ({
    start: instant(ChargePeriodStart),
    end: instant(ChargePeriodEnd),
  }));
  // A charge for a whole day or month is there from the start: it does not tell how far the bill has come.
  const hourly = periods.filter(({ start, end }) => end - start < DAY_MS);
  const end = dayOf(Math.max(...hourly.map((period) => period.end)));
  return addDays(end, -1);
}

/** The service of FOCUS that Cost Explorer's name stands for: it files EC2 under two. */
export function focusService(service: string): string {
  return service === 'EC2 - Other' || service === 'Amazon Elastic Compute Cloud - Compute'
    ? 'Amazon Elastic Compute Cloud'
    : service;
}

/** Whether a figure is the exact sum to a millionth. */
export function equals(figure: number | null | undefined, sum: Decimal): boolean {
  return typeof figure === 'number' && sum.minus(figure).abs().lessThan(1e-6);
}
