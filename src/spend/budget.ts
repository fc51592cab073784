import { addDays, dayOf, startOf } from '../collection/periods.ts';
import { CollectionError } from '../errors.ts';
import { type Buyer, type DayPages, USD_PER_PAGE } from './ledger.ts';

/** What may be spent. All numbers are pages of one UTC day. */
export interface Budget {
  /** The whole exporter's, all replicas together. */
  readonly pages: number;
  /** A target's own; undefined: none. */
  ofTarget(target: string): number | undefined;
  /** What a purchase has to leave for what comes before it in the rest of the day: of all, and of its target. */
  setAside(buyer: Buyer): { readonly all: number; readonly ofTarget: number };
}

/** Pages that a sum of US dollars buys. */
export function pagesFor(usd: number): number {
  return Math.floor(usd / USD_PER_PAGE + 1e-9);
}

/** US dollars that pages cost, in whole cents: 0.07, not 0.07000000000000001. */
export function usdFor(pages: number): number {
  return Math.round(pages * USD_PER_PAGE * 100) / 100;
}

/** Pages of a day, of one target or of all. */
export function pagesOf(day: DayPages, target?: string): number {
  const targets = target === undefined ? Object.values(day) : [day[target] ?? {}];
  return targets.flatMap((operations) => Object.values(operations)).reduce((sum, pages) => sum + pages, 0);
}

/** Where the pages are that a purchase does not get: of all, or of its target where that is what has no room. */
function whereItIs(buyer: Buyer, pages: number, budget: Budget, day: DayPages): string {
  const { target } = buyer;
  const setAside = budget.setAside(buyer);
  const all = { whose: '', limit: budget.pages, spent: pagesOf(day), ahead: setAside.all };
  const limit = budget.ofTarget(target);
  const own = limit !== undefined && {
    whose: ` of target ${target}`,
    limit,
    spent: pagesOf(day, target),
    ahead: setAside.ofTarget,
  };
  const lacks = (one: typeof all) => one.spent + one.ahead + pages - one.limit;
  const fullest = own !== false && lacks(own) > lacks(all) ? own : all;
  const words = [`${fullest.spent} are spent`];
  if (fullest.ahead > 0) words.push(`${fullest.ahead} set aside for what comes first in the rest of the day`);
  // Queries that are under way have what this one lacks.
  if (lacks(fullest) <= 0) words.push('others held by queries under way');
  return `of the ${fullest.limit} pages${fullest.whose} ${words.join(', ')}`;
}

/** When the budget of the day of an instant ends, in milliseconds since the epoch: the next midnight UTC. */
export function resetAfter(now: number): number {
  return startOf(addDays(dayOf(now), 1));
}

/**
 * A purchase does not fit into what may be spent today.
 *
 * @param day - what is known to be spent of it.
 */
export function overBudget(
  buyer: Buyer,
  pages: number,
  now: number,
  budget: Budget,
  day: DayPages,
): CollectionError {
  const { target } = buyer;
  return new CollectionError(
    'budget',
    `The budget of this UTC day has no room for ${pages} more ${pages === 1 ? 'page' : 'pages'} for target ${target}: ${whereItIs(buyer, pages, budget, day)}.`,
    `Wait until ${new Date(resetAfter(now)).toISOString()}, or raise AWS_SPEND_BUDGET_USD or the target's spendBudgetUsd: GET /spend shows what was spent, \`aws-cost-exporter plan\` what is needed.`,
  );
}
