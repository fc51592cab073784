import { Decimal } from 'decimal.js';
import type { FocusRow } from '../../src/focus.ts';
import { type Day, daysFrom, plusDays } from './calendar.ts';
import type { Version } from './changing-bill.ts';

/** Wide enough that no sum of a bill is ever rounded. */
const Exact = Decimal.clone({ precision: 60 });
const ZERO = new Exact(0);

/** Complete days of the window, and days that the forecast learns from and spans. */
const WINDOW_DAYS = 30;
const LEARN_DAYS = 28;
const FORECAST_DAYS = 30;

/** Exact amounts by name. */
export type Amounts = ReadonlyMap<string, Decimal>;

/** The sums of one day. */
interface DaySums {
  readonly total: Decimal;
  /** By {@link pairOf}. */
  readonly pairs: Amounts;
  /** By tag key, then {@link pairOf} of value (empty: none) and service. */
  readonly tags: Map<string, Amounts>;
}

const known = new WeakMap<readonly FocusRow[], DaySums>();

/** Two names as one. */
export function pairOf(one: string, other: string): string {
  return `${one}\t${other}`;
}

function addTo(sums: Map<string, Decimal>, name: string, amount: Decimal): void {
  sums.set(name, (sums.get(name) ?? ZERO).plus(amount));
}

function sumsOf(version: Version, day: Day): DaySums | undefined {
  const rows = version.days.get(day);
  if (rows === undefined) return undefined;
  const before = known.get(rows);
  if (before !== undefined) return before;
  const pairs = new Map<string, Decimal>();
  let total = ZERO;
  for (const row of rows) {
    const amount = new Exact(row.BilledCost);
    total = total.plus(amount);
    addTo(pairs, pairOf(row.ServiceName, row.SubAccountId ?? row.BillingAccountId), amount);
  }
  const sums = { total, pairs, tags: new Map() };
  known.set(rows, sums);
  return sums;
}

function tagSums(version: Version, day: Day, key: string): Amounts | undefined {
  const sums = sumsOf(version, day);
  if (sums === undefined) return undefined;
  const before = sums.tags.get(key);
  if (before !== undefined) return before;
  const byValue = new Map<string, Decimal>();
  for (const row of version.days.get(day) ?? []) {
    addTo(byValue, pairOf(row.Tags[key] ?? '', row.ServiceName), new Exact(row.BilledCost));
  }
  sums.tags.set(key, byValue);
  return byValue;
}

function sumOver(days: readonly Day[], ofDay: (day: Day) => Amounts | undefined): Amounts {
  const sums = new Map<string, Decimal>();
  for (const day of days) for (const [name, amount] of ofDay(day) ?? []) addTo(sums, name, amount);
  return sums;
}

/** The cost of a day by (service, account); empty where it has none yet. */
export function costOfDay(version: Version, day: Day): Amounts {
  return sumsOf(version, day)?.pairs ?? new Map();
}

/** The cost of a day, all services and accounts. */
export function totalOfDay(version: Version, day: Day): Decimal {
  return sumsOf(version, day)?.total ?? ZERO;
}

/** The days that a figure sums up. */
export const periods = {
  total: (today: Day) => daysFrom(plusDays(today, -WINDOW_DAYS), today),
  monthToDate: (today: Day) => daysFrom(`${today.slice(0, 7)}-01`, plusDays(today, 1)),
  yesterday: (today: Day) => [plusDays(today, -1)],
} as const;

/** A figure by (service, account) that sums up days. */
export type PeriodName = keyof typeof periods;
export const PERIOD_NAMES = ['total', 'monthToDate', 'yesterday'] as const satisfies readonly PeriodName[];

/** What a period has cost, by (service, account). */
export function costOver(version: Version, period: PeriodName, today: Day): Amounts {
  return sumOver(periods[period](today), (day) => costOfDay(version, day));
}

/**
 * What the window has cost, by (value of a tag key, service); the value is empty where there is none.
 *
 * @param earlier - the bill of the months before that of today, where it is another.
 */
export function costByTag(version: Version, key: string, today: Day, earlier = version): Amounts {
  const month = today.slice(0, 7);
  return sumOver(periods.total(today), (day) => tagSums(day.startsWith(month) ? version : earlier, day, key));
}

/** AWS's forecast of the 30 days from today, as the simulator makes it: each day costs what its weekday did on average. */
export function forecastOf(version: Version, today: Day): Decimal {
  const learned = daysFrom(plusDays(today, -LEARN_DAYS), today);
  const weekday = (day: Day) => new Date(`${day}T00:00:00Z`).getUTCDay();
  const means = Array.from({ length: 7 }, (_, number) => {
    const days = learned.filter((day) => weekday(day) === number);
    return days.reduce((sum, day) => sum.plus(totalOfDay(version, day)), ZERO).div(days.length);
  });
  return daysFrom(today, plusDays(today, FORECAST_DAYS)).reduce(
    (sum, day) => sum.plus((means[weekday(day)] ?? ZERO).toDecimalPlaces(10)),
    ZERO,
  );
}

/** Whether a figure shown is the exact one, a float's last digits aside. */
export function isSame(shown: number, exact: Decimal): boolean {
  const difference = exact.minus(shown).abs();
  return difference.lte(exact.abs().times(1e-9).plus(1e-9));
}

/** Whether all figures of a table are the exact ones; what the bill does not have may be shown as 0. */
export function areSame(shown: ReadonlyMap<string, number>, exact: Amounts): boolean {
  for (const [name, amount] of exact) if (!isSame(shown.get(name) ?? 0, amount)) return false;
  for (const [name, amount] of shown) if (!exact.has(name) && amount !== 0) return false;
  return true;
}
