import { type Amount, amount, ZERO } from '../amounts.ts';
import { hashText, noise } from '../bill/noise.ts';
import { gravitonType, smallerType, successorType } from './instance-types.ts';
import type { UsageKind, UsageLine } from './inventory.ts';
import type { ActionType, Recommendation } from './recommendation.ts';

/** Whose costs the savings are of: with discounts what is invoiced and amortized at most, else what is amortized. */
export type SavingsBasis = 'AfterDiscounts' | 'BeforeDiscounts';

/** A change to a resource, before it is weighed against its cost. */
interface Change {
  readonly action: ActionType;
  /** Share of the resource's cost that it saves. */
  readonly share: number;
  readonly to: string;
  readonly effort: Recommendation['effort'];
  readonly restart: boolean;
  readonly rollback: boolean;
}

const IDLE_INSTANCES = 0.15;
const OVERSIZED_INSTANCES = 0.6;
const LOOKBACK_DAYS = 14;
const DECIMALS = 10;

function stop(): Change {
  return { action: 'Stop', share: 1, to: 'Stopped', effort: 'Low', restart: false, rollback: true };
}

function remove(): Change {
  return { action: 'Delete', share: 1, to: 'Deleted', effort: 'Low', restart: false, rollback: false };
}

function resize(
  action: ActionType,
  to: string | undefined,
  share: number,
  effort: Change['effort'],
): Change[] {
  return to === undefined ? [] : [{ action, share, to, effort, restart: true, rollback: true }];
}

function instance({ type }: UsageLine, hash: number): Change[] {
  const load = noise(hash, 1);
  if (load < IDLE_INSTANCES) return [stop()];
  return [
    ...(load < OVERSIZED_INSTANCES ? resize('Rightsize', smallerType(type), 0.5, 'Medium') : []),
    ...(noise(hash, 2) < 0.7 ? resize('MigrateToGraviton', gravitonType(type), 0.2, 'VeryHigh') : []),
    ...resize('Upgrade', successorType(type), 0.1, 'Low'),
  ];
}

function volume({ type }: UsageLine, hash: number): Change[] {
  const load = noise(hash, 1);
  if (load < 0.12) return [remove()];
  const online = { effort: 'VeryLow', restart: false, rollback: true } as const;
  return [
    ...(type === 'gp2' ? [{ ...online, action: 'Upgrade', share: 0.2, to: 'gp3' } as const] : []),
    ...(load < 0.45
      ? [{ ...online, action: 'Rightsize', share: 0.15, to: `${type}, fewer IOPS` } as const]
      : []),
  ];
}

function database({ type }: UsageLine, hash: number): Change[] {
  return [
    ...(noise(hash, 1) < 0.6 ? resize('Rightsize', smallerType(type), 0.5, 'Medium') : []),
    ...resize('Upgrade', successorType(type), 0.05, 'Low'),
    ...resize('MigrateToGraviton', gravitonType(type), 0.15, 'High'),
  ];
}

const CHANGES: Readonly<Partial<Record<UsageKind, (line: UsageLine, hash: number) => Change[]>>> = {
  Ec2Instance: instance,
  EbsVolume: volume,
  RdsDbInstance: database,
  ElastiCacheCluster: ({ type }, hash) =>
    noise(hash, 1) < 0.6 ? resize('Rightsize', smallerType(type), 0.5, 'Medium') : [],
  LambdaFunction: (_line, hash) =>
    noise(hash, 1) < 0.5
      ? [
          {
            action: 'Rightsize',
            share: 0.15 + Math.round(noise(hash, 2) * 25) / 100,
            to: 'Less memory',
            effort: 'Low',
            restart: false,
            rollback: true,
          },
        ]
      : [],
  NatGateway: (_line, hash) => (noise(hash, 1) < 0.34 ? [remove()] : []),
};

/** What a line cost. */
export function costOf(line: UsageLine, basis: SavingsBasis): Amount {
  if (basis === 'BeforeDiscounts' || line.effective.lt(line.billed)) return line.effective;
  return line.billed;
}

/**
 * The recommendations for the resources of a bill: for each a few that exclude each other, or none. Which, depends on the
 * resource alone; how much, on its cost. None where nothing would be saved.
 */
export function resourceRecommendations(
  lines: readonly UsageLine[],
  basis: SavingsBasis,
): readonly Recommendation[] {
  const recommendations: Recommendation[] = [];
  for (const line of lines) {
    const cost = costOf(line, basis);
    const { resource, kind, type } = line;
    if (resource === null || !cost.gt(ZERO)) continue;
    const hash = hashText(`${line.account} ${kind} ${resource}`, 0);
    for (const change of CHANGES[kind]?.(line, hash) ?? []) {
      const savings = cost.times(amount(change.share)).toDecimalPlaces(DECIMALS, 1);
      if (!savings.gt(ZERO)) continue;
      recommendations.push({
        account: line.account,
        region: line.region,
        resource,
        arn: line.arn,
        currentType: kind,
        recommendedType: kind,
        action: change.action,
        cost,
        savings,
        effort: change.effort,
        restart: change.restart,
        rollback: change.rollback,
        source: 'ComputeOptimizer',
        lookbackDays: LOOKBACK_DAYS,
        current: type === '' ? kind : type,
        recommended: change.to,
        tags: line.tags,
      });
    }
  }
  return recommendations;
}
