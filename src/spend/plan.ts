import { dayOf, startOf } from '../collection/periods.ts';
import type { CollectorState } from '../collection/state.ts';
import type { ChangeRules } from '../config.ts';
import { buysParts, type DayOfKinds, type PlannedCollector, pagesIn, rhythmOf } from './expected.ts';
import { lookedAtEvery, plannedOf } from './set-aside.ts';

/** Days over which a plan is made: a month. */
export const PLAN_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * Where page counts are from: the kept snapshot, one of another configuration that a restart has found (`former`), or nowhere.
 */
export const PAGES_FROM = ['snapshot', 'former', 'assumed'] as const;
export type PagesFrom = (typeof PAGES_FROM)[number];

/** Paid pages in a UTC day. */
export interface PagesPerDay {
  /** As configured. */
  readonly configured: number;
  readonly withDetection: number;
  readonly withoutDetection: number;
}

/** What one collector of one target is expected to buy. */
export interface PlanRow {
  readonly target: string;
  readonly collector: string;
  /** Time between two ticks, in milliseconds. */
  readonly intervalMs: number;
  /** Pages of a whole collection. */
  readonly pages: number;
  /** Pages that are bought once in a UTC day beside that. */
  readonly daily: number;
  readonly pagesFrom: PagesFrom;
  /** On average, once the first day is over. */
  readonly perDay: PagesPerDay;
  /** On each day: the first, which begins with nothing, and PLAN_DAYS more. */
  readonly days: readonly PagesPerDay[];
}

/**
 * What the collectors are expected to buy in a first day and a month after it, by the rules that hold purchases back and for
 * a bill that AWS refreshes three times a day.
 *
 * @param assumedPages - pages of a query that is not known yet; default 1.
 */
export function planOf(
  states: readonly CollectorState[],
  changes: ChangeRules,
  now: number,
  assumedPages = 1,
): PlanRow[] {
  const rhythms = new Rhythms(now);
  return states.flatMap((state) => {
    const planned = plannedOf(state, assumedPages);
    if (planned === undefined) return [];
    const look = lookedAtEvery(states, state.target.name);
    const inDays = (detect: boolean) =>
      rhythms.of(planned, { ...changes, detect }, look).map((day) => pagesIn(day, planned.purchases));
    const without = inDays(false);
    const days = inDays(true).map((withDetection, day): PagesPerDay => {
      const withoutDetection = without[day] ?? 0;
      const configured = changes.detect ? withDetection : withoutDetection;
      return { configured, withDetection, withoutDetection };
    });
    const { pages, daily } = planned.purchases;
    return {
      target: state.target.name,
      collector: state.capability.name,
      intervalMs: state.capability.intervalMs,
      pages,
      daily,
      pagesFrom: pagesFromOf(state),
      perDay: each((key) => days.slice(1).reduce((sum, day) => sum + day[key], 0) / PLAN_DAYS),
      days,
    };
  });
}

/** Pages a day on average, of all rows or of one target's. */
export function perDayOf(rows: readonly PlanRow[], target?: string): PagesPerDay {
  const chosen = rows.filter((row) => target === undefined || row.target === target);
  return each((key) => chosen.reduce((sum, { perDay }) => sum + perDay[key], 0));
}

/** Pages of the day with most, of all rows together or of one target's. */
export function peakOf(rows: readonly PlanRow[], target?: string): PagesPerDay {
  const chosen = rows.filter((row) => target === undefined || row.target === target);
  const sumOn = (day: number, key: keyof PagesPerDay) =>
    chosen.reduce((sum, { days }) => sum + (days[day]?.[key] ?? 0), 0);
  return each((key) => Math.max(0, ...Array.from({ length: PLAN_DAYS + 1 }, (_, day) => sumOn(day, key))));
}

function each(figure: (key: keyof PagesPerDay) => number): PagesPerDay {
  return {
    configured: figure('configured'),
    withDetection: figure('withDetection'),
    withoutDetection: figure('withoutDetection'),
  };
}

function pagesFromOf({ kept, former }: CollectorState): PagesFrom {
  if (kept !== undefined) return 'snapshot';
  return former === undefined ? 'assumed' : 'former';
}

/** When what is bought, from the midnight before an instant on: found once for all that have the same times. */
class Rhythms {
  readonly #span: { readonly from: number; readonly to: number };
  readonly #known = new Map<string, readonly DayOfKinds[]>();

  constructor(now: number) {
    const from = startOf(dayOf(now));
    this.#span = { from, to: from + (PLAN_DAYS + 1) * DAY_MS };
  }

  of(planned: PlannedCollector, changes: ChangeRules, look: number | undefined): readonly DayOfKinds[] {
    const { intervalMs, newDay, seesBill, purchases } = planned;
    const key = JSON.stringify([
      intervalMs,
      newDay,
      seesBill,
      purchases.probe,
      buysParts(planned),
      changes,
      look,
    ]);
    const rhythm = this.#known.get(key) ?? rhythmOf(planned, changes, look, this.#span);
    this.#known.set(key, rhythm);
    return rhythm;
  }
}
