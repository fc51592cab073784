import type { Purchases } from '../../src/collection/capability.ts';
import type { Snapshot } from '../../src/collection/snapshot.ts';
import { RESERVABLE } from './commitments.ts';
import type { OptimizationData, Source } from './model.ts';
import { EBS } from './paid.ts';

/** Queries of Cost Explorer's source, each of at least one page: rightsizing, Savings Plans, and what can be reserved. */
const CE_QUERIES = 2 + Object.keys(RESERVABLE).length;

/**
 * What an optimization collection is expected to buy: the paid parts of the source in force, once in a UTC day. Where no
 * snapshot tells, that is what the source buys at most; where the source is still to be found, what the dearest does.
 */
export function optimizationPurchases(
  source: Source | 'auto',
  snapshot: Snapshot<OptimizationData> | undefined,
): Purchases {
  const inForce = source === 'auto' ? (snapshot?.data.source ?? 'cost-explorer') : source;
  const told = snapshot?.data.source === inForce ? snapshot.data.paid : undefined;
  const parts = told?.filter(({ part }) => (part === EBS) === (inForce === 'estimate'));
  const known = parts?.reduce((sum, { pages = 1 }) => sum + pages, 0);
  if (inForce === 'estimate') return { pages: 0, daily: known ?? 1 };
  return { pages: 0, daily: inForce === 'cost-explorer' ? (known ?? CE_QUERIES) : 0 };
}
