import { Decimal } from 'decimal.js';
import type { FocusRow } from '../../src/focus.ts';
import { costExplorerService } from '../../src/simulator/bill/service-names.ts';

// Of its own, and exact: what the dashboards show is held against what this file computes from the bill's rows.
const Money = Decimal.clone({ precision: 60 });

/** Sums by what charges fall under. */
export type Sums = Map<string, Decimal>;

const DAY_MS = 86_400_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
export const plusDays = (day: string, days: number) => dayOf(Date.parse(day) + days * DAY_MS);

/** A charge of the bill. */
export interface Charge {
  readonly day: string;
  readonly service: string;
  readonly account: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly amount: Decimal;
}

/** From the first day to before the last. */
export type Period = readonly [start: string, end: string];

/** A bill as it is to be seen at an instant, narrowed down to what a viewer has chosen. */
export class Bill {
  readonly today: string;
  readonly names: ReadonlyMap<string, string>;
  readonly charges: readonly Charge[];

  constructor(today: string, charges: readonly Charge[], names: ReadonlyMap<string, string>) {
    this.today = today;
    this.charges = charges;
    this.names = names;
  }

  /** The rows of a bill up to `now`, milliseconds since the epoch. */
  static of(rows: readonly FocusRow[], now: number): Bill {
    const charges = rows
      .filter(({ ChargePeriodStart }) => Date.parse(ChargePeriodStart) <= now)
      .map((row) => ({
        day: dayOf(Date.parse(row.ChargePeriodStart)),
        service: costExplorerService(row),
        account: row.SubAccountId ?? '',
        tags: row.Tags,
        amount: new Money(row.BilledCost),
      }));
    const names = rows.flatMap(({ SubAccountId, SubAccountName }): [string, string][] =>
      SubAccountId && SubAccountName ? [[SubAccountId, SubAccountName]] : [],
    );
    return new Bill(dayOf(now), charges, new Map(names));
  }

  /** What of it belongs to some accounts and services; undefined means all. */
  only(accounts: readonly string[] | undefined, services: readonly string[] | undefined): Bill {
    const kept = this.charges.filter(
      ({ account, service }) =>
        (accounts?.includes(account) ?? true) && (services?.includes(service) ?? true),
    );
    return new Bill(this.today, kept, this.names);
  }

  sums([start, end]: Period, keyOf: (charge: Charge) => string): Sums {
    const sums: Sums = new Map();
    for (const charge of this.charges) {
      if (charge.day < start || charge.day >= end) continue;
      const key = keyOf(charge);
      sums.set(key, (sums.get(key) ?? new Money(0)).plus(charge.amount));
    }
    return sums;
  }

  total(period: Period): Decimal {
    return this.sums(period, () => '').get('') ?? new Money(0);
  }

  back(days: number): string {
    return plusDays(this.today, -days);
  }

  get month(): Period {
    return [`${this.today.slice(0, 7)}-01`, plusDays(this.today, 1)];
  }

  /** The 30 complete days before today. */
  get window(): Period {
    return [this.back(30), this.today];
  }

  get trailingWeek(): Period {
    return [this.back(7), this.today];
  }

  get precedingWeek(): Period {
    return [this.back(14), this.back(7)];
  }

  /** The day two days before today. */
  get settledDay(): Period {
    return [this.back(2), this.back(1)];
  }

  /** Medians of the 7 days before the settled day. */
  medians(keyOf: (charge: Charge) => string): Sums {
    const days = Array.from({ length: 7 }, (_, index) =>
      this.sums([this.back(9 - index), this.back(8 - index)], keyOf),
    );
    const keys = new Set(days.flatMap((sums) => [...sums.keys()]));
    return new Map(
      [...keys].map((key) => {
        const costs = days.map((sums) => sums.get(key) ?? new Money(0)).toSorted((a, b) => a.cmp(b));
        return [key, costs[3] ?? new Money(0)];
      }),
    );
  }

  /** The simulator's rule: the mean of the weekday over the last 28 complete days, and the deviation of a day from it. */
  #model(): { mean: (day: string) => Decimal; deviation: Decimal } {
    const first = this.charges.map(({ day }) => day).toSorted()[0] ?? this.today;
    const known = Math.min(28, (Date.parse(this.today) - Date.parse(first)) / DAY_MS);
    const days = Array.from({ length: known }, (_, index) => this.back(known - index));
    const costs = new Map(days.map((day) => [day, this.total([day, plusDays(day, 1)])]));
    const weekday = (day: string) => new Date(day).getUTCDay();
    const mean = (day: string) => {
      const alike = days.filter((one) => weekday(one) === weekday(day));
      return Money.sum(0, ...alike.map((one) => costs.get(one) ?? 0)).div(alike.length);
    };
    const squares = days.map((day) =>
      mean(day)
        .minus(costs.get(day) ?? 0)
        .pow(2),
    );
    return {
      mean,
      deviation: Money.sum(0, ...squares)
        .div(known)
        .sqrt(),
    };
  }

  /** The sum of the forecast's daily means up to a day, and how far its daily 80 % bounds lie away. */
  forecast(end: string): { expected: Decimal; margin: Decimal } {
    const { mean, deviation } = this.#model();
    let expected = new Money(0);
    let days = 0;
    for (let day = this.today; day < end; day = plusDays(day, 1), days++) expected = expected.plus(mean(day));
    return { expected, margin: deviation.times(Z_80).times(days) };
  }

  /** Month to date without today, plus the means to the month's end. */
  get monthEnd(): Decimal {
    const [first] = this.month;
    const nextMonth = `${plusDays(first, 31).slice(0, 7)}-01`;
    return this.total([first, this.today]).plus(this.forecast(nextMonth).expected);
  }
}

/** The deviate between which and its negative 80 % of a normal distribution lie. */
const Z_80 = '1.2815515655446004';

/** The label of a charge's value of a tag key; reserved words get a pair of quotes more. */
export function tagLabel({ tags }: Charge, key: string): string {
  const value = Object.hasOwn(tags, key) ? (tags[key] ?? '') : '';
  if (value === '') return 'untagged';
  return /^("*)(untagged|__other__)\1$/.test(value) ? `"${value}"` : value;
}
