import type { ChangeRules } from '../config.ts';
import { dayOf, startOf } from './periods.ts';

/** What the one who sees the bill move knows; undefined where it cannot tell. */
export interface BillSeen {
  /** When the bill was last seen moved, in milliseconds since the epoch; undefined: never since it is looked at. */
  readonly movedAt: number | undefined;
}

/** When something was bought, and how often it may be. Times are milliseconds (since the epoch). */
export interface Bought {
  readonly at: number;
  readonly intervalMs: number;
  readonly newDay: 'at once' | 'with the next change';
}

/**
 * Whether figures that change only with the bill still stand, so that buying them again is held back: the bill has not moved
 * since they were bought, or it has and they were bought less than MIN_CHANGE_INTERVAL ago. Never over a whole UTC day, and
 * never for longer than MAX_SNAPSHOT_AGE.
 *
 * @param bill - undefined: nobody can tell whether it has moved, so it may have.
 */
export function stillStands(
  rules: ChangeRules,
  bill: BillSeen | undefined,
  { at, intervalMs, newDay }: Bought,
  now: number,
): boolean {
  if (!rules.detect || at > now) return false;
  const age = now - at;
  if (age + intervalMs > rules.maxAgeMs) return false;
  // A tick that comes a little early must not wait for the next one.
  const early = EARLY_SHARE * intervalMs;
  const moved = bill === undefined || (bill.movedAt !== undefined && bill.movedAt > at);
  const due = moved && age >= rules.minIntervalMs - early;
  const today = dayOf(now);
  if (dayOf(at) === today) return !due;
  if (newDay === 'at once' || due) return false;
  // The day's own purchase waits for the next change, but not for longer than a change would have to.
  const latest = Math.min(rules.minIntervalMs, LATEST_IN_DAY_MS);
  return now < startOf(today) + latest - early;
}

/** Share of an interval by which a tick may come early. */
const EARLY_SHARE = 0.1;
/** How far into a UTC day its purchase may wait, in milliseconds, however long MIN_CHANGE_INTERVAL is. */
const LATEST_IN_DAY_MS = 12 * 3_600_000;
