import { type Amount, amount, ZERO } from '../amounts.ts';
import type { Day } from '../days.ts';
import { familyOf } from './instance-types.ts';
import { onDemandCost, type UsageKind, type UsageLine } from './inventory.ts';

export type Term = 'ONE_YEAR' | 'THREE_YEARS';
export type Payment = 'NO_UPFRONT' | 'PARTIAL_UPFRONT' | 'ALL_UPFRONT';

/** What is bought, and for how long. */
export interface Offering {
  readonly term: Term;
  readonly payment: Payment;
}

/** On-demand usage that one purchase can cover. */
export interface Coverable {
  /** The account that would buy. */
  readonly account: string;
  /** Undefined where it does not matter. */
  readonly region: string | undefined;
  /** Instance family or instance type, by the purchase; undefined where it does not matter. */
  readonly type: string | undefined;
  readonly description: string;
  /** Resources in use. */
  readonly count: number;
  /** On-demand cost of the lookback period. */
  readonly cost: Amount;
  /** The same of each of its days with a charge. */
  readonly days: readonly Amount[];
}

/** What a purchase would have saved over the lookback period. */
export interface Purchase extends Coverable {
  /** Share of the on-demand cost that it covers. */
  readonly share: number;
  /** On-demand cost of what it covers. */
  readonly covered: Amount;
  /** Its own cost. */
  readonly price: Amount;
  readonly savings: Amount;
}

/** Discounts on demand by product, for one and for three years, nothing paid in advance. */
const DISCOUNTS: Readonly<Record<string, Readonly<Record<Term, number>>>> = {
  COMPUTE_SP: { ONE_YEAR: 0.27, THREE_YEARS: 0.45 },
  EC2_INSTANCE_SP: { ONE_YEAR: 0.33, THREE_YEARS: 0.53 },
  SAGEMAKER_SP: { ONE_YEAR: 0.24, THREE_YEARS: 0.45 },
  DATABASE_SP: { ONE_YEAR: 0.2, THREE_YEARS: 0.2 },
  Ec2Instance: { ONE_YEAR: 0.36, THREE_YEARS: 0.56 },
  RdsDbInstance: { ONE_YEAR: 0.29, THREE_YEARS: 0.48 },
  ElastiCacheCluster: { ONE_YEAR: 0.31, THREE_YEARS: 0.48 },
  RedshiftCluster: { ONE_YEAR: 0.2, THREE_YEARS: 0.5 },
  OpenSearchDomain: { ONE_YEAR: 0.31, THREE_YEARS: 0.48 },
};

/** What is paid in advance, as a share of the price, and the discount for it. */
export const PAYMENTS: Readonly<Record<Payment, { readonly upfront: number; readonly discount: number }>> = {
  NO_UPFRONT: { upfront: 0, discount: 0 },
  PARTIAL_UPFRONT: { upfront: 0.5, discount: 0.02 },
  ALL_UPFRONT: { upfront: 1, discount: 0.03 },
};

/** Usage that Savings Plans of a type cover. */
const SAVINGS_PLAN_USAGE: Readonly<Record<string, readonly UsageKind[]>> = {
  COMPUTE_SP: ['Ec2Instance', 'LambdaFunction', 'FargateTask'],
  EC2_INSTANCE_SP: ['Ec2Instance'],
  SAGEMAKER_SP: [],
  DATABASE_SP: ['RdsDbInstance', 'ElastiCacheCluster'],
};

/** A commitment of this share of the average is used nearly always. */
const COMMITTED_SHARE = 0.7;
const DECIMALS = 10;

/** Days of a look-back period. */
export const LOOKBACKS: Readonly<Record<string, number>> = { SEVEN_DAYS: 7, THIRTY_DAYS: 30, SIXTY_DAYS: 60 };
/** AWS's month of on-demand usage. */
export const MONTH_DAYS = 30;

function group(
  lines: readonly UsageLine[],
  kinds: readonly UsageKind[],
  key: (line: UsageLine) => Pick<Coverable, 'account' | 'region' | 'type'>,
): readonly Coverable[] {
  const groups = new Map<string, { key: ReturnType<typeof key>; lines: UsageLine[] }>();
  for (const line of lines) {
    if (!kinds.includes(line.kind) || !onDemandCost(line).gt(ZERO)) continue;
    const fields = key(line);
    const id = JSON.stringify([fields.account, fields.region, fields.type]);
    const found = groups.get(id);
    if (found === undefined) groups.set(id, { key: fields, lines: [line] });
    else found.lines.push(line);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, found]) => {
      const days = new Map<Day, Amount>();
      for (const line of found.lines) {
        for (const [day, cost] of line.onDemand) days.set(day, (days.get(day) ?? ZERO).plus(cost));
      }
      return {
        ...found.key,
        description: found.lines[0]?.description ?? '',
        count: new Set(found.lines.map(({ resource }) => resource)).size,
        cost: found.lines.reduce((sum, line) => sum.plus(onDemandCost(line)), ZERO),
        days: [...days.values()],
      };
    });
}

function buy(usage: Coverable, product: string, { term, payment }: Offering, share: number): Purchase {
  const discount = (DISCOUNTS[product]?.[term] ?? 0) + PAYMENTS[payment].discount;
  const covered = usage.cost.times(amount(share)).toDecimalPlaces(DECIMALS, 1);
  const savings = covered.times(amount(discount)).toDecimalPlaces(DECIMALS, 1);
  return { ...usage, share, covered, price: covered.minus(savings), savings };
}

const saves = ({ savings }: Purchase) => savings.gt(ZERO);

/**
 * The Savings Plans of a type that would pay: one per buying account, for EC2 Instance Savings Plans one per region and
 * family too.
 * @param buyer the one account that buys for all; undefined: each its own
 */
export function savingsPlans(
  lines: readonly UsageLine[],
  type: string,
  offering: Offering,
  buyer: string | undefined,
): readonly Purchase[] {
  const perFamily = type === 'EC2_INSTANCE_SP';
  const usage = group(lines, SAVINGS_PLAN_USAGE[type] ?? [], (line) => ({
    account: buyer ?? line.account,
    region: perFamily ? line.region : undefined,
    type: perFamily ? familyOf(line.type) : undefined,
  }));
  return usage.map((item) => buy(item, type, offering, COMMITTED_SHARE)).filter(saves);
}

/** The reservations that would pay: for each buying account, region and instance type, for most of its instances. */
export function reservations(
  lines: readonly UsageLine[],
  kind: UsageKind,
  offering: Offering,
  buyer: string | undefined,
): readonly Purchase[] {
  const usage = group(lines, [kind], (line) => ({
    account: buyer ?? line.account,
    region: line.region,
    type: line.type,
  }));
  return usage.map((item) => buy(item, kind, offering, instancesToBuy(item) / item.count)).filter(saves);
}

/** How many of the instances in use a reservation should be for. */
export function instancesToBuy({ count }: Coverable): number {
  return Math.max(1, Math.floor(count * COMMITTED_SHARE));
}
