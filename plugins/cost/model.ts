import { type Static, Type } from '@sinclair/typebox';
import { sumOf } from '../../src/collection/money.ts';
import { addDays, type Day, daysIn, firstOfMonth } from '../../src/collection/periods.ts';

/** Version of `CostData`. */
export const COST_SCHEMA = 3;

/** The metrics that tell whether a bill has moved: all that there are, since several cost no more than one. */
export const PROBE_METRICS = [
  'AmortizedCost',
  'BlendedCost',
  'NetAmortizedCost',
  'NetUnblendedCost',
  'NormalizedUsageAmount',
  'UnblendedCost',
  'UsageQuantity',
] as const;

/** Daily cost by service and linked account, in the bill's currency. */
export const Bill = Type.Object({
  /** As AWS says it; null where the bill has no row. */
  currency: Type.Union([Type.String(), Type.Null()]),
  services: Type.Array(Type.String()),
  accounts: Type.Array(Type.Object({ id: Type.String(), name: Type.Union([Type.String(), Type.Null()]) })),
  /** Every (service, account) that AWS listed on any day, as indices into `services` and `accounts`. */
  pairs: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()])),
  /** The days that the answer covers, ascending; `costs[i]` belongs to the pair numbered `pairs[i]`. */
  days: Type.Array(
    Type.Object({
      date: Type.String(),
      estimated: Type.Boolean(),
      pairs: Type.Array(Type.Integer()),
      costs: Type.Array(Type.Number()),
    }),
  ),
});

export type Bill = Static<typeof Bill>;

/** What the last probe said of a day whose rows are kept. */
export const ProbeEntry = Type.Object({
  date: Type.String(),
  /** As AWS spells them, in the order of `PROBE_METRICS`. */
  amounts: Type.Array(Type.String(), { minItems: PROBE_METRICS.length, maxItems: PROBE_METRICS.length }),
  /** Whether the rows are known to be those behind the amounts: else the day is bought again. */
  settled: Type.Boolean(),
});

export type ProbeEntry = Static<typeof ProbeEntry>;

/** What a cost collection keeps. */
export const CostData = Type.Object({
  ...Bill.properties,
  /** Start of the collection that last saw the bill moved, ISO 8601 UTC; null before the first time. */
  movedAt: Type.Union([Type.String(), Type.Null()]),
  /** By day: start of the collection that last saw it moved, or else was the first to see it; ISO 8601 UTC. */
  standsSince: Type.Record(Type.String(), Type.String()),
  /** Start of the last collection that bought every day, ISO 8601 UTC. */
  boughtAt: Type.String(),
  /** Pages that it had. */
  pages: Type.Integer({ minimum: 1 }),
  /** The last probe by day; empty where there was none. A day without an entry is compared with its rows. */
  probe: Type.Array(ProbeEntry),
});

export type CostData = Static<typeof CostData>;

/** The settings behind the cost figures. */
export interface CostSettings {
  readonly metric: string;
  /** Complete days in the window. */
  readonly windowDays: number;
  /** Days of `aws_cost_daily` beside today; 0: none. */
  readonly dailyDays: number;
  /** How many days before today the settled day lies. */
  readonly settledDays: number;
}

/** The figures by pair, each an amount per group of `groupOf`; undefined where its period is not covered. */
export interface PeriodFigures {
  readonly window: readonly number[] | undefined;
  readonly monthToDate: readonly number[] | undefined;
  readonly lastCompleteDay: readonly number[] | undefined;
  readonly settledDay: readonly number[] | undefined;
  readonly trailingWeek: readonly number[] | undefined;
  readonly precedingWeek: readonly number[] | undefined;
  readonly weekMedian: readonly number[] | undefined;
}

