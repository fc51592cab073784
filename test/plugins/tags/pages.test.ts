// Issue 5: a key is set aside as a whole before its first page, and what the budget refuses is told as that.
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { HttpResponse } from '@smithy/core/protocols';
import t from 'tap';
import { collectTags, tagsPurchases } from '../../../plugins/tags/collect.ts';
import { TAGS_SCHEMA, type TagsData } from '../../../plugins/tags/model.ts';
import type { CollectContext } from '../../../src/collection/capability.ts';
import type { Snapshot } from '../../../src/collection/snapshot.ts';
import { CollectionError } from '../../../src/errors.ts';
import { type Answer, contextAt, refusal } from '../fake-cost-explorer.ts';

const NOON = Date.parse('2026-03-15T12:00:00Z');
const SETTINGS = { metric: 'BlendedCost', windowDays: 30 };
const KEYS = ['Env', 'Team', 'App'];

/** Pages of each key, in monthly buckets, each page with a service of its own. */
const PAGES: Readonly<Record<string, number>> = { Env: 3, Team: 1, App: 2 };

type Body = Record<string, unknown> & { GroupBy?: { Key: string }[]; TimePeriod?: Record<string, string> };

function answer(body: Body): Answer {
  const key = body.GroupBy?.[0]?.Key;
  if (key === undefined) {
    return { body: { CostAllocationTags: KEYS.map((TagKey) => ({ TagKey, Status: 'Active' })) } };
  }
  const number = Number(body.NextPageToken ?? 0);
  const { Start = '', End = '' } = body.TimePeriod ?? {};
  const first = `${End.slice(0, 7)}-01`;
  const buckets =
    Start < first
      ? [
          { Start, End: first },
          { Start: first, End },
        ]
      : [{ Start, End }];
  return {
    body: {
      ResultsByTime: buckets.map((TimePeriod) => ({
        TimePeriod,
        Groups: [
          {
            Keys: [`${key}$prod`, `service ${number}`],
            Metrics: { BlendedCost: { Amount: '1', Unit: 'USD' } },
          },
        ],
      })),
      ...(number + 1 < (PAGES[key] ?? 1) ? { NextPageToken: String(number + 1) } : {}),
    },
  };
}

const noResources = new ResourceGroupsTaggingAPIClient({
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' },
  requestHandler: {
    handle: async () => ({
      response: new HttpResponse({
        statusCode: 200,
        headers: { 'content-type': 'application/x-amz-json-1.1' },
        body: new TextEncoder().encode('{"ResourceTagMappingList":[]}'),
      }),
    }),
  },
});

const noMoney = () => new CollectionError('budget', 'It does not fit.', 'Wait.');

interface Options {
  readonly at?: number;
  readonly previous?: Snapshot<TagsData>;
  readonly budget?: number;
  readonly fresh?: boolean;
  readonly answers?: (body: Body) => Answer;
}

async function collect({ at = NOON, previous, budget = 99, fresh = false, answers = answer }: Options = {}) {
  let left = budget;
  const { context, requests, holds } = contextAt<TagsData>(at, answers, {
    onHold(pages) {
      if (pages > left) throw noMoney();
      left -= pages;
    },
  });
  const given: CollectContext<TagsData> = {
    ...context,
    target: { ...context.target, tagKeys: KEYS },
    aws: { ...context.aws, tagging: () => noResources },
    previous,
    isFresh: () => fresh,
  };
  const collected = await collectTags(given, SETTINGS).catch((error: unknown) => {
    if (error instanceof CollectionError) return error.code;
    throw error;
  });
  const keys = requests.map(({ body }: { body: Body }) => body.GroupBy?.[0]?.Key ?? 'activation');
  return { collected, keys, holds };
}

function kept(data: TagsData | undefined, at = NOON): Snapshot<TagsData> {
  if (data === undefined) throw new Error('nothing was collected');
  return {
    schema: TAGS_SCHEMA,
    collector: 'tags',
    target: 'default',
    accountId: '111122223333',
    collectedAt: new Date(at).toISOString(),
    requests: 1,
    fingerprint: '',
    partial: false,
    data,
  };
}

async function first(): Promise<Snapshot<TagsData>> {
  const { collected } = await collect();
  return kept(typeof collected === 'string' ? undefined : collected.data);
}

