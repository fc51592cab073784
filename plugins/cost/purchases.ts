import type { Purchases } from '../../src/collection/capability.ts';
import type { Snapshot } from '../../src/collection/snapshot.ts';
import type { CostData } from './model.ts';
import { expectedPages } from './parts.ts';

/** Days that AWS usually restates: today and the five before. */
const RESTATED_DAYS = 6;
/** Days that are asked for with the default settings. */
const USUAL_DAYS = 31;

/**
 * What a cost collection is expected to buy.
 *
 * @param assumedPages - of the whole, where no snapshot tells; its days are then taken for alike.
 */
export function costPurchases(snapshot: Snapshot<CostData> | undefined, assumedPages: number): Purchases {
  const data = snapshot?.data;
  const pages = data?.pages ?? assumedPages;
  if (pages === 1) return { pages, daily: 0 };
  const afterChange = data ? afterChangeOf(data) : Math.ceil((pages * RESTATED_DAYS) / USUAL_DAYS);
  return { pages, daily: 0, probe: 1, afterChange };
}

/** Pages of the days that AWS usually restates. */
export function afterChangeOf(data: Pick<CostData, 'days' | 'pages'>): number {
  return expectedPages(
    data,
    data.days.slice(-RESTATED_DAYS).map(({ date }) => date),
  );
}
