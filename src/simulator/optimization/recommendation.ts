import { type Amount, ZERO } from '../amounts.ts';

/** What a recommendation asks for, in Cost Optimization Hub's words. */
export type ActionType =
  | 'Rightsize'
  | 'Stop'
  | 'Upgrade'
  | 'PurchaseSavingsPlans'
  | 'PurchaseReservedInstances'
  | 'MigrateToGraviton'
  | 'Delete';

/** A way to save money, found in a bill. */
export interface Recommendation {
  readonly account: string;
  /** Undefined for what is bought for all regions. */
  readonly region: string | undefined;
  /** The resource; undefined for purchases. */
  readonly resource: string | undefined;
  readonly arn: string | undefined;
  /** Cost Optimization Hub's resource types. */
  readonly currentType: string;
  readonly recommendedType: string;
  readonly action: ActionType;
  /** Cost of the last 30 complete days; for purchases, of the usage that they can cover. */
  readonly cost: Amount;
  /** What it would have saved of `cost`. */
  readonly savings: Amount;
  readonly effort: 'VeryLow' | 'Low' | 'Medium' | 'High' | 'VeryHigh';
  readonly restart: boolean;
  readonly rollback: boolean;
  readonly source: 'ComputeOptimizer' | 'CostExplorer';
  readonly lookbackDays: number;
  /** What is there now, in a few words. */
  readonly current: string;
  /** What is recommended, in a few words. */
  readonly recommended: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Resources and purchases that compete for the same money: a purchase covers what is left after its resources' savings. */
const POOLS: readonly { readonly resources: readonly string[]; readonly purchases: readonly string[] }[] = [
  {
    resources: ['Ec2Instance', 'LambdaFunction'],
    purchases: ['ComputeSavingsPlans', 'Ec2InstanceSavingsPlans', 'Ec2ReservedInstances'],
  },
  { resources: ['RdsDbInstance'], purchases: ['RdsReservedInstances'] },
  { resources: ['ElastiCacheCluster'], purchases: ['ElastiCacheReservedInstances'] },
];

function total(amounts: Iterable<Amount>): Amount {
  let sum = ZERO;
  for (const value of amounts) sum = sum.plus(value);
  return sum;
}

/** The recommendation with the largest saving for each resource, and all purchases, in the given order. */
export function bestPerResource(recommendations: readonly Recommendation[]): readonly Recommendation[] {
  const best = new Map<string, Recommendation>();
  for (const item of recommendations) {
    if (item.resource === undefined) continue;
    const id = JSON.stringify([item.account, item.region, item.currentType, item.resource]);
    const before = best.get(id);
    if (before === undefined || item.savings.gt(before.savings)) best.set(id, item);
  }
  const kept = new Set(best.values());
  return recommendations.filter((item) => item.resource === undefined || kept.has(item));
}

/**
 * What can be saved in all, in a month: of several recommendations for a resource the best, of several kinds of purchase
 * for the same usage the best, and that one for the usage alone which the resources' savings leave.
 */
export function deduplicatedSavings(recommendations: readonly Recommendation[]): Amount {
  const best = bestPerResource(recommendations);
  let sum = total(best.filter(({ resource }) => resource !== undefined).map(({ savings }) => savings));
  for (const pool of POOLS) {
    const kinds = pool.purchases.map((kind) => best.filter(({ currentType }) => currentType === kind));
    const [first, ...others] = kinds.map((items) => ({
      savings: total(items.map(({ savings }) => savings)),
      cost: total(items.map(({ cost }) => cost)),
    }));
    const chosen = others.reduce((a, b) => (b.savings.gt(a?.savings ?? ZERO) ? b : a), first);
    if (chosen === undefined || !chosen.cost.gt(ZERO)) continue;
    const saved = total(
      best
        .filter((item) => item.resource !== undefined && pool.resources.includes(item.currentType))
        .map(({ savings }) => savings),
    );
    const left = chosen.cost.minus(saved).div(chosen.cost);
    if (left.gt(ZERO)) sum = sum.plus(chosen.savings.times(left));
  }
  return sum;
}
