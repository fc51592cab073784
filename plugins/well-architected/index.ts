import { TypeCompiler } from '@sinclair/typebox/compiler';
import fp from 'fastify-plugin';
import type { Capability, EmptyReason } from '../../src/collection/capability.ts';
import type { Config } from '../../src/config.ts';
import { wellArchitectedFamilies, wellArchitectedSamples } from './families.ts';
import {
  risksByPillar,
  risksOf,
  scoreOf,
  WELL_ARCHITECTED_SCHEMA,
  WellArchitectedData,
  type Workload,
  workloadsOf,
} from './model.ts';
import { WellArchitected, type WellArchitectedDocument } from './schema.ts';

/** Longest time for one collection, all regions, in milliseconds. */
const TIMEOUT_MS = 10 * 60_000;

const Data = TypeCompiler.Compile(WellArchitectedData);

/** Well-Architected reviews: free, regional; `aws_wellarchitected_*` and `GET /wellarchitected`. */
export default fp<{ config: Config }>(
  async function wellArchitectedPlugin(fastify, { config }) {
    const capability: Capability<WellArchitectedData> = {
      name: 'well-architected',
      intervalMs: config.wellArchitected.intervalMs,
      timeoutMs: TIMEOUT_MS,
      operations: ['GetConsolidatedReport', 'ListWorkloads', 'ListLensReviews', 'GetLensReview'],
      schema: WELL_ARCHITECTED_SCHEMA,
      families: wellArchitectedFamilies,
      reads: [],
      accepts: (data): data is WellArchitectedData => Data.Check(data),
      fingerprint: ({ regions }) => regions.join(','),
      collect: async (context) => (await import('./collect.ts')).collectWellArchitected(context),
      present: (view) => ({
        samples: wellArchitectedSamples(view),
        folded: 0,
        claims: workloadsOf(view.snapshot.data).map(({ arn }) => arn),
        document: (reason) => document(view.snapshot.data, reason),
      }),
      empty: (reason): WellArchitectedDocument => ({ pillars: [], workloads: [], reason }),
    };
    fastify.collections.register(capability);
    fastify.documentRoute({
      url: '/wellarchitected',
      collector: 'well-architected',
      operationId: 'getWellArchitected',
      summary: 'Well-Architected reviews',
      description:
        'Risks and scores by pillar, and the workloads of one target in its regions. From the last good snapshot.',
      body: WellArchitected,
    });
  },
  { name: 'well-architected', fastify: '5.x', dependencies: ['documents'] },
);

function document(data: WellArchitectedData, reason: EmptyReason | null): WellArchitectedDocument {
  const workloads = workloadsOf(data);
  return {
    pillars: [...risksByPillar(workloads)].map(([pillar, counts]) => ({
      pillar,
      score: scoreOf(counts),
      ...counts,
    })),
    workloads: workloads.map((workload) => ({
      id: workload.id,
      arn: workload.arn,
      name: workload.name,
      region: workload.region,
      lenses: workload.lenses.map(({ lens }) => lens),
      risks: risksOf(workload),
      improvementStatus: workload.improvementStatus,
      updatedAt: workload.updatedAt,
      consoleUrl: consoleUrl(workload, data.consoleHost),
    })),
    reason,
  };
}

function consoleUrl({ id, region }: Workload, host: string): string {
  const place = encodeURIComponent(region);
  return `https://${place}.${host}/wellarchitected/home?region=${place}#/workload/${encodeURIComponent(id)}`;
}
