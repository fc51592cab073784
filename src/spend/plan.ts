import type { CollectorState } from '../collection/state.ts';
import type { ChangeRules } from '../config.ts';
import { expected } from './expected.ts';
import { lookedAtEvery, plannedOf } from './set-aside.ts';

/** Days over which a plan is made: a month. */
export const PLAN_DAYS = 30;
const DAY_MS = 86_400_000;

/** Paid pages in a UTC day, on average over a month. */
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
  /** Whether that is known from a kept snapshot, not assumed. */
  readonly known: boolean;
  readonly perDay: PagesPerDay;
}

/**
 * What the collectors are expected to buy in a month, by the rules that hold purchases back and for a bill that AWS
 * refreshes three times a day.
 *
 * @param assumedPages - pages of a query that is not known yet; default 1.
 */
export function planOf(
  states: readonly CollectorState[],
  changes: ChangeRules,
  now: number,
  assumedPages = 1,
): PlanRow[] {
  return states.flatMap((state) => {
    const known = state.kept !== undefined;
    const planned = plannedOf(state, assumedPages);
    if (planned === undefined) return [];
    const look = lookedAtEvery(states, state.target.name);
    const perDay = (detect: boolean) => {
      const period = { from: now + DAY_MS, to: now + (PLAN_DAYS + 1) * DAY_MS, since: now };
      return expected(planned, { ...changes, detect }, look, period).pages / PLAN_DAYS;
    };
    const withDetection = perDay(true);
    const withoutDetection = perDay(false);
    return {
      target: state.target.name,
      collector: state.capability.name,
      intervalMs: state.capability.intervalMs,
      pages: planned.purchases.pages,
      known,
      perDay: {
        configured: changes.detect ? withDetection : withoutDetection,
        withDetection,
        withoutDetection,
      },
    };
  });
}

/** Pages a day of all rows, or of one target's. */
export function perDayOf(rows: readonly PlanRow[], target?: string): PagesPerDay {
  const chosen = rows.filter((row) => target === undefined || row.target === target);
  const sum = (key: keyof PagesPerDay) => chosen.reduce((total, { perDay }) => total + perDay[key], 0);
  return {
    configured: sum('configured'),
    withDetection: sum('withDetection'),
    withoutDetection: sum('withoutDetection'),
  };
}
