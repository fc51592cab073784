import type { Test } from 'tap';
import type { FocusRow } from '../../../src/focus.ts';
import { type FaultRule, generateBill } from '../../../src/simulator/index.ts';
import { type Exporter, type ExporterOptions, startExporter, TODAY } from '../../helper.ts';

/** The payer of the generated bill, and one of its members. */
export const OWNER = '111122223333';
export const PRODUCTION = '222233334444';

/** A bill with instances, volumes, databases and more to recommend something for. */
export const BILL: readonly FocusRow[] = generateBill({
  seed: 3,
  today: new Date(`${TODAY}T12:00:00Z`),
  days: 70,
});

/** Where recommendations come from, the best first. */
export const HUB = 'cost-optimization-hub';
export const EXPLORER = 'cost-explorer';

/** Cost Explorer's own recommendation calls: each page is paid. */
export const PAID_CALLS = [
  'GetRightsizingRecommendation',
  'GetSavingsPlansPurchaseRecommendation',
  'GetReservationPurchaseRecommendation',
] as const;

/** Faults that deny operations. */
export function denied(...operations: readonly string[]): FaultRule[] {
  return operations.map((operation) => ({ kind: 'deny', operation }));
}

/** One element of `recommendations[]`. */
export interface Item {
  readonly id: string;
  readonly type: string;
  readonly category: string;
  readonly resource: string | null;
  readonly region: string | null;
  readonly account: string;
  readonly monthlySavings: number;
  readonly monthlyCost: number | null;
  readonly effort: string | null;
  readonly priority: string;
  readonly restart: boolean | null;
  readonly rollback: boolean | null;
  readonly generatedAt: string | null;
  readonly source: string;
}

/** The body of GET /recommendations. */
export interface Body {
  readonly collectedAt: string;
  readonly stale: boolean;
  readonly currency: string | null;
  readonly source: string | null;
  readonly reason: string | null;
  readonly rightsizing: readonly { service: string; potential_savings: number; recommendation: string }[];
  readonly total_potential_savings: number;
  readonly last_updated: string | null;
  readonly recommendations: readonly Item[];
}

/** A source or a part of one that was passed over. */
export interface Passed {
  readonly part: string;
  readonly cause: { readonly code: string; readonly message: string; readonly advice: string };
}

export interface OptimizationOptions extends ExporterOptions {
  readonly enrolled?: boolean;
  readonly faults?: readonly FaultRule[];
}

/** Starts an exporter of cost and optimization; by default the account is not enrolled in the hub. */
export function startOptimization(t: Test, options: OptimizationOptions = {}): Promise<Exporter> {
  const { enrolled = false, faults = [], before, simulator, env, ...rest } = options;
  return startExporter(t, {
    bill: BILL,
    ...rest,
    env: { CAPABILITIES: 'cost,optimization', ...env },
    simulator: { ...simulator, settings: { hubEnrolled: enrolled, ...simulator?.settings } },
    before: (sim) => {
      before?.(sim);
      for (const fault of faults) sim.faults.add(fault);
    },
  });
}

/** The body of GET /recommendations. */
export async function recommendations({ get }: Exporter, query = ''): Promise<Body> {
  return (await get(`/recommendations${query}`)).json<Body>();
}

/** How many requests of each operation the simulator has received. */
export function requested({ sim }: Exporter): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operation = '' } of sim.requests) counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}

/** How many of Cost Explorer's recommendation calls were answered, and so paid. */
export function paidFor({ sim }: Exporter): number {
  const calls: readonly string[] = PAID_CALLS;
  return sim.requests.filter(({ operation = '', status }) => calls.includes(operation) && status === 200)
    .length;
}

/** What `/ready` says was passed over. */
export async function passedOver({ get }: Exporter): Promise<readonly Passed[]> {
  const ready = (await get('/ready')).json<{
    targets: { collectors: { collector: string; passedOver: Passed[] }[] }[];
  }>();
  const collectors = ready.targets[0]?.collectors ?? [];
  return collectors.find(({ collector }) => collector === 'optimization')?.passedOver ?? [];
}

/** The sources that have series on the page. */
export async function sourcesOn({ metrics }: Exporter): Promise<string[]> {
  const page = await metrics();
  const families = [
    'aws_optimization_savings',
    'aws_optimization_recommendations_open',
    'aws_optimization_savings_deduplicated',
  ];
  const series = families.flatMap((family) => page.series(family));
  return [...new Set(series.map(({ labels }) => labels.source ?? ''))];
}
