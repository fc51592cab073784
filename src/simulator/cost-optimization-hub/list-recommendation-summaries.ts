import { type Amount, ZERO } from '../amounts.ts';
import { validationError } from '../errors.ts';
import { checkLength, readEnum, readList, readObject, readOptionalInteger } from '../input.ts';
import { deduplicatedSavings } from '../optimization/recommendation.ts';
import { page } from '../paging.ts';
import type { Operation } from '../service.ts';
import { filterFields, type IdentifiedRecommendation, readHubFilter, SINGLE_FILTERS } from './filter.ts';
import { checkEnrolled, hubRecommendations } from './hub-recommendations.ts';

const NAME = 'ListRecommendationSummaries';
const FIELDS = ['filter', 'groupBy', 'maxResults', 'metrics', 'nextToken'];
const DEFAULT_PAGE = 100;
const MOST_RESULTS = 1000;
const MOST_METRICS = 100;

const GROUPS: Readonly<Record<string, (item: IdentifiedRecommendation) => string>> = {
  AccountId: ({ account }) => account,
  Region: ({ region }) => region ?? '',
  ActionType: ({ action }) => action,
  ResourceType: ({ currentType }) => currentType,
  RestartNeeded: ({ restart }) => String(restart),
  RollbackPossible: ({ rollback }) => String(rollback),
  ImplementationEffort: ({ effort }) => effort,
};

interface Summary {
  readonly group: string;
  readonly savings: Amount;
  readonly count: number;
}

function readMetrics(value: unknown): readonly string[] {
  const metrics = readList(value, 'metrics').map((item, i) =>
    readEnum(item, `metrics.${i + 1}.member`, ['SavingsPercentage']),
  );
  checkLength(metrics, value, 'metrics', MOST_METRICS);
  return metrics;
}

function summarise(
  items: readonly IdentifiedRecommendation[],
  groupOf: (item: IdentifiedRecommendation) => string,
): readonly Summary[] {
  return [...Map.groupBy(items, groupOf)]
    .map(([group, members]) => ({
      group,
      savings: members.reduce((sum, { savings }) => sum.plus(savings), ZERO),
      count: members.length,
    }))
    .sort((a, b) => b.savings.cmp(a.savings));
}

/** Cost of what the recommendations are about, each resource once. */
function costOf(items: readonly IdentifiedRecommendation[]): Amount {
  const costs = new Map<string, Amount>();
  for (const { account, region, currentType, resource, id, cost } of items) {
    costs.set(resource === undefined ? id : JSON.stringify([account, region, currentType, resource]), cost);
  }
  return [...costs.values()].reduce((sum, cost) => sum.plus(cost), ZERO);
}

/**
 * `cost-optimization-hub:ListRecommendationSummaries`: counts and sums of all recommendations by group, overlaps counted
 * in each; the total without overlaps on every page.
 */
export const listRecommendationSummaries: Operation = {
  name: NAME,
  handle(input, context) {
    readObject(input, 'listRecommendationSummariesRequest', FIELDS);
    const groupBy = readEnum(input.groupBy, 'groupBy', Object.keys(GROUPS));
    const groupOf = GROUPS[groupBy] ?? (() => '');
    const matches = readHubFilter(input.filter);
    const single = filterFields(input.filter).find((field) => SINGLE_FILTERS.includes(field));
    if (single !== undefined) throw validationError(`The filter ${single} is not supported by ${NAME}`);
    const metrics = readMetrics(input.metrics);
    const size = readOptionalInteger(input.maxResults, 'maxResults', 0, MOST_RESULTS) || DEFAULT_PAGE;
    checkEnrolled(context);
    let found: readonly IdentifiedRecommendation[] = [];
    const query = { operation: NAME, input, tokenField: 'nextToken', size };
    const { items, bill, token } = page(query, context, (bill, now) => {
      found = hubRecommendations(bill, now, context).filter(matches);
      return summarise(found, groupOf);
    });
    const total = deduplicatedSavings(found);
    const cost = costOf(found);
    return {
      estimatedTotalDedupedSavings: total.toNumber(),
      items: items.map(({ group, savings, count }) => ({
        group,
        estimatedMonthlySavings: savings.toNumber(),
        recommendationCount: count,
      })),
      groupBy,
      currencyCode: bill.currency,
      ...(metrics.length === 0 || cost.isZero()
        ? {}
        : { metrics: { savingsPercentage: total.div(cost).times(100).toFixed(2) } }),
      nextToken: token,
    };
  },
};
