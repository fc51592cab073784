// What may be on the page: all that the test believes, and nothing of the product.
import { daysFrom, plusDays } from '../acceptance/bill.ts';
import type { Bill } from './bill.ts';

/** A bill as it stood at some moment, and the UTC day on which it was asked for. */
export interface Version {
  readonly bill: Bill;
  readonly day: string;
}

/** A page shows the figures of one version and of no other, or none. */
export type Shown = Version | undefined;

/** The reference: which versions may be on the page now, and which a restart may find. */
export class Model {
  may: readonly Shown[] = [undefined];
  kept: readonly Shown[] = [undefined];
  #since: Version[] = [];

  /** How the bill has stood since the last collection began. */
  get since(): readonly Version[] {
    return this.#since;
  }

  /** A collection begins: what it finds is how the bill stands at some moment from now to its end. */
  begins(now: Version): void {
    this.#since = [now];
  }

  /** The bill has become another one. */
  changes(now: Version): void {
    this.#since.push(now);
  }

  /** A collection has succeeded; `stored`: what it brought has certainly reached a store that works. */
  succeeds(stored: boolean): void {
    this.may = this.#since;
    this.kept = stored ? this.may : [...this.kept, ...this.may];
  }

  /** A new process: it has what was kept, and may have asked AWS already. */
  restarts(now: Version): void {
    this.may = this.kept;
    this.begins(now);
  }

  /** A collection that nobody has called for may have succeeded. */
  mayHaveSucceeded(): void {
    this.may = [...this.may, ...this.#since];
    this.kept = [...this.kept, ...this.#since];
  }

  /** A store that could not be read can be: what was kept may be shown now. */
  finds(): void {
    this.may = [...this.may, ...this.kept];
  }

  /** The store may have lost everything, or has certainly. */
  loses(certainly: boolean): void {
    this.kept = certainly ? [undefined] : [...this.kept, undefined];
  }
}

/** Cents by the name of a figure. */
export type Figures = ReadonlyMap<string, number>;

/** The periods of the figures: their first day, and the one after their last. */
const PERIODS: Readonly<Record<string, (today: string) => readonly [string, string]>> = {
  aws_cost_total: (today) => [plusDays(today, -30), today],
  aws_cost_month_to_date: (today) => [`${today.slice(0, 7)}-01`, plusDays(today, 1)],
  aws_cost_last_complete_day: (today) => [plusDays(today, -1), today],
  aws_cost_settled_day: (today) => [plusDays(today, -2), plusDays(today, -1)],
  aws_cost_trailing_week: (today) => [plusDays(today, -7), today],
  aws_cost_preceding_week: (today) => [plusDays(today, -14), plusDays(today, -7)],
};

/** The lines of a version that were there to be asked for, and the days that they cover. */
function askedFor({ bill, day }: Version) {
  const [first = day] = [`${day.slice(0, 7)}-01`, plusDays(day, -30)].toSorted();
  const covers = (one: string) => one >= first && one <= day;
  return { lines: bill.filter((line) => covers(line.day)), covers };
}

function sum(lines: Bill, nameOf: (line: Bill[number]) => string, known: Iterable<string> = []): Figures {
  const sums = new Map<string, number>([...known].map((name) => [name, 0]));
  for (const line of lines) sums.set(nameOf(line), (sums.get(nameOf(line)) ?? 0) + line.cents);
  return sums;
}

/**
 * The figures of /metrics on a day, by family, service, account and, where it has one, date. A period with a day that nobody
 * has asked for has none; today may be missing, until an attempt of today has failed.
 */
export function metricsOf(version: Version, today: string, failedToday: boolean): Figures {
  const { lines, covers } = askedFor(version);
  const has = (day: string) => covers(day) || (day === today && !failedToday);
  const pairOf = ({ service, account }: Bill[number]) => `${service}/${account}`;
  const pairs = new Set(lines.map(pairOf));
  const figures = new Map<string, number>();
  for (const [family, period] of Object.entries(PERIODS)) {
    const [from, to] = period(today);
    if (!daysFrom(from, to).every(has)) continue;
    const within = lines.filter(({ day }) => day >= from && day < to);
    for (const [pair, cents] of sum(within, pairOf, pairs)) figures.set(`${family} ${pair}`, cents);
  }
  const shown = lines.filter(({ day }) => day >= plusDays(today, -30) && day <= today);
  const daily = sum(shown, (line) => `aws_cost_daily ${pairOf(line)} ${line.day}`);
  return new Map([...figures, ...daily]);
}

/** The figures of /cost/current on a day. */
export function documentOf(version: Version, today: string, failedToday: boolean): Figures {
  const { lines, covers } = askedFor(version);
  const has = (day: string) => covers(day) || (day === today && !failedToday);
  const within = (family: string) => {
    const [from, to] = PERIODS[family]?.(today) ?? ['', ''];
    return daysFrom(from, to).every(has) ? lines.filter(({ day }) => day >= from && day < to) : undefined;
  };
  const [window, month] = [within('aws_cost_total'), within('aws_cost_month_to_date')];
  const names = (nameOf: (line: Bill[number]) => string) => new Set(lines.map(nameOf));
  const service = (line: Bill[number]) => `service ${line.service}`;
  const account = (line: Bill[number]) => `account ${line.account}`;
  const shown = lines.filter(({ day }) => day >= plusDays(today, -30) && day <= today);
  return new Map([
    ...(window ? sum(window, () => 'total', ['total']) : []),
    ...(window ? sum(window, service, names(service)) : []),
    ...(window ? sum(window, account, names(account)) : []),
    ...(month ? sum(month, () => 'monthToDate', ['monthToDate']) : []),
    ...sum(shown, ({ day }) => `day ${day}`),
  ]);
}
