import type { Purchases } from '../collection/capability.ts';
import { stillStands } from '../collection/changes.ts';
import { dayOf } from '../collection/periods.ts';
import type { ChangeRules } from '../config.ts';

/** How often AWS refreshes a bill at most, in milliseconds: three times a day. Source: Cost Explorer's documentation. */
export const REFRESH_MS = 8 * 3_600_000;
/** When in the UTC day the first refresh is assumed, in milliseconds. */
const REFRESH_PHASE_MS = 3 * 3_600_000;
const DAY_MS = 86_400_000;

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

/** Times are milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** When the collector last bought; undefined: it has not yet. */
  readonly since?: number | undefined;
}

/**
 * What a collector buys at its ticks in [from, to), by the very rules that hold it back, for a bill that AWS refreshes
 * three times a day.
 *
 * @param lookedAtEvery - how often the bill is looked at, in milliseconds; undefined: by nobody.
 */
export function expected(
  collector: PlannedCollector,
  changes: ChangeRules,
  lookedAtEvery: number | undefined,
  span: Span,
): Expectation {
  let collections = 0;
  let pages = 0;
  for (const day of rhythmOf(collector, changes, lookedAtEvery, span)) {
    collections += KINDS.reduce((sum, kind) => sum + day[kind], 0);
    pages += pagesIn(day, collector.purchases);
  }
  return { collections, pages };
}

/** What is bought in one collection. */
const KINDS = ['whole', 'change', 'probe', 'probe and change', 'probe and new day'] as const;
type Kind = (typeof KINDS)[number];

/** How many collections of each kind there are in one UTC day; `first`: the first purchase of the day is among them. */
export type DayOfKinds = Record<Kind | 'first', number>;

/** Pages of such a day. */
export function pagesIn(
  day: DayOfKinds,
  { pages, daily, probe = 0, afterChange = pages }: Purchases,
): number {
  return (
    day.whole * pages +
    (day.change + day['probe and change']) * afterChange +
    (day.probe + day['probe and change'] + day['probe and new day']) * probe +
    // A new day has rows of its own, whether or not the others have moved.
    day['probe and new day'] +
    day.first * daily
  );
}

/**
 * The same by UTC day, and without page counts: when what is bought depends on times alone. The first day is that of
 * `from`. No tick is looked at that must do as the one before it.
 */
export function rhythmOf(
  collector: PlannedCollector,
  changes: ChangeRules,
  lookedAtEvery: number | undefined,
  { from, to, since }: Span,
): DayOfKinds[] {
  const { intervalMs, newDay } = collector;
  const inParts = buysParts(collector);
  const midnight = Math.floor(from / DAY_MS) * DAY_MS;
  const days = Array.from({ length: Math.max(0, Math.ceil((to - midnight) / DAY_MS)) }, emptyDay);
  let last = since;
  let wholeAt = since;
  let before: { readonly kind: Kind; readonly turn: number } | undefined;
  for (let now = from; now < to; now += intervalMs) {
    // What a change leaves alone is bought anew with the day, or before it gets too old.
    const parts = inParts && wholeAt !== undefined ? [{ start: '', end: '', at: wholeAt }] : [];
    const old = parts.map((part) => part.at + changes.maxAgeMs - 0.9 * intervalMs).filter((end) => end > now);
    const turn = Math.min(to, ...old, nextTurn(collector, changes, lookedAtEvery, now));
    const at = last;
    if (newDay !== undefined && at !== undefined) {
      const bill = lookedAtEvery === undefined ? undefined : { movedAt: seenAt(now, lookedAtEvery) };
      const bought = { at, intervalMs, newDay, days: parts };
      const stands = (tick: number) => stillStands(changes, bill, bought, tick);
      if (stands(now)) {
        now = lastTick(now, turn, intervalMs, stands);
        continue;
      }
    }
    const firstOfDay = last === undefined || dayOf(last) !== dayOf(now);
    let part: Kind | undefined;
    if (newDay !== undefined) part = followed(changes, lookedAtEvery, firstOfDay);
    else if (last !== undefined) part = probed(collector, changes, now, wholeAt ?? last, firstOfDay);
    const kind = part ?? 'whole';
    const day = days[Math.floor((now - midnight) / DAY_MS)] ?? emptyDay();
    day[kind] += 1;
    if (firstOfDay) day.first += 1;
    if (last !== undefined && before?.kind === kind && before.turn === turn) {
      // Twice the same, and nothing turns: on it goes at this pace.
      const isProbe = newDay === undefined && part !== undefined;
      const end = isProbe ? Math.min(turn, lastProbe(collector, changes, wholeAt ?? last) + 1) : turn;
      const again = Math.max(0, Math.ceil((end - now) / (now - last)) - 1);
      day[kind] += again;
      now += again * (now - last);
    }
    before = { kind, turn };
    last = now;
    if (part === undefined || (newDay !== undefined && !inParts)) wholeAt = now;
  }
  return days;
}

