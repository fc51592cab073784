import { addDays, dayOf, startOf } from '../collection/periods.ts';
import type { CollectorState } from '../collection/state.ts';
import type { ChangeRules } from '../config.ts';
import { expected, type PlannedCollector } from './expected.ts';
import type { Buyer } from './ledger.ts';

/**
 * A collector as the plan sees it; undefined where it buys nothing. Where nothing is kept, a snapshot of another configuration
 * tells best how many pages a query has.
 *
 * @param assumedPages - pages of a query of which no snapshot tells how many it has.
 */
export function plannedOf(
  { capability, target, kept, former }: CollectorState,
  assumedPages = 1,
): PlannedCollector | undefined {
  const purchases = capability.purchases?.(target, kept?.snapshot ?? former, assumedPages);
  if (purchases === undefined) return undefined;
  return {
    collector: capability.name,
    target: target.name,
    intervalMs: capability.intervalMs,
    newDay: capability.newDay,
    seesBill: capability.movedAt !== undefined,
    purchases,
  };
}

/** How often the bill of a target is looked at, in milliseconds; undefined: by nobody. */
export function lookedAtEvery(states: readonly CollectorState[], target: string): number | undefined {
  return states.find(
    ({ capability, target: { name } }) => name === target && capability.movedAt !== undefined,
  )?.capability.intervalMs;
}

/** Causes that waiting does not mend: nothing is set aside for who has one. */
const FOR_GOOD = ['access_denied', 'not_enabled', 'wrong_account'];

/**
 * Pages that the rest of the UTC day still needs of the collectors that come before a buyer: cost first, then forecast,
 * tags, optimization. Of all targets, and of the buyer's own.
 *
 * @param states - in the canonical order of the capabilities.
 */
export function setAsideFor(
  buyer: Buyer,
  states: readonly CollectorState[],
  changes: ChangeRules,
  now: number,
): { all: number; ofTarget: number } {
  const own = states.findIndex(({ capability }) => capability.name === buyer.collector);
  const to = startOf(addDays(dayOf(now), 1));
  let all = 0;
  let ofTarget = 0;
  for (const state of states.slice(0, Math.max(0, own))) {
    if (FOR_GOOD.includes(state.cause?.code ?? '')) continue;
    const planned = plannedOf(state);
    if (planned === undefined) continue;
    const from = Math.max(now, state.nextRun ?? now);
    const since = state.kept && Date.parse(state.kept.snapshot.collectedAt);
    const look = lookedAtEvery(states, state.target.name);
    const { pages } = expected(planned, changes, look, { from, to, since });
    all += pages;
    if (state.target.name === buyer.target) ofTarget += pages;
  }
  return { all, ofTarget };
}
