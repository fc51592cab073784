import {
  ListCostAllocationTagsCommand,
  type ListCostAllocationTagsCommandInput,
} from '@aws-sdk/client-cost-explorer';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse } from '../../src/aws/aws-errors.ts';
import { held } from '../../src/aws/held.ts';
import { pages } from '../../src/aws/pages.ts';
import type { CollectContext, Collected, FailedPart } from '../../src/collection/capability.ts';
import { dayOf } from '../../src/collection/periods.ts';
import { CollectionError, type Parts, publicCause } from '../../src/errors.ts';
import { collectKey, type TagSettings } from './collect-key.ts';
import { countResources } from './count-resources.ts';
import type { TagKeyData, TagsData } from './model.ts';

const Answer = TypeCompiler.Compile(
  Type.Object({
    CostAllocationTags: Type.Array(Type.Object({ TagKey: Type.String(), Status: Type.String() })),
    NextToken: Type.Optional(Type.String()),
  }),
);

/**
 * Buys the cost of each active tag key by value and service, as far as the bill has moved, and counts the tagged resources.
 * A key that fails keeps its last good values; the others do not notice.
 *
 * @throws {CollectionError} where every key fails, with what became of each; `budget` where every key that is due does not fit
 *   into the budget and nothing was bought.
 */
export async function collectTags(
  context: CollectContext<TagsData>,
  settings: TagSettings,
): Promise<Collected<TagsData>> {
  const { target, previous, startedAt } = context;
  const failed: FailedPart[] = [];
  const passedOver: FailedPart[] = [];
  const activation = await activeKeys(context).catch((error: unknown) => {
    const { code } = causeOf(error);
    // Denied for good, as to a linked account: every key is bought. Else what was known goes on.
    const denied = code === 'access_denied' || code === 'not_enabled';
    noted(denied ? passedOver : failed, 'ListCostAllocationTags', error);
    return denied ? null : (previous?.data.activation ?? null);
  });
  const collectedAt = new Date(startedAt).toISOString();
  const keys: TagKeyData[] = [];
  const failedKeys: FailedPart[] = [];
  let currency: string | null = null;
  let due = 0;
  const keptOf = (key: string) => previous?.data.keys.find((entry) => entry.key === key);
  // Who has waited longest comes first: where the budget does not reach for all, each has its turn.
  const newest =
    previous?.data.keys
      .map(({ end }) => end)
      .toSorted()
      .at(-1) ?? '';
  const waitsSince = (key: string) => {
    const { reason = null, end = newest } = keptOf(key) ?? {};
    return reason === 'budget' ? '' : reason === null ? end : newest;
  };
  const inTurn = target.tagKeys.toSorted((one, other) => waitsSince(one).localeCompare(waitsSince(other)));
  for (const key of inTurn) {
    const kept = keptOf(key);
    const base = { key, collectedAt, end: dayOf(startedAt), pages: kept?.pages ?? 1, buckets: [] };
    if (activation !== null && !activation.active.includes(key)) {
      passedOver.push({ part: key, cause: NOT_ACTIVATED });
      keys.push({ ...base, reason: 'not_activated' });
      continue;
    }
    if (kept?.reason === null && kept.end === base.end && context.isFresh(kept.collectedAt, kept.buckets)) {
      keys.push(kept);
      currency ??= previous?.data.currency ?? null;
      continue;
    }
    due++;
    try {
      const cost = await collectKey(context, key, settings, kept?.buckets ?? []);
      currency ??= cost.currency;
      if (cost.currency !== null && cost.currency !== currency) {
        throw invalidResponse(`it is in ${cost.currency}, the other keys' in ${currency}`);
      }
      keys.push({ ...base, reason: null, pages: cost.pages, buckets: cost.buckets });
    } catch (error) {
      const failure = noted(failed, key, error);
      failedKeys.push(failure);
      // One without figures has nothing to keep, and another reason today.
      keys.push(kept?.reason === null ? kept : { ...base, reason: failure.cause.code });
      // Throttled, out of time or without credentials: the next key would fail alike, and might be paid for.
      if (context.signal.aborted) break;
    }
  }
  const parts = { failed, passedOver };
  const other = failedKeys.find(({ cause }) => cause.code !== 'budget');
  if (other !== undefined && failedKeys.length === keys.length - notActivated(keys)) {
    throw asError(other, parts);
  }
  const [refused] = failedKeys;
  const boughtNothing = failedKeys.length === due && activation?.collectedAt !== collectedAt;
  if (refused !== undefined && other === undefined && boughtNothing) throw asError(refused, parts);
  const resources = await countResources(context, target.tagKeys).catch((error: unknown) => {
    const { code } = noted(failed, 'GetResources', error).cause;
    return code === 'access_denied' ? ('denied' as const) : (previous?.data.resources ?? null);
  });
  currency ??= previous?.data.currency ?? null;
  keys.sort((one, other) => target.tagKeys.indexOf(one.key) - target.tagKeys.indexOf(other.key));
  return { data: { currency, keys, resources, activation }, failed, passedOver };
}

const NOT_ACTIVATED = {
  code: 'not_activated',
  message: 'The key is not an active cost allocation tag, so cost is not split by it.',
  advice:
    'Activate it as the payer: Billing and Cost Management, Cost allocation tags. Cost is split from then on, not for earlier days.',
} as const;

/**
 * The keys of the target that are active cost allocation tags. The call is paid, so it is made once in a UTC day.
 *
 * @throws {CollectionError} where AWS denies it (only a payer may ask) or fails.
 */
async function activeKeys(context: CollectContext<TagsData>): Promise<TagsData['activation']> {
  const { target, previous, startedAt, signal, aws } = context;
  const kept = previous?.data.activation;
  if (kept && dayOf(Date.parse(kept.collectedAt)) === dayOf(startedAt)) return kept;
  const client = aws.costExplorer();
  const active: string[] = [];
  const send = async (request: ListCostAllocationTagsCommandInput) => {
    const answer: unknown = await client.send(new ListCostAllocationTagsCommand(request), {
      abortSignal: signal,
    });
    if (!Answer.Check(answer)) throw invalidResponse('it is not what ListCostAllocationTags documents');
    return answer;
  };
  const request = { Status: 'Active', TagKeys: [...target.tagKeys], MaxResults: 1_000 } as const;
  const read = async () => {
    for await (const page of pages('NextToken', { ...request, TagKeys: [...target.tagKeys] }, send)) {
      active.push(
        ...page.CostAllocationTags.filter(({ Status }) => Status === 'Active').map(({ TagKey }) => TagKey),
      );
    }
  };
  try {
    await held(aws, 1, read);
  } catch (error) {
    throw awsError(error, 'ce:ListCostAllocationTags');
  }
  return { collectedAt: new Date(startedAt).toISOString(), active };
}

function causeOf(error: unknown): FailedPart['cause'] {
  return publicCause(error instanceof CollectionError ? error : awsError(error, 'ce:*'));
}

/** Adds what became of a part to a list. */
function noted(list: FailedPart[], name: string, error: unknown): FailedPart {
  const part = {
    part: name,
    cause: causeOf(error),
    error,
  };
  list.push(part);
  return part;
}

function asError({ cause }: FailedPart, parts: Parts): CollectionError {
  return new CollectionError(cause.code, cause.message, cause.advice, { parts });
}

function notActivated(keys: readonly TagKeyData[]): number {
  return keys.filter(({ reason }) => reason === 'not_activated').length;
}
