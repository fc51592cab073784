import type { GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import { invalidResponse } from '../../src/aws/aws-errors.ts';
import { Amounts, costPages } from '../../src/aws/cost-and-usage.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { Sum } from '../../src/collection/money.ts';
import { addDays, dayOf, firstOfNextMonth } from '../../src/collection/periods.ts';
import { wellFormed } from '../../src/collection/words.ts';
import type { TagsData, TagValue } from './model.ts';

/** The settings behind the tag figures. */
export interface TagSettings {
  readonly metric: string;
  /** Complete days in the window. */
  readonly windowDays: number;
}

/** What one key's query brings. */
export interface CostByTag {
  readonly currency: string | null;
  /** Pages that it had. */
  readonly pages: number;
  readonly values: TagValue[];
}

/**
 * Buys the cost of one tag key by value and service over the window, in monthly buckets: the fewest pages.
 *
 * @param expected - pages that it is expected to have.
 * @throws {CollectionError} `budget` where it does not fit; `invalid_response` where the buckets do not cover the window, where a group is of another
 *   key, or where currencies mix; else what AWS's error means.
 */
export async function collectKey(
  { startedAt, aws, signal }: CollectContext<TagsData>,
  key: string,
  { metric, windowDays }: TagSettings,
  expected: number,
): Promise<CostByTag> {
  const end = dayOf(startedAt);
  const start = addDays(end, -windowDays);
  const request = {
    TimePeriod: { Start: start, End: end },
    Granularity: 'MONTHLY',
    Metrics: [metric],
    GroupBy: [
      { Type: 'TAG', Key: key },
      { Type: 'DIMENSION', Key: 'SERVICE' },
    ],
  } satisfies GetCostAndUsageCommandInput;
  const amounts = new Amounts(metric);
  const values = new Map<string, { services: Map<string, Sum>; costs: boolean }>();
  const buckets = new Map<string, string>();
  let pages = 0;
  for await (const page of costPages(aws, request, expected, signal)) {
    pages++;
    for (const { TimePeriod, Groups } of page.ResultsByTime) {
      buckets.set(TimePeriod.Start, TimePeriod.End);
      for (const group of Groups) {
        const [tag = '', service = ''] = group.Keys;
        const value = tagValueOf(tag, key);
        const entry = values.get(value) ?? { services: new Map(), costs: false };
        values.set(value, entry);
        const amount = amounts.of(group);
        add(entry.services, wellFormed(service), amount);
        entry.costs ||= amount !== 0;
      }
    }
  }
  requireCover(buckets, start, end);
  return {
    currency: amounts.currency,
    pages,
    values: [...values]
      // What costs nothing in any bucket and service is left out; what cancels itself out is not.
      .filter(([, { costs }]) => costs)
      .map(([value, { services }]) => ({
        value: value === '' ? null : value,
        services: [...services].map(([service, sum]) => ({ service, cost: sum.value })),
      })),
  };
}

/** The value in a group's key, `Key$value`: values may hold any further `$`. Empty where there is none. */
function tagValueOf(group: string, key: string): string {
  if (!group.startsWith(`${key}$`)) throw invalidResponse('a group is of another tag key');
  return wellFormed(group.slice(key.length + 1));
}

function add(sums: Map<string, Sum>, name: string, amount: number): void {
  const sum = sums.get(name) ?? new Sum();
  sum.add(amount);
  sums.set(name, sum);
}

/** Buckets follow each other from the start to the end of what was asked for, each within one month. */
function requireCover(buckets: ReadonlyMap<string, string>, start: string, end: string): void {
  let at = start;
  for (let count = 0; at < end && count <= buckets.size; count++) {
    const next = buckets.get(at);
    if (next === undefined || next <= at || next > firstOfNextMonth(at)) break;
    at = next;
  }
  if (at !== end) throw invalidResponse(`it does not cover ${start} to ${end}`);
}
