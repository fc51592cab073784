import { TypeCompiler } from '@sinclair/typebox/compiler';
import fp from 'fastify-plugin';
import type { Capability } from '../../src/collection/capability.ts';
import type { Config } from '../../src/config.ts';
import { COMMITMENT_WORDS } from './commitments.ts';
import { emptyRecommendations, filtered, recommendationsDocument } from './document.ts';
import { claimsOf, optimizationFamilies, optimizationSamples } from './families.ts';
import { OPTIMIZATION_SCHEMA, OptimizationData } from './model.ts';
import { OVERLAP_RULE } from './overlaps.ts';
import type { Purchased } from './paid.ts';
import { optimizationPurchases } from './purchases.ts';
import { Recommendations, type RecommendationsDocument, RecommendationsQuery } from './schema.ts';

/** Longest time for one collection, in milliseconds. */
const TIMEOUT_MS = 5 * 60_000;

const Data = TypeCompiler.Compile(OptimizationData);

/** What could be saved: the best source that the account has, `aws_optimization_*` and `GET /recommendations`. */
export default fp<{ config: Config }>(
  async function optimizationPlugin(fastify, { config }) {
    const { source, priorities, intervalMs } = config.optimization;
    const { metric, windowDays } = config.cost;
    const settings = { source, priorities, estimate: { metric, windowDays, rates: config.estimates } };
    const purchased: Purchased = new Map();
    const capability: Capability<OptimizationData> = {
      name: 'optimization',
      intervalMs,
      timeoutMs: TIMEOUT_MS,
      operations: [
        'ListEnrollmentStatuses',
        'GetPreferences',
        'ListRecommendationSummaries',
        'ListRecommendations',
        'GetRightsizingRecommendation',
        'GetSavingsPlansPurchaseRecommendation',
        'GetReservationPurchaseRecommendation',
        'GetCostAndUsage',
      ],
      schema: OPTIMIZATION_SCHEMA,
      families: optimizationFamilies,
      reads: ['cost'],
      collectsAfter: ['cost'],
      accepts: (data): data is OptimizationData => Data.Check(data),
      fingerprint: () => JSON.stringify([source, settings.estimate]),
      purchases: (_target, snapshot) => optimizationPurchases(source, snapshot),
      collect: async (context) =>
        (await import('./collect.ts')).collectOptimization(context, settings, purchased),
      present: (view) => ({
        samples: optimizationSamples(view, priorities),
        folded: 0,
        claims: claimsOf(view),
        document: (reason) => recommendationsDocument(view, priorities, reason),
      }),
      empty: emptyRecommendations,
    };
    fastify.collections.register(capability);
    fastify.documentRoute({
      url: '/recommendations',
      collector: 'optimization',
      operationId: 'getRecommendations',
      summary: 'What could be saved',
      description: `Open recommendations of one target from the best source that the account has: the Cost Optimization Hub, else Cost Explorer, else an estimate. From the last good snapshot. Cost Explorer is asked for Savings Plans and reservations in one combination: ${COMMITMENT_WORDS}; the hub has the account's own preference. What can be saved in all: ${OVERLAP_RULE}`,
      body: Recommendations,
      query: RecommendationsQuery,
      select: (document, query) => filtered(document as RecommendationsDocument, query),
    });
  },
  { name: 'optimization', fastify: '5.x', dependencies: ['documents'] },
);
