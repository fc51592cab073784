import { addDays, dailyBuckets, monthlyBuckets } from '../days.ts';
import { validationError } from '../errors.ts';
import { type JsonObject, readEnum, readObject, readOptionalString } from '../input.ts';
import { canonicalJson, queryHash } from '../page-tokens.ts';
import type { Operation } from '../service.ts';
import { tagReader } from './dimensions.ts';
import { readFilter } from './filter.ts';
import { type GroupDefinition, readGroupBy } from './group-by.ts';
import { metricValues, readMetrics } from './metrics.ts';
import { selection } from './selection.ts';
import { checkHistory, isEstimated, readTimePeriod } from './time-period.ts';

const NAME = 'GetCostAndUsage';
const FIELDS = [
  'TimePeriod',
  'Granularity',
  'Filter',
  'Metrics',
  'GroupBy',
  'BillingViewArn',
  'NextPageToken',
];

/** The linked accounts on a page, with their names. */
function accountAttributes(
  definitions: readonly GroupDefinition[],
  pages: readonly { readonly groups: readonly { readonly keys: readonly string[] }[] }[],
  names: ReadonlyMap<string, string | null>,
): JsonObject[] {
  const position = definitions.findIndex(({ type, key }) => type === 'DIMENSION' && key === 'LINKED_ACCOUNT');
  if (position === -1) return [];
  const ids = new Set(pages.flatMap(({ groups }) => groups.map(({ keys }) => keys[position] ?? '')));
  return [...ids].sort().map((id) => {
    const name = names.get(id);
    return { Value: id, Attributes: typeof name === 'string' ? { description: name } : {} };
  });
}

/**
 * `ce:GetCostAndUsage`. Pages are counted in groups, so that a day can begin on one page and end on the next; a query
 * without GroupBy is one page.
 */
export const getCostAndUsage: Operation = {
  name: NAME,
  handle(input, context) {
    readObject(input, 'getCostAndUsageRequest', FIELDS);
    const token = readOptionalString(input.NextPageToken, 'nextPageToken');
    const hash = queryHash(NAME, context.caller.accountId, input);
    const state = token === undefined ? undefined : context.tokens.redeem(token, hash);
    const bill = context.billOf(state?.bill);
    const now = state === undefined ? context.now : new Date(state.asOf);

    const period = readTimePeriod(input.TimePeriod);
    const granularity = readEnum(input.Granularity, 'granularity', ['DAILY', 'MONTHLY', 'HOURLY']);
    if (granularity === 'HOURLY') {
      throw validationError('Hourly data granularity is not enabled for this account');
    }
    checkHistory(period, now);
    const metrics = readMetrics(input.Metrics);
    const active = context.settings.activeTagKeys;
    const tagOf = tagReader(active);
    const definitions = readGroupBy(input.GroupBy, tagOf);
    const filter =
      input.Filter === undefined || input.Filter === null
        ? undefined
        : readFilter(input.Filter, 'filter', tagOf);
    const id = canonicalJson([input.GroupBy ?? [], input.Filter ?? null, active ?? null]);
    const select = selection(id, context.caller, filter, definitions);

    const buckets = granularity === 'DAILY' ? dailyBuckets(period) : monthlyBuckets(period);
    const isGrouped = definitions.length > 0;
    const results: JsonObject[] = [];
    const shown: { groups: readonly { readonly keys: readonly string[] }[] }[] = [];
    let [bucket = 0, first = 0] = state?.position ?? [];
    let room = isGrouped ? context.pageSize : Number.POSITIVE_INFINITY;
    let next: readonly [bucket: number, group: number] | undefined;
    for (; bucket < buckets.length && next === undefined; bucket++, first = 0) {
      const { start, end } = buckets[bucket] ?? period;
      const groups = bill.groups(select, { start, end }, now);
      if (room === 0 && first < groups.length) {
        next = [bucket, first];
        break;
      }
      const page = groups.slice(first, first + room);
      room -= page.length;
      if (first + page.length < groups.length) next = [bucket, first + page.length];
      if (isGrouped) shown.push({ groups: page });
      results.push({
        TimePeriod: { Start: start, End: end },
        Total: isGrouped ? {} : metricValues(metrics, page[0], bill.currency),
        Groups: isGrouped
          ? page.map((group) => ({
              Keys: group.keys,
              Metrics: metricValues(metrics, group, bill.currency),
            }))
          : [],
        Estimated: isEstimated(addDays(end, -1), now),
      });
    }

    return {
      ...(next === undefined
        ? {}
        : {
            NextPageToken: context.tokens.issue({
              query: hash,
              page: (state?.page ?? 1) + 1,
              bill: bill.version,
              asOf: now.getTime(),
              position: next,
            }),
          }),
      ...(isGrouped
        ? { GroupDefinitions: definitions.map(({ type, key }) => ({ Type: type, Key: key })) }
        : {}),
      ResultsByTime: results,
      DimensionValueAttributes: accountAttributes(definitions, shown, bill.accounts),
    };
  },
};