/** The periods of the figures on a day; ends are exclusive. */
export function periodsOn(today: Day, settings: CostSettings) {
  const settled = addDays(today, -settings.settledDays);
  return {
    window: { start: addDays(today, -settings.windowDays), end: today },
    monthToDate: { start: firstOfMonth(today), end: addDays(today, 1) },
    lastCompleteDay: { start: addDays(today, -1), end: today },
    settledDay: { start: settled, end: addDays(settled, 1) },
    trailingWeek: { start: addDays(today, -7), end: today },
    precedingWeek: { start: addDays(today, -14), end: addDays(today, -7) },
    weekMedian: { start: addDays(settled, -7), end: settled },
    daily: { start: addDays(today, -settings.dailyDays), end: addDays(today, 1) },
  };
}

/** Cost rows grouped for display: each pair belongs to a group, or to none (-1: left out). */
export interface Grouping {
  readonly groupOf: readonly number[];
  readonly count: number;
}

/** One group for each pair. */
export function everyPair({ pairs }: Bill): Grouping {
  return { groupOf: pairs.map((_, index) => index), count: pairs.length };
}

/**
 * The figures on a day.
 *
 * A sum with a complete day that the rows do not cover is undefined, not smaller. Today alone may be missing, unless an
 * attempt of today has already failed to bring it (`overdue`).
 */
export function figuresOn(
  today: Day,
  data: CostData,
  grouping: Grouping,
  settings: CostSettings,
  overdue: boolean,
): PeriodFigures {
  const days = new Map(data.days.map((day) => [day.date, day]));
  const periods = periodsOn(today, settings);
  const daysOf = ({ start, end }: { start: Day; end: Day }) => {
    const asked = daysIn(start, end);
    const covered = asked.every((day) => days.has(day) || (day === today && !overdue));
    return covered ? asked.flatMap((day) => days.get(day) ?? []) : undefined;
  };
  const total = (period: { start: Day; end: Day }) => {
    const rows = daysOf(period);
    return rows && sumByGroup(rows, grouping);
  };
  const medianDays = daysOf(periods.weekMedian);
  return {
    window: total(periods.window),
    monthToDate: total(periods.monthToDate),
    lastCompleteDay: total(periods.lastCompleteDay),
    settledDay: total(periods.settledDay),
    trailingWeek: total(periods.trailingWeek),
    precedingWeek: total(periods.precedingWeek),
    weekMedian: medianDays && medianByGroup(medianDays, grouping),
  };
}

/** The compensated sum of some days' rows for each group, as by `Sum`; 0 where it has none. */
export function sumByGroup(
  days: readonly CostData['days'][number][],
  { groupOf, count }: Grouping,
): number[] {
  const sums = new Float64Array(count);
  const compensations = new Float64Array(count);
  for (const { pairs, costs } of days) {
    for (let index = 0; index < pairs.length; index++) {
      const group = groupOf[pairs[index]!]!;
      if (!(group >= 0)) continue;
      const before = sums[group]!;
      const amount = costs[index]!;
      const sum = before + amount;
      compensations[group]! +=
        Math.abs(before) >= Math.abs(amount) ? before - sum + amount : amount - sum + before;
      sums[group] = sum;
    }
  }
  // Adding 0 turns a negative zero into a plain one.
  return Array.from(sums, (sum, group) => sum + compensations[group]! + 0);
}

function medianByGroup(days: readonly CostData['days'][number][], grouping: Grouping): number[] {
  const byDay = days.map((day) => sumByGroup([day], grouping));
  const values = new Float64Array(byDay.length);
  return Array.from({ length: grouping.count }, (_, group) => {
    for (let day = 0; day < values.length; day++) values[day] = byDay[day]![group]!;
    return medianOfSorted(values.sort());
  });
}

/** The middle of some values; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  return medianOfSorted(values.toSorted((one, other) => one - other));
}

function medianOfSorted(sorted: ArrayLike<number>): number {
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? 0, sorted[Math.floor(middle)] ?? 0];
  return low === high ? low : (low + high) / 2;
}

/** The cost of each day, all services and accounts. */
export function dailyTotals(data: CostData): { date: Day; cost: number; estimated: boolean }[] {
  return data.days.map(({ date, estimated, costs }) => ({ date, cost: sumOf(costs), estimated }));
}
