import {
  readEnum,
  readObject,
  readOptionalBoolean,
  readOptionalEnum,
  readOptionalInteger,
} from '../input.ts';
import { bestPerResource } from '../optimization/recommendation.ts';
import { page } from '../paging.ts';
import type { Operation } from '../service.ts';
import { type IdentifiedRecommendation, readHubFilter } from './filter.ts';
import { checkEnrolled, hubRecommendations, refreshedAt } from './hub-recommendations.ts';

const NAME = 'ListRecommendations';
const FIELDS = ['filter', 'orderBy', 'includeAllRecommendations', 'maxResults', 'nextToken'];
const DEFAULT_PAGE = 100;
const MOST_RESULTS = 1000;

type Compare = (a: IdentifiedRecommendation, b: IdentifiedRecommendation) => number;

const share = ({ savings, cost }: IdentifiedRecommendation) => savings.div(cost);

const DIMENSIONS: Readonly<Record<string, Compare>> = {
  EstimatedMonthlySavings: (a, b) => a.savings.cmp(b.savings),
  EstimatedSavingsPercentage: (a, b) => share(a).cmp(share(b)),
};

function readOrder(value: unknown): Compare | undefined {
  if (value === undefined || value === null) return undefined;
  const input = readObject(value, 'orderBy', ['dimension', 'order']);
  const dimension = readEnum(input.dimension, 'orderBy.dimension', Object.keys(DIMENSIONS));
  const order = readOptionalEnum(input.order, 'orderBy.order', ['Asc', 'Desc']);
  const compare = DIMENSIONS[dimension];
  if (compare === undefined || order !== 'Desc') return compare;
  return (a, b) => compare(b, a);
}

/**
 * `cost-optimization-hub:ListRecommendations`: of each resource the recommendation with the largest saving, with
 * `includeAllRecommendations` all of them.
 */
export const listRecommendations: Operation = {
  name: NAME,
  handle(input, context) {
    readObject(input, 'listRecommendationsRequest', FIELDS);
    const matches = readHubFilter(input.filter);
    const order = readOrder(input.orderBy);
    const all = readOptionalBoolean(input.includeAllRecommendations, 'includeAllRecommendations') ?? false;
    const size = readOptionalInteger(input.maxResults, 'maxResults', 0, MOST_RESULTS) || DEFAULT_PAGE;
    checkEnrolled(context);
    const query = { operation: NAME, input, tokenField: 'nextToken', size };
    const { items, bill, token } = page(query, context, (bill, now) => {
      const found = hubRecommendations(bill, now, context).filter(matches);
      const ids = new Set(all ? [] : bestPerResource(found));
      const shown = all ? found : found.filter((item) => ids.has(item));
      return (order === undefined ? shown : shown.toSorted(order)).map((item) => ({
        item,
        refreshed: refreshedAt(now),
      }));
    });
    return {
      items: items.map(({ item, refreshed }) => ({
        recommendationId: item.id,
        accountId: item.account,
        region: item.region,
        resourceId: item.resource,
        resourceArn: item.arn,
        currentResourceType: item.currentType,
        recommendedResourceType: item.recommendedType,
        estimatedMonthlySavings: item.savings.toNumber(),
        estimatedSavingsPercentage: share(item).times(100).toDecimalPlaces(2).toNumber(),
        estimatedMonthlyCost: item.cost.toNumber(),
        currencyCode: bill.currency,
        implementationEffort: item.effort,
        restartNeeded: item.restart,
        actionType: item.action,
        rollbackPossible: item.rollback,
        currentResourceSummary: item.current,
        recommendedResourceSummary: item.recommended,
        lastRefreshTimestamp: refreshed,
        recommendationLookbackPeriodInDays: item.lookbackDays,
        source: item.source,
        ...(Object.keys(item.tags).length === 0
          ? {}
          : { tags: Object.entries(item.tags).map(([key, value]) => ({ key, value })) }),
      })),
      nextToken: token,
    };
  },
};
