import { sumOf } from '../../src/collection/money.ts';
import type { Day } from '../../src/collection/periods.ts';
import { sameDays } from './changed.ts';
import { type Bill, type CostData, PROBE_METRICS, type ProbeEntry } from './model.ts';
import { type Probe, type ProbedDay, sameAmounts } from './probe.ts';

const METRICS: readonly string[] = PROBE_METRICS;

/** What a probe says of the kept days. */
export interface Verdict {
  /** The days to be bought anew, ascending. */
  readonly toBuy: readonly Day[];
  /** The days of which AWS's own totals have moved, in any metric. */
  readonly moved: readonly Day[];
}

/**
 * Compares a probe with what is kept: with the kept probe day by day, and where there is none, with the sum of the rows.
 *
 * @param days - the days asked for, ascending.
 * @param metric - the metric of the kept rows.
 */
export function compare(
  days: readonly Day[],
  today: Day,
  kept: CostData,
  probe: Probe,
  metric: string,
): Verdict {
  const rows = new Map(kept.days.map((day) => [day.date, day]));
  const entries = entriesOf(kept);
  const moved: Day[] = [];
  const toBuy = days.filter((date) => {
    const [now, before, day] = [probe.days.get(date), entries.get(date), rows.get(date)];
    const differs = before !== undefined && now !== undefined && !sameAmounts(before.amounts, now.amounts);
    if (differs) moved.push(date);
    if (differs || before?.settled === false || (day === undefined && date !== today)) return true;
    // Today comes or goes.
    if (now === undefined || (day === undefined && before === undefined)) return (now ?? day) !== undefined;
    return before === undefined && !tallies(day, now, metric);
  });
  return { toBuy, moved };
}

/**
 * Since when each day of a bill has not been seen to move. A day that was not kept before has been seen for the first time:
 * what it was until then nobody can tell.
 *
 * @param moved - days that have moved since `kept`, by the probe or by their rows.
 * @param at - start of the collection that brought the bill.
 */
export function standsSince(
  kept: CostData | undefined,
  bill: Bill,
  moved: readonly Day[],
  at: string,
): CostData['standsSince'] {
  const anew = new Set(moved);
  return Object.fromEntries(
    bill.days.map(({ date }) => [date, anew.has(date) ? at : (kept?.standsSince[date] ?? at)]),
  );
}

/** Whether a probe that found nothing moved has nothing else to tell: no day to be kept for the first time, no other flag. */
export function tellsNothing(probe: Probe, kept: CostData): boolean {
  const entries = entriesOf(kept);
  return (
    [...probe.days.keys()].every((date) => entries.has(date)) &&
    kept.days.every(({ date, estimated }) => (probe.days.get(date)?.estimated ?? estimated) === estimated)
  );
}

/**
 * What is kept of a probe after days were bought.
 *
 * The bill may have moved between the probe and the pages: an entry is settled only where the rows add up to it, else the
 * day is bought again after the next probe. Where they twice do not, though neither side moves, AWS itself adds up otherwise.
 *
 * @param bought - the days that were bought after this probe.
 */
export function entriesAfter(
  probe: Probe,
  bought: ReadonlySet<Day>,
  kept: CostData,
  bill: Bill,
  metric: string,
): ProbeEntry[] {
  const before = entriesOf(kept);
  const rows = new Map(bill.days.map((day) => [day.date, day]));
  const isSameDay = sameDays(kept, bill);
  return [...probe.days].map(([date, now]) => {
    const entry = before.get(date);
    const twice = entry?.settled === false && sameAmounts(entry.amounts, now.amounts) && isSameDay(date);
    const settled = !bought.has(date) || twice || tallies(rows.get(date), now, metric);
    return { date, amounts: [...now.amounts], settled };
  });
}

/** What of the kept probe still holds after a purchase without one: the entries of days whose rows are the same. */
export function entriesThatHold(kept: CostData, bill: Bill): ProbeEntry[] {
  const dates = new Set(bill.days.map(({ date }) => date));
  const isSameDay = sameDays(kept, bill);
  return kept.probe.filter(({ date }) => dates.has(date) && isSameDay(date));
}

function entriesOf({ probe }: CostData): ReadonlyMap<Day, ProbeEntry> {
  return new Map(probe.map((entry) => [entry.date, entry]));
}

/** Whether a day's rows add up to the probe's amount of their metric, but for the rounding of single rows. */
function tallies(day: Bill['days'][number] | undefined, { amounts }: ProbedDay, metric: string): boolean {
  const total = Number(amounts[METRICS.indexOf(metric)]);
  const sum = sumOf(day?.costs ?? []);
  return Math.abs(total - sum) <= Math.max(1e-6, 1e-9 * Math.abs(total));
}