t.test('a key is set aside with the pages that it had', async (t) => {
  const { collected, holds } = await collect();
  t.same(holds, [1, 1, 1, 1], 'nothing is known: the activation call, and a page for each key');
  t.same(typeof collected === 'string' ? [] : collected.data.keys.map(({ pages }) => pages), [3, 1, 2]);
  const again = await collect({ previous: await first() });
  t.same(again.holds, [3, 1, 2]);
});

t.test('on a new day each key is bought, though nothing else has moved', async (t) => {
  const previous = await first();
  t.same((await collect({ previous, fresh: true })).keys, [], 'on the same day none');
  const { keys, collected } = await collect({ previous, fresh: true, at: NOON + 86_400_000 });
  t.same(keys, ['activation', 'Env', 'Env', 'Env', 'Team', 'App', 'App']);
  t.same(
    typeof collected === 'string' ? [] : collected.data.keys.map(({ end }) => end),
    Array(3).fill('2026-03-16'),
  );
});

t.test('a key that the budget refuses is a failed part, the others do not notice', async (t) => {
  const previous = await first();
  const { collected, keys } = await collect({ previous, budget: 3, at: NOON + 1 });
  t.same(keys, ['Env', 'Env', 'Env']);
  if (typeof collected === 'string') throw new Error(collected);
  t.same(
    collected.failed.map(({ part, cause }) => [part, cause.code]),
    [
      ['Team', 'budget'],
      ['App', 'budget'],
    ],
  );
  t.same(collected.data.keys.slice(1), previous.data.keys.slice(1), 'their values stay');
});

t.test('where the budget refuses every key that is due, the collection is refused', async (t) => {
  const previous = await first();
  t.equal((await collect({ previous, budget: 0, at: NOON + 1 })).collected, 'budget');
  const [env, ...others] = previous.data.keys;
  const half = kept({
    ...previous.data,
    keys: [env!, ...others.map((key) => ({ ...key, end: '2026-03-14' }))],
  });
  const { collected, keys } = await collect({ previous: half, fresh: true, budget: 0, at: NOON + 1 });
  t.same([collected, keys], ['budget', []], 'also where another one is fresh');
});

t.test('but what was paid is kept: the answer which keys are active', async (t) => {
  for (const previous of [undefined, await first()]) {
    const { collected, keys } = await collect({
      ...(previous && { previous }),
      budget: 1,
      at: NOON + 86_400_000,
    });
    if (typeof collected === 'string') throw new Error(collected);
    t.same(keys, ['activation']);
    t.equal(collected.data.activation?.collectedAt, '2026-03-16T12:00:00.000Z');
    t.same(
      collected.failed.map(({ cause }) => cause.code),
      ['budget', 'budget', 'budget'],
    );
  }
});

t.test('another failure beside the budget is what is told', async (t) => {
  const previous = await first();
  const answers = () => refusal('ThrottlingException');
  t.equal((await collect({ previous, budget: 3, at: NOON + 1, answers })).collected, 'throttled');
});

t.test('what a collection is expected to buy', async (t) => {
  const target = { tagKeys: KEYS };
  const purchases = (snapshot?: Snapshot<TagsData>, assumed = 1, tagKeys: readonly string[] = KEYS) =>
    tagsPurchases({ ...target, tagKeys }, snapshot, assumed, SETTINGS);
  t.same(purchases(), { pages: 3, afterChange: 3, daily: 1 });
  t.same(purchases(undefined, 4), { pages: 12, afterChange: 6, daily: 1 }, 'assumed: two months alike');
  const snapshot = await first();
  t.same(purchases(snapshot), { pages: 6, afterChange: 2 + 1 + 1, daily: 1 });
  const { data } = snapshot;
  const inactive = kept({ ...data, activation: { collectedAt: '', active: ['App'] } });
  t.same(purchases(inactive), { pages: 2, afterChange: 1, daily: 1 });
  const denied = kept({ ...data, activation: null });
  t.same(purchases(denied), { pages: 6, afterChange: 4, daily: 0 }, 'denied');
  t.same(purchases(denied, 1, [...KEYS, 'New']), { pages: 7, afterChange: 5, daily: 0 });
});
