import { constraintError } from '../errors.ts';
import { checkLength, readEnum, readList, readObject, readOptionalBoolean, readString } from '../input.ts';
import type { Recommendation } from '../optimization/recommendation.ts';

/** A recommendation with the id that it has today. */
export type IdentifiedRecommendation = Recommendation & { readonly id: string };

type Predicate = (item: IdentifiedRecommendation) => boolean;

const MOST_VALUES = 100;
const ACCOUNT_ID = /^[0-9]{12}$/;

const EFFORTS = ['VeryLow', 'Low', 'Medium', 'High', 'VeryHigh'];

export const ACTION_TYPES = [
  'Rightsize',
  'Stop',
  'Upgrade',
  'PurchaseSavingsPlans',
  'PurchaseReservedInstances',
  'MigrateToGraviton',
  'Delete',
  'ScaleIn',
];

const RESOURCE_TYPES = [
  'Ec2Instance',
  'LambdaFunction',
  'EbsVolume',
  'EcsService',
  'Ec2AutoScalingGroup',
  'Ec2InstanceSavingsPlans',
  'ComputeSavingsPlans',
  'SageMakerSavingsPlans',
  'Ec2ReservedInstances',
  'RdsReservedInstances',
  'OpenSearchReservedInstances',
  'RedshiftReservedInstances',
  'ElastiCacheReservedInstances',
  'RdsDbInstanceStorage',
  'RdsDbInstance',
  'AuroraDbClusterStorage',
  'DynamoDbReservedCapacity',
  'MemoryDbReservedInstances',
  'NatGateway',
  'DynamoDBTable',
  'ElastiCacheCluster',
  'MemoryDBCluster',
  'DocumentDBCluster',
  'WorkSpaces',
  'SageMakerEndpoint',
];

interface ListFilter {
  read(item: unknown, path: string): string;
  /** The recommendation's values that the filter looks at. */
  values(item: IdentifiedRecommendation): readonly (string | undefined)[];
}

function oneOf(allowed: readonly string[]) {
  return (item: unknown, path: string) => readEnum(item, path, allowed);
}

function readAccount(item: unknown, path: string): string {
  const text = readString(item, path);
  if (ACCOUNT_ID.test(text)) return text;
  throw constraintError(text, path, 'Member must satisfy regular expression pattern: [0-9]{12}');
}

const LIST_FILTERS: Readonly<Record<string, ListFilter>> = {
  implementationEfforts: { read: oneOf(EFFORTS), values: ({ effort }) => [effort] },
  accountIds: { read: readAccount, values: ({ account }) => [account] },
  regions: { read: readString, values: ({ region }) => [region] },
  resourceTypes: {
    read: oneOf(RESOURCE_TYPES),
    values: ({ currentType, recommendedType }) => [currentType, recommendedType],
  },
  actionTypes: { read: oneOf(ACTION_TYPES), values: ({ action }) => [action] },
  resourceIds: { read: readString, values: ({ resource }) => [resource] },
  resourceArns: { read: readString, values: ({ arn }) => [arn] },
  recommendationIds: { read: readString, values: ({ id }) => [id] },
};

/** The filters that name single recommendations or resources. */
export const SINGLE_FILTERS: readonly string[] = ['resourceIds', 'resourceArns', 'recommendationIds'];
const FIELDS = [...Object.keys(LIST_FILTERS), 'restartNeeded', 'rollbackPossible', 'tags'];

function tags(value: unknown): Predicate | undefined {
  const list = readList(value, 'filter.tags');
  checkLength(list, value, 'filter.tags', MOST_VALUES);
  if (list.length === 0) return undefined;
  const wanted = list.map((item, i) => {
    const path = `filter.tags.${i + 1}.member`;
    const input = readObject(item, path, ['key', 'value']);
    return { key: readString(input.key, `${path}.key`), value: readString(input.value, `${path}.value`) };
  });
  return (item) =>
    wanted.some((tag) => Object.hasOwn(item.tags, tag.key) && item.tags[tag.key] === tag.value);
}

/** Reads a `filter`: what it has a list of matches any of the list, and everything that it has must match. */
export function readHubFilter(value: unknown): Predicate {
  if (value === undefined || value === null) return () => true;
  const input = readObject(value, 'filter', FIELDS);
  const predicates: Predicate[] = [];
  for (const [field, { read, values }] of Object.entries(LIST_FILTERS)) {
    const path = `filter.${field}`;
    const list = readList(input[field], path).map((item, i) => read(item, `${path}.${i + 1}.member`));
    checkLength(list, input[field], path, MOST_VALUES);
    const wanted = new Set<string | undefined>(list);
    if (wanted.size > 0) predicates.push((item) => values(item).some((text) => wanted.has(text)));
  }
  const restart = readOptionalBoolean(input.restartNeeded, 'filter.restartNeeded');
  if (restart !== undefined) predicates.push((item) => item.restart === restart);
  const rollback = readOptionalBoolean(input.rollbackPossible, 'filter.rollbackPossible');
  if (rollback !== undefined) predicates.push((item) => item.rollback === rollback);
  const byTag = tags(input.tags);
  if (byTag !== undefined) predicates.push(byTag);
  return (item) => predicates.every((predicate) => predicate(item));
}

/** The fields of a `filter` that hold anything. */
export function filterFields(value: unknown): readonly string[] {
  return value === undefined || value === null ? [] : Object.keys(readObject(value, 'filter', FIELDS));
}
