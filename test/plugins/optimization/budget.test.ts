// The paid parts are set aside before they are bought, with the pages that they had.

import t from 'tap';
import { collectOptimization } from '../../../plugins/optimization/collect.ts';
import { OPTIMIZATION_SCHEMA, type OptimizationData } from '../../../plugins/optimization/model.ts';
import { optimizationPurchases } from '../../../plugins/optimization/purchases.ts';
import type { Snapshot } from '../../../src/collection/snapshot.ts';
import { loadConfig } from '../../../src/config.ts';
import { CollectionError } from '../../../src/errors.ts';
import { type Answer, contextAt, refusal } from '../fake-cost-explorer.ts';

const NOON = Date.parse('2026-03-15T12:00:00Z');
const SETTINGS = {
  priorities: { high: 100, medium: 10 },
  estimate: { metric: 'BlendedCost', windowDays: 30, rates: loadConfig({}).estimates },
} as const;

interface Options {
  readonly source?: 'auto' | 'cost-explorer' | 'estimate';
  readonly at?: number;
  readonly previous?: Snapshot<OptimizationData>;
  readonly budget?: number;
  /** Refuses the first part whatever is left. */
  readonly refuseFirst?: boolean;
  readonly cost?: Snapshot;
  readonly answer?: (request: Record<string, unknown>) => Answer;
}

/** Two pages of rightsizing, one of Savings Plans, one of EBS: all empty. */
function answers(request: Record<string, unknown>): Answer {
  const pagedOnce = request.Service === 'AmazonEC2' && request.NextPageToken === undefined;
  return { body: pagedOnce ? { NextPageToken: 'next' } : request.GroupBy ? { ResultsByTime: [] } : {} };
}

async function collect({ source = 'cost-explorer', at = NOON, budget = 99, ...given }: Options = {}) {
  let left = budget;
  const { context, requests, holds } = contextAt<OptimizationData>(at, given.answer ?? answers, {
    onHold(pages) {
      const isFirst = given.refuseFirst && left === budget;
      if (isFirst) left--;
      if (isFirst || pages > left) throw new CollectionError('budget', 'It does not fit.', 'Wait.');
      left -= pages;
    },
  });
  const asked = { ...context, previous: given.previous, other: () => given.cost };
  const collected = await collectOptimization(asked, { ...SETTINGS, source }).catch((error: unknown) => {
    if (error instanceof CollectionError) return error.code;
    throw error;
  });
  return { collected, requests, holds };
}

function kept<Data>(data: Data): Snapshot<Data> {
  return {
    schema: OPTIMIZATION_SCHEMA,
    collector: 'optimization',
    target: 'default',
    accountId: '111122223333',
    collectedAt: new Date(NOON).toISOString(),
    requests: 1,
    fingerprint: '',
    partial: false,
    data,
  };
}

async function bought(options: Options = {}): Promise<Snapshot<OptimizationData>> {
  const { collected } = await collect(options);
  if (typeof collected === 'string') throw new Error(collected);
  return kept(collected.data);
}

const COST = kept({ currency: 'USD', services: [], pairs: [], days: [] });

t.test('a part is set aside with the pages that it had', async (t) => {
  t.same((await collect()).holds, [1, 1]);
  const previous = await bought();
  t.same((await collect({ previous })).holds, [], 'once a day');
  t.same((await collect({ previous, at: NOON + 86_400_000 })).holds, [2, 1]);
  t.same((await collect({ source: 'estimate', cost: COST })).holds, [1]);
});

t.test('a part that the budget refuses keeps its last recommendations', async (t) => {
  const previous = await bought();
  const { collected, requests } = await collect({ previous, at: NOON + 86_400_000, budget: 1 });
  if (typeof collected === 'string') throw new Error(collected);
  t.equal(requests.length, 1, 'the smaller one fits');
  t.same(
    collected.failed.map(({ part, cause }) => [part, cause.code]),
    [['rightsizing', 'budget']],
  );
  t.same(collected.data.paid[0], previous.data.paid[0]);
});

t.test('a source whose parts the budget refuses is not passed over', async (t) => {
  t.equal((await collect({ budget: 0 })).collected, 'budget');
  const denied = (request: Record<string, unknown>) =>
    request.Service === 'AmazonEC2' ? refusal('AccessDeniedException') : answers(request);
  let asked = 0;
  const { collected } = await collect({
    answer: (request) => {
      asked++;
      return denied(request);
    },
    budget: 1,
  });
  t.equal(collected, 'budget', 'rightsizing is denied, Savings Plans do not fit');
  t.equal(asked, 1);
  const { collected: throttled } = await collect({
    refuseFirst: true,
    answer: () => refusal('ThrottlingException'),
  });
  t.equal(throttled, 'throttled', 'another failure is told before the budget');
});

t.test('without the EBS part the estimate stands all the same', async (t) => {
  const { collected } = await collect({ source: 'estimate', cost: COST, budget: 0 });
  if (typeof collected === 'string') throw new Error(collected);
  t.same(
    collected.failed.map(({ part, cause }) => [part, cause.code]),
    [['ebs', 'budget']],
  );
  t.same(
    collected.data.recommendations.map(({ category }) => category),
    ['EC2', 'RDS', 'All'],
  );
});

t.test('what a collection is expected to buy', async (t) => {
  t.same(optimizationPurchases('auto', undefined), { pages: 0, daily: 7 }, 'the hub may not be enrolled');
  t.same(optimizationPurchases('cost-optimization-hub', undefined), { pages: 0, daily: 0 });
  t.same(optimizationPurchases('cost-explorer', undefined), { pages: 0, daily: 7 });
  t.same(optimizationPurchases('estimate', undefined), { pages: 0, daily: 1 });
  const snapshot = await bought();
  t.same(optimizationPurchases('auto', snapshot), { pages: 0, daily: 3 });
  const { data } = snapshot;
  const hub = kept<OptimizationData>({ ...data, source: 'cost-optimization-hub' });
  t.same(optimizationPurchases('auto', hub), { pages: 0, daily: 0 }, 'parts of an earlier source');
  t.same(optimizationPurchases('auto', await bought({ source: 'estimate', cost: COST })), {
    pages: 0,
    daily: 1,
  });
});
