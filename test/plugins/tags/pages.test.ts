// A key is set aside as a whole before its first page, and what the budget refuses is told as that.
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { HttpResponse } from '@smithy/core/protocols';
import t from 'tap';
import { collectTags } from '../../../plugins/tags/collect.ts';
import { TAGS_SCHEMA, type TagsData } from '../../../plugins/tags/model.ts';
import { tagsPurchases } from '../../../plugins/tags/purchases.ts';
import type { BoughtPart, CollectContext } from '../../../src/collection/capability.ts';
import { firstOfNextMonth } from '../../../src/collection/periods.ts';
import type { Snapshot } from '../../../src/collection/snapshot.ts';
import { CollectionError } from '../../../src/errors.ts';
import { type Answer, contextAt, refusal } from '../fake-cost-explorer.ts';

const NOON = Date.parse('2026-03-15T12:00:00Z');
const SETTINGS = { metric: 'BlendedCost', windowDays: 30 };
const KEYS = ['Env', 'Team', 'App'];

/** Pages of each key, in monthly buckets, each page with a service of its own. */
const PAGES: Readonly<Record<string, number>> = { Env: 3, Team: 1, App: 2 };

type Body = Record<string, unknown> & { GroupBy?: { Key: string }[]; TimePeriod?: Record<string, string> };

/** The months of the days asked for, clipped. */
function monthsOf({ TimePeriod: { Start = '', End = '' } = {} }: Body) {
  const months: { Start: string; End: string }[] = [];
  for (let at = Start; at < End; at = firstOfNextMonth(at)) {
    const next = firstOfNextMonth(at);
    months.push({ Start: at, End: next < End ? next : End });
  }
  return months;
}

function answer(body: Body): Answer {
  const key = body.GroupBy?.[0]?.Key;
  if (key === undefined) {
    return { body: { CostAllocationTags: KEYS.map((TagKey) => ({ TagKey, Status: 'Active' })) } };
  }
  const number = Number(body.NextPageToken ?? 0);
  return {
    body: {
      ResultsByTime: monthsOf(body).map((TimePeriod) => ({
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
  readonly isStillTrue?: (days: BoughtPart) => boolean;
  readonly windowDays?: number;
  readonly answers?: (body: Body) => Answer;
}

async function collect(options: Options = {}) {
  const { at = NOON, previous, budget = 99, fresh = false, answers = answer } = options;
  const { isStillTrue = () => false, windowDays = SETTINGS.windowDays } = options;
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
    isStillTrue,
  };
  const collected = await collectTags(given, { ...SETTINGS, windowDays }).catch((error: unknown) => {
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

/** Three pages a month of one key, of 90 days: four months, twelve pages. */
function manyMonths(body: Body): Answer {
  if (body.GroupBy === undefined) return answer(body);
  const months = monthsOf(body);
  const number = Number(body.NextPageToken ?? 0);
  const page = answer(body).body as { ResultsByTime: { Groups: unknown }[] };
  return {
    body: {
      ResultsByTime: [{ TimePeriod: months[Math.floor(number / 3)], Groups: page.ResultsByTime[0]?.Groups }],
      ...(number + 1 < 3 * months.length ? { NextPageToken: String(number + 1) } : {}),
    },
  };
}

t.test('months that are apart are set aside together, and bought both or none', async (t) => {
  const how = { answers: manyMonths, windowDays: 90 };
  const { collected } = await collect(how);
  if (typeof collected === 'string') throw new Error(collected);
  const previous = kept(collected.data);
  t.same(
    collected.data.keys.map(({ pages, buckets }) => [pages, buckets.map(({ pages: share }) => share)]),
    Array(3).fill([12, [3, 3, 3, 3]]),
  );
  const isStillTrue = ({ start }: BoughtPart) => start === '2026-01-01' || start === '2026-02-01';
  const next = { ...how, previous, isStillTrue, at: NOON + 1 };
  const again = await collect(next);
  t.same(again.holds, [6, 6, 6], 'each key for itself, its queries together');
  t.equal(again.keys.length, 18);
  if (typeof again.collected === 'string') throw new Error(again.collected);
  for (const { collectedAt, pages, buckets } of again.collected.data.keys) {
    t.equal(Date.parse(collectedAt), NOON + 1);
    t.equal(pages, 12);
    t.same(
      buckets.map((bucket) => Date.parse(bucket.collectedAt) - NOON),
      [1, 0, 0, 1],
    );
  }
  const poor = await collect({ ...next, budget: 5 });
  t.same([poor.collected, poor.keys], ['budget', []], 'nothing is sent of what does not fit as a whole');
  const broken = await collect({
    ...next,
    answers: (body) =>
      body.GroupBy?.[0]?.Key === 'Team' && body.TimePeriod?.Start === '2026-03-01'
        ? refusal('AccessDeniedException')
        : manyMonths(body),
  });
  if (typeof broken.collected === 'string') throw new Error(broken.collected);
  t.same(broken.collected.data.keys[1], previous.data.keys[1], 'one month fails: the key is as it was');
  t.same(broken.collected.data.keys[2], again.collected.data.keys[2], 'the others do not notice');
  const euro = (body: Body): Answer => JSON.parse(JSON.stringify(manyMonths(body)).replaceAll('USD', 'EUR'));
  t.equal((await collect({ ...next, answers: euro })).collected, 'invalid_response', 'no two currencies');
});

t.test('where the whole costs no more than its parts, it is bought in one query', async (t) => {
  const { collected } = await collect({ windowDays: 90 });
  if (typeof collected === 'string') throw new Error(collected);
  const previous = kept(collected.data);
  const isStillTrue = ({ start }: BoughtPart) => start !== '2026-03-01';
  const again = await collect({ previous, isStillTrue, at: NOON + 1, windowDays: 90 });
  t.same(again.holds, [1, 1, 1], 'a quarter of three pages, of one and of two');
  if (typeof again.collected === 'string') throw new Error(again.collected);
  const bought = again.collected.data.keys.map(({ buckets }) =>
    buckets.map((bucket) => Date.parse(bucket.collectedAt) - NOON),
  );
  t.same(bought, [
    [0, 0, 0, 1],
    [1, 1, 1, 1],
    [0, 0, 0, 1],
  ]);
});

t.test('where nothing has to be bought, nothing is set aside', async (t) => {
  const previous = await first();
  const { holds, keys } = await collect({ previous, isStillTrue: () => true, at: NOON + 1 });
  t.same([holds, keys], [[], []]);
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
