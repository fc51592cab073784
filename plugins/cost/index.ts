import { TypeCompiler } from '@sinclair/typebox/compiler';
import fp from 'fastify-plugin';
import type { Capability } from '../../src/collection/capability.ts';
import { addDays } from '../../src/collection/periods.ts';
import type { Config } from '../../src/config.ts';
import { costDocument, emptyCostDocument } from './document.ts';
import { costFamilies, costSamples } from './families.ts';
import { COST_SCHEMA, CostData } from './model.ts';
import { costPurchases } from './purchases.ts';
import { CostCurrent } from './schema.ts';

/** Longest time for one cost collection, all pages, in milliseconds. */
const TIMEOUT_MS = 5 * 60_000;

const Data = TypeCompiler.Compile(CostData);

/** Cost by service, linked account and day: a probe and the days that have moved, `aws_cost_*` and `GET /cost/current`. */
export default fp<{ config: Config }>(
  async function costPlugin(fastify, { config }) {
    const settings = config.cost;
    const capability: Capability<CostData> = {
      name: 'cost',
      intervalMs: settings.intervalMs,
      timeoutMs: TIMEOUT_MS,
      operations: ['GetCostAndUsage'],
      schema: COST_SCHEMA,
      families: costFamilies,
      reads: [],
      accepts: (data): data is CostData => Data.Check(data),
      fingerprint: () =>
        [settings.metric, settings.windowDays, settings.dailyDays, settings.settledDays].join(' '),
      movedAt: ({ movedAt }) => (movedAt === null ? undefined : Date.parse(movedAt)),
      standsSince: (data) =>
        new Map(Object.entries(data.standsSince).map(([day, at]) => [day, Date.parse(at)])),
      // A bill of one page is asked for at every tick.
      boughtDays: ({ pages, boughtAt, days }) =>
        pages === 1
          ? []
          : days.map(({ date }) => ({ start: date, end: addDays(date, 1), collectedAt: boughtAt })),
      purchases: (_target, snapshot, assumedPages) => costPurchases(snapshot, assumedPages),
      // AWS's clients are half of the program: they are loaded when something is bought, and not before it serves.
      collect: async (context) => (await import('./collect.ts')).collectCost(context, settings),
      present: (view) => ({
        ...costSamples(view, settings),
        claims: view.snapshot.data.accounts.map(({ id }) => id),
        document: (reason) => costDocument(view, settings, reason),
      }),
      empty: (reason, _target, now) => emptyCostDocument(reason, now, settings),
    };
    fastify.collections.register(capability);
    fastify.documentRoute({
      url: '/cost/current',
      collector: 'cost',
      operationId: 'getCostCurrent',
      summary: 'Cost over the window, month to date and by day',
      description:
        'What one target has spent: over the trailing COST_WINDOW_DAYS complete days (by service and by linked account), since the 1st of the month, and on each day. From the last good snapshot.',
      body: CostCurrent,
    });
  },
  { name: 'cost', fastify: '5.x', dependencies: ['documents'] },
);
