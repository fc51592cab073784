import type { EmptyReason, View } from '../../src/collection/capability.ts';
import { sumOf } from '../../src/collection/money.ts';
import { pageOf } from '../../src/documents.ts';
import { identityOf, type OptimizationData, priorityOf, type Recommendation } from './model.ts';
import type { RecommendationsDocument } from './schema.ts';

/** The body of `GET /recommendations`, unfiltered. */
export function recommendationsDocument(
  { snapshot }: View<OptimizationData>,
  thresholds: { high: number; medium: number },
  reason: EmptyReason | null,
): RecommendationsDocument {
  const { source, currency, savingsMode, recommendations, deduplicated } = snapshot.data;
  const ids = new Map<string, number>();
  // Of several that AWS tells apart by nothing but their amounts the greatest has the plain id.
  const idOf = (recommendation: Recommendation) => {
    const identity = identityOf(recommendation);
    const count = (ids.get(identity) ?? 0) + 1;
    ids.set(identity, count);
    return count === 1 ? identity : `${identity}-${count}`;
  };
  return {
    currency,
    source,
    savingsMode,
    reason,
    rightsizing: bySort(recommendations),
    total_potential_savings: cents(deduplicated),
    last_updated: snapshot.collectedAt,
    recommendations: recommendations
      .toSorted((one, other) => other.savings - one.savings)
      .map((recommendation) => {
        const { type, category, resource, region, account, savings, cost } = recommendation;
        const { effort, restart, rollback, generatedAt } = recommendation;
        return {
          id: idOf(recommendation),
          type,
          category,
          resource: resource || null,
          region,
          account,
          monthlySavings: savings,
          monthlyCost: cost,
          effort,
          priority: priorityOf(savings, thresholds),
          restart,
          rollback,
          generatedAt,
          source,
        };
      }),
  };
}

/** The body where no source answers. */
export function emptyRecommendations(reason: EmptyReason): RecommendationsDocument {
  return {
    currency: null,
    source: null,
    savingsMode: null,
    reason,
    rightsizing: [],
    total_potential_savings: 0,
    last_updated: null,
    recommendations: [],
  };
}

/** What the query asks for; everything but `recommendations` stays as it is. */
export function filtered(
  document: RecommendationsDocument,
  query: Readonly<Record<string, string | undefined>>,
): RecommendationsDocument {
  const filters = (['type', 'priority', 'account', 'source'] as const).filter(
    (name) => query[name] !== undefined,
  );
  const left = document.recommendations.filter((item) => filters.every((name) => item[name] === query[name]));
  return { ...document, recommendations: pageOf(left, query) };
}

/** The design's sentences for what it estimates. */
const ESTIMATED: Readonly<Record<string, string>> = {
  EC2: 'Right-size underutilized instances.',
  RDS: 'Consider Reserved Instances.',
  EBS: 'Delete unused volumes.',
};

function bySort(recommendations: readonly Recommendation[]): RecommendationsDocument['rightsizing'] {
  const parts = recommendations.filter(({ type, category }) => !(type === 'Estimate' && category === 'All'));
  return [...Map.groupBy(parts, ({ category }) => shortName(category))]
    .map(([service, list]) => ({
      service,
      potential_savings: cents(sumOf(list.map(({ savings }) => savings))),
      recommendation: sentence(service, list),
    }))
    .toSorted((one, other) => other.potential_savings - one.potential_savings);
}

/** `EC2` for `Ec2Instance` and `Ec2ReservedInstances`, `RDS` for `RdsDbInstance`, `Savings Plans` for any of them. */
function shortName(category: string): string {
  if (category.endsWith('SavingsPlans')) return 'Savings Plans';
  const [word = category] = /^[A-Z][a-z0-9]*|^[A-Z0-9]+/.exec(category) ?? [];
  const known = [
    'EC2',
    'RDS',
    'EBS',
    'ECS',
    'Lambda',
    'ElastiCache',
    'OpenSearch',
    'MemoryDb',
    'DynamoDb',
    'NatGateway',
  ];
  return known.find((name) => category.toLowerCase().startsWith(name.toLowerCase())) ?? word;
}

function sentence(service: string, list: readonly Recommendation[]): string {
  const estimate = list.every(({ type }) => type === 'Estimate') ? ESTIMATED[service] : undefined;
  if (estimate !== undefined) return estimate;
  const types = [...Map.groupBy(list, ({ type }) => type)].map(([type, { length }]) => `${type} ${length}`);
  return `${list.length} recommendation${list.length === 1 ? '' : 's'}: ${types.join(', ')}.`;
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
