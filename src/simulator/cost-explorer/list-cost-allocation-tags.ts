import type { BillIndex } from '../bill/bill-index.ts';
import { firstOfMonth } from '../days.ts';
import { AwsError, constraintError } from '../errors.ts';
import { checkLength, readObject, readOptionalEnum, readOptionalInteger, readStrings } from '../input.ts';
import { page } from '../paging.ts';
import type { Operation } from '../service.ts';
import type { Settings } from '../settings.ts';

const NAME = 'ListCostAllocationTags';
const FIELDS = ['Status', 'TagKeys', 'Type', 'NextToken', 'MaxResults'];
/** Also what a page holds at most: more may be asked for, but an answer's list is no longer. */
const DEFAULT_PAGE = 100;
const MOST_RESULTS = 1000;
const MOST_KEYS = 100;
const LONGEST_KEY = 1024;
/** A key that AWS offers to every account. */
const GENERATED_KEY = 'aws:createdBy';

interface AllocationTag {
  readonly key: string;
  readonly type: 'AWSGenerated' | 'UserDefined';
  readonly status: 'Active' | 'Inactive';
  /** Month of its first and of its last charge, where it has any. */
  readonly first: string | undefined;
  readonly last: string | undefined;
}

function allocationTags(bill: BillIndex, { activeTagKeys }: Settings): readonly AllocationTag[] {
  const used = new Map<string, { first: string; last: string }>();
  for (const { Tags, ChargePeriodStart } of bill.rows) {
    const month = firstOfMonth(ChargePeriodStart.slice(0, 10));
    for (const key of Object.keys(Tags)) {
      const months = used.get(key);
      if (months === undefined) used.set(key, { first: month, last: month });
      else if (month < months.first) months.first = month;
      else if (month > months.last) months.last = month;
    }
  }
  const active = new Set(activeTagKeys ?? used.keys());
  return [...new Set([...used.keys(), ...active, GENERATED_KEY])].sort().map((key) => ({
    key,
    type: key.startsWith('aws:') ? 'AWSGenerated' : 'UserDefined',
    status: active.has(key) ? 'Active' : 'Inactive',
    first: used.get(key)?.first,
    last: used.get(key)?.last,
  }));
}

/**
 * `ce:ListCostAllocationTags`: the keys in the bill's tags and those that are active all the same. Members of an
 * organization are refused.
 */
export const listCostAllocationTags: Operation = {
  name: NAME,
  handle(input, context) {
    readObject(input, 'listCostAllocationTagsRequest', FIELDS);
    const status = readOptionalEnum(input.Status, 'status', ['Active', 'Inactive']);
    const type = readOptionalEnum(input.Type, 'type', ['AWSGenerated', 'UserDefined']);
    const keys = readStrings(input.TagKeys, 'tagKeys');
    checkLength(keys, input.TagKeys, 'tagKeys', MOST_KEYS);
    const long = keys.find((key) => key.length > LONGEST_KEY);
    if (long !== undefined) {
      const rule = `Member must have length less than or equal to ${LONGEST_KEY}`;
      throw constraintError(long, 'tagKeys', rule);
    }
    const size = readOptionalInteger(input.MaxResults, 'maxResults', 1, MOST_RESULTS) ?? DEFAULT_PAGE;
    if (context.caller.accountId !== context.bill.payer) {
      throw new AwsError(
        'AccessDeniedException',
        "Failed to list Cost Allocation Tags: Linked account doesn't have access to cost allocation tags.",
      );
    }
    const query = { operation: NAME, input, tokenField: 'NextToken', size: Math.min(size, DEFAULT_PAGE) };
    const { items, token } = page(query, context, (bill) =>
      allocationTags(bill, context.settings).filter(
        (tag) =>
          (status === undefined || tag.status === status) &&
          (type === undefined || tag.type === type) &&
          (keys.length === 0 || keys.includes(tag.key)),
      ),
    );
    return {
      CostAllocationTags: items.map((tag) => ({
        TagKey: tag.key,
        Type: tag.type,
        Status: tag.status,
        LastUpdatedDate: tag.status === 'Active' && tag.first ? `${tag.first}T00:00:00Z` : undefined,
        LastUsedDate: tag.last === undefined ? undefined : `${tag.last}T00:00:00Z`,
      })),
      NextToken: token,
    };
  },
};