/** Whether a follower of the bill buys only a part of its figures after a change. */
export function buysParts({ newDay, purchases: { pages, afterChange = pages } }: PlannedCollector): boolean {
  return newDay !== undefined && afterChange < pages;
}

function emptyDay(): DayOfKinds {
  return { whole: 0, change: 0, probe: 0, 'probe and change': 0, 'probe and new day': 0, first: 0 };
}

/** What a follower of the bill buys again within a UTC day; undefined where it buys all. */
function followed(
  { detect }: ChangeRules,
  lookedAtEvery: number | undefined,
  firstOfDay: boolean,
): Kind | undefined {
  return detect && lookedAtEvery !== undefined && !firstOfDay ? 'change' : undefined;
}

/** What a collection buys that begins with a probe; undefined where it buys all. */
function probed(
  collector: PlannedCollector,
  changes: ChangeRules,
  now: number,
  wholeAt: number,
  firstOfDay: boolean,
): Kind | undefined {
  if (!probes(collector, changes) || now > lastProbe(collector, changes, wholeAt)) return undefined;
  if (lastRefresh(now) > now - collector.intervalMs) return 'probe and change';
  return firstOfDay ? 'probe and new day' : 'probe';
}

function probes({ seesBill, purchases }: PlannedCollector, { detect }: ChangeRules): boolean {
  return seesBill && detect && purchases.probe !== undefined;
}

/** Until when a collection may begin with a probe: at the next tick the whole would be too old. */
function lastProbe({ intervalMs }: PlannedCollector, { maxAgeMs }: ChangeRules, wholeAt: number): number {
  return wholeAt + maxAgeMs - intervalMs;
}

/** The next instant after `now` at which the day, the bill, or what is seen of it becomes another. */
function nextTurn(
  collector: PlannedCollector,
  changes: ChangeRules,
  lookedAtEvery: number | undefined,
  now: number,
): number {
  const { intervalMs, newDay } = collector;
  let next = Math.floor(now / DAY_MS) * DAY_MS + DAY_MS;
  if (probes(collector, changes)) {
    const refresh = lastRefresh(now);
    next = Math.min(next, refresh + REFRESH_MS);
    if (refresh + intervalMs > now) next = Math.min(next, refresh + intervalMs);
  }
  if (newDay !== undefined && changes.detect && lookedAtEvery !== undefined) {
    const look = Math.floor(now / lookedAtEvery) * lookedAtEvery;
    next = Math.min(next, Math.ceil((lastRefresh(look) + REFRESH_MS) / lookedAtEvery) * lookedAtEvery);
  }
  return next;
}

/** The last tick before `end` at which figures stand, which they do at `now`: once they do not they do so no more. */
function lastTick(now: number, end: number, intervalMs: number, stands: (tick: number) => boolean): number {
  let yes = 0;
  let no = Math.ceil((end - now) / intervalMs);
  if (no > 1 && stands(now + (no - 1) * intervalMs)) yes = no - 1;
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (stands(now + middle * intervalMs)) yes = middle;
    else no = middle;
  }
  return now + yes * intervalMs;
}

/** The last refresh of the bill at or before an instant. */
function lastRefresh(now: number): number {
  return Math.floor((now - REFRESH_PHASE_MS) / REFRESH_MS) * REFRESH_MS + REFRESH_PHASE_MS;
}

/** When whoever looks at the bill has last seen it moved by `now`. */
function seenAt(now: number, lookedAtEvery: number): number {
  const look = Math.floor(now / lookedAtEvery) * lookedAtEvery;
  return Math.ceil(lastRefresh(look) / lookedAtEvery) * lookedAtEvery;
}
