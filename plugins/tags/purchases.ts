import type { Purchases } from '../../src/collection/capability.ts';
import type { Snapshot } from '../../src/collection/snapshot.ts';
import type { Target } from '../../src/config.ts';
import { expectedPages, pagesAfterChange } from './buckets.ts';
import type { TagSettings } from './collect-key.ts';
import type { TagsData } from './model.ts';

/** Days of a month, on average. */
const USUAL_MONTH_DAYS = 30;

/**
 * What a tags collection is expected to buy: each key that is active, or not known to be inactive; after a change the months
 * that AWS still restates.
 *
 * @param assumedPages - of a key of which no snapshot tells; its months are then taken for alike.
 */
export function tagsPurchases(
  { tagKeys }: Pick<Target, 'tagKeys'>,
  snapshot: Snapshot<TagsData> | undefined,
  assumedPages: number,
  { windowDays }: Pick<TagSettings, 'windowDays'>,
): Purchases {
  const data = snapshot?.data;
  const known = (key: string) => data?.keys.find((entry) => entry.key === key);
  // A key that was not asked for then may be active.
  const active = tagKeys.filter(
    (key) => known(key) === undefined || (data?.activation?.active.includes(key) ?? true),
  );
  const months = 1 + Math.round(windowDays / USUAL_MONTH_DAYS);
  const expected = active.map((key) => {
    const { pages = assumedPages, buckets = [] } = known(key) ?? {};
    const part = expectedPages([{ pages: pages / months }]);
    return { pages, afterChange: buckets.length > 0 ? pagesAfterChange(buckets) : part };
  });
  return {
    pages: expected.reduce((sum, { pages }) => sum + pages, 0),
    afterChange: expected.reduce((sum, { afterChange }) => sum + afterChange, 0),
    // Which keys are active is asked once in a UTC day, where the target may ask it: an error is not paid.
    daily: data !== undefined && data.activation === null ? 0 : 1,
  };
}
