import type { BillIndex } from '../bill/bill-index.ts';
import type { Caller } from '../credentials.ts';
import { MONTH_DAYS, type Offering, type Purchase, reservations, savingsPlans } from './commitments.ts';
import { type UsageKind, type UsageLine, usageLines } from './inventory.ts';
import type { ActionType, Recommendation } from './recommendation.ts';
import { resourceRecommendations, type SavingsBasis } from './resource-recommendations.ts';

/** The purchase that Cost Optimization Hub recommends, where the account has no other preference. */
export const PREFERRED: Offering = { term: 'ONE_YEAR', payment: 'NO_UPFRONT' };

const SAVINGS_PLANS: Readonly<Record<string, string>> = {
  COMPUTE_SP: 'ComputeSavingsPlans',
  EC2_INSTANCE_SP: 'Ec2InstanceSavingsPlans',
};

const RESERVATIONS: Readonly<Partial<Record<UsageKind, string>>> = {
  Ec2Instance: 'Ec2ReservedInstances',
  RdsDbInstance: 'RdsReservedInstances',
  ElastiCacheCluster: 'ElastiCacheReservedInstances',
  RedshiftCluster: 'RedshiftReservedInstances',
  OpenSearchDomain: 'OpenSearchReservedInstances',
};

/** The usage of the accounts that a caller sees, over the last complete days. */
export function visibleUsage(
  bill: BillIndex,
  now: Date,
  { sees }: Caller,
  days: number,
): readonly UsageLine[] {
  const lines = usageLines(bill, now, days);
  return sees === 'all' ? lines : lines.filter(({ account }) => sees.has(account));
}

function purchase(item: Purchase, type: string, action: ActionType): Recommendation {
  return {
    account: item.account,
    region: item.region,
    resource: undefined,
    arn: undefined,
    currentType: type,
    recommendedType: type,
    action,
    cost: item.cost,
    savings: item.savings,
    effort: 'VeryLow',
    restart: false,
    rollback: false,
    source: 'CostExplorer',
    lookbackDays: MONTH_DAYS,
    current: '',
    recommended: [item.type, item.region].filter((word) => word !== undefined).join(' in '),
    tags: {},
  };
}

/**
 * Everything that a caller could save money with, resources first. Purchases are made by the caller's account, one year
 * at a time, with nothing in advance.
 */
export function recommendationsFor(
  bill: BillIndex,
  now: Date,
  caller: Caller,
  basis: SavingsBasis,
): readonly Recommendation[] {
  const lines = visibleUsage(bill, now, caller, MONTH_DAYS);
  const buyer = caller.accountId;
  return [
    ...resourceRecommendations(lines, basis),
    ...Object.entries(SAVINGS_PLANS).flatMap(([type, name]) =>
      savingsPlans(lines, type, PREFERRED, buyer).map((item) => purchase(item, name, 'PurchaseSavingsPlans')),
    ),
    ...Object.entries(RESERVATIONS).flatMap(([kind, name]) =>
      reservations(lines, kind as UsageKind, PREFERRED, buyer).map((item) =>
        purchase(item, name, 'PurchaseReservedInstances'),
      ),
    ),
  ];
}
