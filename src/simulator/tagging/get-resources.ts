import { validationError } from '../errors.ts';
import {
  type JsonObject,
  readList,
  readObject,
  readOptionalBoolean,
  readOptionalInteger,
  readStrings,
  readText,
} from '../input.ts';
import { page } from '../paging.ts';
import type { Operation } from '../service.ts';
import { type TaggedResource, taggedResources } from './resources.ts';

const NAME = 'GetResources';
const FIELDS = [
  'PaginationToken',
  'TagFilters',
  'ResourcesPerPage',
  'TagsPerPage',
  'ResourceTypeFilters',
  'IncludeComplianceDetails',
  'ExcludeCompliantResources',
  'ResourceARNList',
];
const DEFAULT_PAGE = 50;
const MOST_RESOURCES = 100;
const MOST_FILTERS = 50;
const MOST_VALUES = 20;

type Predicate = (resource: TaggedResource) => boolean;

function readTagFilter(value: unknown, path: string): Predicate {
  const input = readObject(value, path, ['Key', 'Values']);
  const key = readText(input.Key, `${path}.key`, 1, 128);
  const list = readList(input.Values, `${path}.values`);
  if (list.length > MOST_VALUES) throw validationError(`${path}: at most ${MOST_VALUES} values`);
  const values = new Set(list.map((item, i) => readText(item, `${path}.values.${i + 1}.member`, 0, 256)));
  return ({ tags }) => {
    const text = tags.get(key);
    return text !== undefined && (values.size === 0 || values.has(text));
  };
}

function readTypeFilter(value: unknown, path: string): Predicate {
  const text = readText(value, path, 0, 256);
  const [service = '', type] = text.split(':', 2);
  if (!/^[a-z0-9-]+(:[A-Za-z0-9-/.]+)?$/.test(text)) {
    throw validationError(`Resource type '${text}' is not of the form service[:resourceType]`);
  }
  return ({ arn }) => {
    const [, , ofArn, , , ...rest] = arn.split(':');
    const resource = rest.join(':');
    return ofArn === service && (type === undefined || new RegExp(`^${type}[/:]`).test(resource));
  };
}

function readFilters(input: JsonObject): Predicate {
  const tagList = readList(input.TagFilters, 'tagFilters');
  if (tagList.length > MOST_FILTERS) throw validationError(`TagFilters: at most ${MOST_FILTERS}`);
  const byTag = tagList.map((item, i) => readTagFilter(item, `tagFilters.${i + 1}.member`));
  const byType = readList(input.ResourceTypeFilters, 'resourceTypeFilters').map((item, i) =>
    readTypeFilter(item, `resourceTypeFilters.${i + 1}.member`),
  );
  return (resource) =>
    byTag.every((matches) => matches(resource)) &&
    (byType.length === 0 || byType.some((matches) => matches(resource)));
}

function readArns(input: JsonObject): ReadonlySet<string> | undefined {
  if (input.ResourceARNList === undefined || input.ResourceARNList === null) return undefined;
  const arns = readStrings(input.ResourceARNList, 'resourceARNList');
  if (arns.length < 1 || arns.length > MOST_RESOURCES) {
    throw validationError(`ResourceARNList: 1 to ${MOST_RESOURCES} ARNs, not ${arns.length}`);
  }
  for (const arn of arns) {
    if (!/^arn:[^:]+:[^:]+:/.test(arn) || arn.length > 1011)
      throw validationError(`'${arn}' is not a valid ARN`);
  }
  const others = ['ResourceTypeFilters', 'TagFilters', 'ResourcesPerPage', 'TagsPerPage', 'PaginationToken'];
  const other = others.find((field) => input[field] !== undefined && input[field] !== null);
  if (other !== undefined) throw validationError(`ResourceARNList cannot be combined with ${other}`);
  return new Set(arns);
}

/** Resources that come first and together have at most so many tags; one without tags counts as one. */
function withinTags(resources: readonly TaggedResource[], most: number): number {
  let tags = 0;
  const over = resources.findIndex((resource) => {
    tags += Math.max(1, resource.tags.size);
    return tags > most;
  });
  return over === -1 ? resources.length : Math.max(1, over);
}

/**
 * `tag:GetResources`: the tagged resources of the caller's own account in the region that the request is signed for.
 * The last page has an empty PaginationToken.
 */
export const getResources: Operation = {
  name: NAME,
  handle(input, context) {
    readObject(input, 'getResourcesInput', FIELDS);
    const size = readOptionalInteger(input.ResourcesPerPage, 'resourcesPerPage', 1, MOST_RESOURCES);
    const mostTags = readOptionalInteger(input.TagsPerPage, 'tagsPerPage', 100, 500);
    if (size !== undefined && mostTags !== undefined) {
      throw validationError('ResourcesPerPage and TagsPerPage cannot be combined');
    }
    const arns = readArns(input);
    const matches = readFilters(input);
    const compliance = readOptionalBoolean(input.IncludeComplianceDetails, 'includeComplianceDetails');
    const onlyBad = readOptionalBoolean(input.ExcludeCompliantResources, 'excludeCompliantResources');
    if (onlyBad === true && compliance !== true) {
      throw validationError('ExcludeCompliantResources needs IncludeComplianceDetails');
    }
    const { accountId, region } = context.caller;
    const query = {
      operation: NAME,
      input,
      tokenField: 'PaginationToken',
      size: arns?.size ?? size ?? DEFAULT_PAGE,
      ...(mostTags === undefined
        ? {}
        : { fits: (rest: readonly TaggedResource[]) => withinTags(rest, mostTags) }),
    };
    const { items, token } = page(query, context, (bill, now) =>
      taggedResources(bill, now).filter(
        (resource) =>
          resource.account === accountId &&
          resource.region === region &&
          (arns?.has(resource.arn) ?? true) &&
          // No tag policy is in force: every resource complies.
          onlyBad !== true &&
          matches(resource),
      ),
    );
    return {
      PaginationToken: token ?? '',
      ResourceTagMappingList: items.map(({ arn, tags }) => ({
        ResourceARN: arn,
        Tags: [...tags].map(([Key, Value]) => ({ Key, Value })),
        ...(compliance === true ? { ComplianceDetails: { ComplianceStatus: true } } : {}),
      })),
    };
  },
};
