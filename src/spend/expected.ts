import type { Purchases } from '../collection/capability.ts';
import { stillStands } from '../collection/changes.ts';
import { dayOf, startOf } from '../collection/periods.ts';
import type { ChangeRules } from '../config.ts';

/** How often AWS refreshes a bill at most, in milliseconds: three times a day. Source: Cost Explorer's documentation. */
export const REFRESH_MS = 8 * 3_600_000;
/** When in the UTC day the first refresh is assumed, in milliseconds. */
const REFRESH_PHASE_MS = 3 * 3_600_000;

/** One collector of one target, as far as it matters for what it buys. */
export interface PlannedCollector {
  readonly collector: string;
  readonly target: string;
  readonly intervalMs: number;
  readonly newDay: 'at once' | 'with the next change' | undefined;
  /** Whether it is the one that sees the bill move. */
  readonly seesBill: boolean;
  readonly purchases: Purchases;
}

/** What a collector is expected to do in some time. */
export interface Expectation {
  /** Collections that ask AWS for something. */
  readonly collections: number;
  readonly pages: number;
}

/**
 * What a collector buys at its ticks in [from, to), by the very rules that hold it back, for a bill that AWS refreshes
 * three times a day. Times are milliseconds since the epoch.
 *
 * @param lookedAtEvery - how often the bill is looked at, in milliseconds; undefined: by nobody.
 * @param since - when the collector last bought; undefined: it has not yet.
 */
export function expected(
  collector: PlannedCollector,
  changes: ChangeRules,
  lookedAtEvery: number | undefined,
  { from, to, since }: { from: number; to: number; since?: number | undefined },
): Expectation {
  const { intervalMs, newDay, purchases } = collector;
  let last = since;
  let wholeAt = since;
  let collections = 0;
  let pages = 0;
  for (let now = from; now < to; now += intervalMs) {
    if (newDay !== undefined && last !== undefined) {
      const bill = lookedAtEvery === undefined ? undefined : { movedAt: seenAt(now, lookedAtEvery) };
      if (stillStands(changes, bill, { at: last, intervalMs, newDay }, now)) continue;
    }
    const firstOfDay = last === undefined || dayOf(last) !== dayOf(now);
    let part: number | undefined;
    if (newDay !== undefined) part = followed(collector, changes, lookedAtEvery, firstOfDay);
    else if (last !== undefined) part = probed(collector, changes, now, wholeAt ?? last, firstOfDay);
    if (part === undefined) wholeAt = now;
    pages += (part ?? purchases.pages) + (firstOfDay ? purchases.daily : 0);
    collections += 1;
    last = now;
  }
  return { collections, pages };
}

/** Pages that a follower of the bill buys again within a UTC day; undefined where it buys all. */
function followed(
  { purchases }: PlannedCollector,
  { detect }: ChangeRules,
  lookedAtEvery: number | undefined,
  firstOfDay: boolean,
): number | undefined {
  return detect && lookedAtEvery !== undefined && !firstOfDay ? purchases.afterChange : undefined;
}

/** Pages of a collection that begins with a probe; undefined where all is bought. */
function probed(
  { intervalMs, seesBill, purchases }: PlannedCollector,
  { detect, maxAgeMs }: ChangeRules,
  now: number,
  wholeAt: number,
  firstOfDay: boolean,
): number | undefined {
  const { probe, afterChange = purchases.pages } = purchases;
  if (!seesBill || !detect || probe === undefined || now + intervalMs > wholeAt + maxAgeMs) return undefined;
  const moved = lastRefresh(now) > now - intervalMs;
  // A new day has rows of its own, whether or not the others have moved.
  return probe + (moved ? afterChange : firstOfDay ? 1 : 0);
}

/** The last refresh of the bill at or before an instant. */
function lastRefresh(now: number): number {
  const first = startOf(dayOf(now)) + REFRESH_PHASE_MS;
  return first + Math.floor((now - first) / REFRESH_MS) * REFRESH_MS;
}

/** When whoever looks at the bill has last seen it moved by `now`. */
function seenAt(now: number, lookedAtEvery: number): number {
  const look = Math.floor(now / lookedAtEvery) * lookedAtEvery;
  return Math.ceil(lastRefresh(look) / lookedAtEvery) * lookedAtEvery;
}
