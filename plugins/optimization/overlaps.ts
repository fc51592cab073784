import { sumOf } from '../../src/collection/money.ts';
import { isCommitment, type Recommendation } from './model.ts';

/** The rule of `withoutOverlaps`, for those who read the figure. */
export const OVERLAP_RULE =
  "The Cost Optimization Hub's deduplicated total; where it gives none, and for Cost Explorer: for each kind of usage the greatest of what competes for it (the greatest saving of each resource, summed; each kind of Savings Plans; the reservations), the kinds summed up. For the estimate its share of all cost.";

/**
 * Kinds of usage that commitments are for, by the hub's words for resources and commitments. What is done to the resources
 * and each commitment save on the same on-demand usage. Any other category is a kind of its own.
 */
const KINDS: readonly (readonly string[])[] = [
  [
    'Ec2Instance',
    'Ec2AutoScalingGroup',
    'EcsService',
    'LambdaFunction',
    'ComputeSavingsPlans',
    'Ec2InstanceSavingsPlans',
    'Ec2ReservedInstances',
  ],
  ['RdsDbInstance', 'RdsReservedInstances'],
  ['ElastiCacheCluster', 'ElastiCacheReservedInstances'],
  ['RedshiftCluster', 'RedshiftReservedInstances'],
  ['OpenSearchDomain', 'OpenSearchReservedInstances'],
  ['MemoryDBCluster', 'MemoryDbReservedInstances'],
  ['DynamoDBTable', 'DynamoDbReservedCapacity'],
  ['SageMakerEndpoint', 'SageMakerSavingsPlans'],
];

/**
 * What can be saved in all where no source says it: of each kind of usage the greatest alternative, over all accounts, since
 * a payer's commitment is used by all of them. The alternatives are the greatest saving of each resource, summed, and each
 * category of commitments.
 */
export function withoutOverlaps(recommendations: readonly Recommendation[]): number {
  const kinds = Map.groupBy(
    recommendations,
    ({ category }) => KINDS.find((kind) => kind.includes(category))?.join() ?? category,
  );
  return sumOf([...kinds.values()].map(greatestAlternative));
}

function greatestAlternative(kind: readonly Recommendation[]): number {
  const alternatives = Map.groupBy(kind, (item) => (isCommitment(item) ? item.category : 'resources'));
  return Math.max(
    0,
    ...[...alternatives].map(([name, list]) =>
      name === 'resources' ? greatestOfEach(list) : sumOf(list.map(({ savings }) => savings)),
    ),
  );
}

function greatestOfEach(recommendations: readonly Recommendation[]): number {
  const resources = Map.groupBy(recommendations, ({ account, resource, category }) =>
    JSON.stringify([account, resource || category]),
  );
  return sumOf([...resources.values()].map((list) => Math.max(...list.map(({ savings }) => savings))));
}
