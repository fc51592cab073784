import type { GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import { invalidResponse } from '../../src/aws/aws-errors.ts';
import { Amounts, costPages, HELD } from '../../src/aws/cost-and-usage.ts';
import { held } from '../../src/aws/held.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { Sum } from '../../src/collection/money.ts';
import { addDays, dayOf, firstOfNextMonth } from '../../src/collection/periods.ts';
import { wellFormed } from '../../src/collection/words.ts';
import { expectedPages, monthsOf, type Period, pagesOf, planBuckets, type Run, runsOf } from './buckets.ts';
import type { BucketValue, TagBucket, TagsData } from './model.ts';

/** The settings behind the tag figures. */
export interface TagSettings {
  readonly metric: string;
  /** Complete days in the window. */
  readonly windowDays: number;
}

/** What is known of one key after a collection. */
export interface CostByTag {
  readonly currency: string | null;
  /** Pages that a query over the whole window had, or would have. */
  readonly pages: number;
  readonly buckets: TagBucket[];
}

/** The window on a day: complete days alone. */
export function windowOn(startedAt: number, { windowDays }: TagSettings): Period {
  const end = dayOf(startedAt);
  return { start: addDays(end, -windowDays), end };
}

/**
 * Buys the cost of one tag key by value and service over the window, in monthly buckets: the fewest pages. A kept bucket that
 * still says what the bill says is not bought again.
 *
 * @param kept - the buckets of the last collection.
 * @throws {CollectionError} `budget` where the queries do not fit together; `invalid_response` where the buckets do not cover
 *   the days asked for, where a group is of another key, or where currencies mix; else what AWS's error means.
 */
export async function collectKey(
  context: CollectContext<TagsData>,
  key: string,
  settings: TagSettings,
  kept: readonly TagBucket[],
): Promise<CostByTag> {
  const planned = planBuckets(windowOn(context.startedAt, settings), kept, context.isStillTrue);
  const runs = runsOf(planned);
  const bought = new Map<string, TagBucket>();
  if (runs.length > 0) {
    // All are set aside before the first: none is paid and then thrown away for want of another.
    await held(context.aws, pagesOf(runs), async () => {
      for (const run of runs) {
        for (const bucket of await buyRun(context, key, settings, run)) bought.set(bucket.start, bucket);
      }
    });
  }
  const buckets = planned.flatMap((bucket) => bought.get(bucket.start) ?? bucket.kept ?? []);
  const currencies = new Set(buckets.flatMap(({ currency }) => currency ?? []));
  if (currencies.size > 1) throw invalidResponse(`it mixes ${[...currencies].join(' and ')}`);
  const [currency = null] = currencies;
  return { currency, pages: expectedPages(buckets), buckets };
}

/** One query. What it brings is told apart by bucket, and so are its pages, by groups. */
async function buyRun(
  { startedAt, aws, signal }: CollectContext<TagsData>,
  key: string,
  { metric }: TagSettings,
  { start, end }: Run,
): Promise<TagBucket[]> {
  const request = {
    TimePeriod: { Start: start, End: end },
    Granularity: 'MONTHLY',
    Metrics: [metric],
    GroupBy: [
      { Type: 'TAG', Key: key },
      { Type: 'DIMENSION', Key: 'SERVICE' },
    ],
  } satisfies GetCostAndUsageCommandInput;
  const months = monthsOf({ start, end }).map((month) => ({ ...month, rows: new Rows(metric) }));
  const answered = new Map<string, string>();
  let pages = 0;
  for await (const page of costPages(aws, request, HELD, signal)) {
    pages++;
    for (const { TimePeriod, Groups } of page.ResultsByTime) {
      const { Start, End } = TimePeriod;
      const month = months.find((one) => one.start <= Start && End <= one.end);
      if (month === undefined) throw invalidResponse('it has a period that was not asked for');
      answered.set(Start, End);
      for (const group of Groups) {
        const [tag = '', service = ''] = group.Keys;
        month.rows.add(tagValueOf(tag, key), wellFormed(service), group);
      }
    }
  }
  requireCover(answered, start, end);
  // A bucket counts as one group more than it has, so that an empty one has a share too.
  const total = months.reduce((sum, { rows }) => sum + rows.count + 1, 0);
  return months.map((month) => ({
    start: month.start,
    end: month.end,
    collectedAt: new Date(startedAt).toISOString(),
    currency: month.rows.currency,
    pages: (pages * (month.rows.count + 1)) / total,
    values: month.rows.values(),
  }));
}

/** The groups of one bucket, added up by value and service. */
class Rows {
  readonly #amounts: Amounts;
  readonly #values = new Map<string, { services: Map<string, Sum>; costs: boolean }>();
  /** Groups so far. */
  count = 0;

  constructor(metric: string) {
    this.#amounts = new Amounts(metric);
  }

  get currency(): string | null {
    return this.#amounts.currency;
  }

  add(value: string, service: string, group: Parameters<Amounts['of']>[0]): void {
    const entry = this.#values.get(value) ?? { services: new Map<string, Sum>(), costs: false };
    this.#values.set(value, entry);
    const amount = this.#amounts.of(group);
    const sum = entry.services.get(service) ?? new Sum();
    entry.services.set(service, sum);
    sum.add(amount);
    entry.costs ||= amount !== 0;
    this.count++;
  }

  values(): BucketValue[] {
    return [...this.#values].map(([value, { services, costs }]) => ({
      value: value === '' ? null : value,
      costs,
      services: [...services].map(([service, sum]) => ({ service, cost: sum.value })),
    }));
  }
}

/** The value in a group's key, `Key$value`: values may hold any further `$`. Empty where there is none. */
function tagValueOf(group: string, key: string): string {
  if (!group.startsWith(`${key}$`)) throw invalidResponse('a group is of another tag key');
  return wellFormed(group.slice(key.length + 1));
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
