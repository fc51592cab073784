import type { ChangeRules } from '../config.ts';
import { type Day, dayOf, daysIn, startOf } from './periods.ts';

/** What the one who sees the bill move knows; undefined where it cannot tell. */
export interface BillSeen {
  /** When the bill was last seen moved, in milliseconds since the epoch; undefined: never since it is looked at. */
  readonly movedAt: number | undefined;
  /** By day: since when it has been seen not to move, in milliseconds since the epoch; absent: days are not told apart. */
  readonly standsSince?: ReadonlyMap<Day, number> | undefined;
}

/** Some days of which something was bought; `end` is exclusive, `at` in milliseconds since the epoch. */
export interface BoughtDays {
  readonly start: Day;
  readonly end: Day;
  readonly at: number;
}

/** When something was bought, and how often it may be. Times are milliseconds (since the epoch). */
export interface Bought {
  readonly at: number;
  readonly intervalMs: number;
  readonly newDay: 'at once' | 'with the next change';
  /** The days that it is about, where the others do not matter, and when each was bought. Absent: the bill as a whole. */
  readonly days?: readonly BoughtDays[] | undefined;
}

/**
 * Whether figures that change only with the bill still stand, so that buying them again is held back: the bill has not moved
 * since they were bought, or it has and they were bought less than MIN_CHANGE_INTERVAL ago. Never over a whole UTC day, and
 * never for longer than MAX_SNAPSHOT_AGE. Of figures about some days a change of others is none.
 *
 * @param bill - undefined: nobody can tell whether it has moved, so it may have.
 */
export function stillStands(
  rules: ChangeRules,
  bill: BillSeen | undefined,
  bought: Bought,
  now: number,
): boolean {
  const { at, intervalMs, newDay, days = [] } = bought;
  if (!rules.detect || at > now) return false;
  if ([bought, ...days].some((part) => endsBeforeNext(rules, part.at, intervalMs, now))) return false;
  const age = now - at;
  // A tick that comes a little early must not wait for the next one.
  const early = EARLY_SHARE * intervalMs;
  const moved = bill === undefined || hasMoved(bill, bought, dayOf(now));
  const due = moved && age >= rules.minIntervalMs - early;
  const today = dayOf(now);
  if (dayOf(at) === today) return !due;
  if (newDay === 'at once' || due) return false;
  // The day's own purchase waits for the next change, but not for longer than a change would have to.
  const latest = Math.min(rules.minIntervalMs, LATEST_IN_DAY_MS);
  return now < startOf(today) + latest - early;
}

/**
 * Whether what was bought of some days, once, is what the bill says of them: somebody looks at the bill and has not seen them
 * move since, and it does not get older than MAX_SNAPSHOT_AGE before the next tick.
 */
export function isStillTrue(
  rules: ChangeRules,
  bill: BillSeen | undefined,
  days: BoughtDays,
  intervalMs: number,
  now: number,
): boolean {
  const young = days.at <= now && !endsBeforeNext(rules, days.at, intervalMs, now);
  return rules.detect && young && bill?.standsSince !== undefined && stoodStill(bill.standsSince, days);
}

/**
 * Whether what was bought gets older than MAX_SNAPSHOT_AGE well before the next tick. What does so only just before it is bought
 * between the two ticks (`Freshness.latestAt`): else a day's purchase would come an interval earlier each day, just before the
 * change that it could have had.
 */
export function endsBeforeNext(
  { maxAgeMs }: Pick<ChangeRules, 'maxAgeMs'>,
  at: number,
  intervalMs: number,
  now: number,
): boolean {
  return now - at + (1 - EARLY_SHARE) * intervalMs > maxAgeMs;
}

function hasMoved({ movedAt, standsSince }: BillSeen, { at, days }: Bought, today: Day): boolean {
  const any = movedAt !== undefined && movedAt > at;
  if (days === undefined || standsSince === undefined) return any;
  // On a new day what is not bought yet is concerned too.
  const first = any && dayOf(at) !== today && movedAt >= startOf(today);
  // A day that has left what is looked at has left the window too: it matters no more.
  const [seenFrom = ''] = [...standsSince.keys()].toSorted();
  return first || days.some((part) => !stoodStill(standsSince, from(seenFrom, part)));
}

function from(first: Day, days: BoughtDays): BoughtDays {
  return days.start < first ? { ...days, start: first } : days;
}

/** A day that nobody looks at may have moved. */
function stoodStill(standsSince: ReadonlyMap<Day, number>, { start, end, at }: BoughtDays): boolean {
  return daysIn(start, end).every((day) => (standsSince.get(day) ?? Number.POSITIVE_INFINITY) <= at);
}

/** Share of an interval by which a tick may come early. */
const EARLY_SHARE = 0.1;
/** How far into a UTC day its purchase may wait, in milliseconds, however long MIN_CHANGE_INTERVAL is. */
const LATEST_IN_DAY_MS = 12 * 3_600_000;
