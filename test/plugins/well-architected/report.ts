import type { Test } from 'tap';
import type { FaultRule } from '../../../src/simulator/index.ts';
import { type Exporter, type ExporterOptions, startExporter } from '../../helper.ts';

/** Counts as AWS writes them: what is 0 may be missing. */
export type Counts = Partial<Record<'HIGH' | 'MEDIUM' | 'NONE' | 'NOT_APPLICABLE' | 'UNANSWERED', number>>;

/** A lens of a workload: counts by pillar. */
export interface LensOf {
  readonly arn: string;
  readonly pillars: Readonly<Record<string, Counts>>;
}

/** A workload as a test wants AWS to tell of it. */
export interface WorkloadOf {
  readonly id: string;
  readonly account?: string;
  readonly region?: string;
  readonly lenses: readonly LensOf[];
}

export const FRAMEWORK = 'arn:aws:wellarchitected::aws:lens/wellarchitected';
export const CUSTOM = 'arn:aws:wellarchitected:us-east-1:111111111111:lens/0123456789abcdef0123456789abcdef';

/** ARN of a workload of a test. */
export function arnOf({ id, account = '111111111111', region = 'us-east-1' }: WorkloadOf): string {
  const partition = region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:wellarchitected:${region}:${account}:workload/${id}`;
}

/** A workload with one lens, the framework. */
export function workload(id: string, pillars: LensOf['pillars'], more: Partial<WorkloadOf> = {}): WorkloadOf {
  return { id: id.padStart(32, '0'), lenses: [{ arn: FRAMEWORK, pillars }], ...more };
}

/** Lets AWS tell of these workloads, and no others, in each region. */
export function telling(workloads: readonly WorkloadOf[]): FaultRule[] {
  const named = (one: WorkloadOf) => ({
    WorkloadId: one.id,
    WorkloadArn: arnOf(one),
    WorkloadName: `workload ${Number(one.id)}`,
    UpdatedAt: 1_760_000_000,
  });
  return [
    {
      kind: 'mutate',
      operation: 'GetConsolidatedReport',
      mutate: () => ({
        Metrics: workloads.map((one) => ({
          MetricType: 'WORKLOAD',
          ...named(one),
          Lenses: one.lenses.map(({ arn, pillars }) => ({
            LensArn: arn,
            Pillars: Object.entries(pillars).map(([PillarId, RiskCounts]) => ({ PillarId, RiskCounts })),
          })),
          LensesAppliedCount: one.lenses.length,
        })),
      }),
    },
    {
      kind: 'mutate',
      operation: 'ListWorkloads',
      mutate: () => ({
        WorkloadSummaries: workloads.map((one) => ({ ...named(one), ImprovementStatus: 'IN_PROGRESS' })),
      }),
    },
  ];
}

/** Starts an exporter of the Well-Architected capability alone. */
export function startReviews(
  t: Test,
  { faults = [], env, before, ...options }: ExporterOptions & { readonly faults?: readonly FaultRule[] } = {},
): Promise<Exporter> {
  return startExporter(t, {
    ...options,
    env: { CAPABILITIES: 'well-architected', ...env },
    before: (sim) => {
      before?.(sim);
      for (const fault of faults) sim.faults.add(fault);
    },
  });
}

/** Counts in REST's words. */
export interface Risks {
  readonly high: number;
  readonly medium: number;
  readonly none: number;
  readonly notApplicable: number;
  readonly unanswered: number;
}

/** The body of GET /wellarchitected. */
export interface Body {
  readonly stale: boolean;
  readonly reason: string | null;
  readonly pillars: readonly (Risks & { pillar: string; score: number | null })[];
  readonly workloads: readonly {
    id: string;
    arn: string;
    name: string;
    region: string;
    lenses: string[];
    risks: Risks;
    improvementStatus: string | null;
    updatedAt: string | null;
    consoleUrl: string;
  }[];
}

/** The body of GET /wellarchitected. */
export async function reviews({ get }: Exporter, query = ''): Promise<Body> {
  return (await get(`/wellarchitected${query}`)).json<Body>();
}

/** Risks on the page: `pillar/level` to questions. */
export async function risksOn({ metrics }: Exporter, account?: string): Promise<Record<string, number>> {
  const labels: Record<string, string> = account === undefined ? {} : { account_id: account };
  const series = (await metrics()).series('aws_wellarchitected_risks', labels);
  return Object.fromEntries(
    series.map((one) => [`${one.labels.pillar}/${one.labels.risk_level}`, one.value]),
  );
}
