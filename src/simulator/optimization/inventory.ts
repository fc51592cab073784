import type { FocusRow } from '../../focus.ts';
import { type Amount, amount, ZERO } from '../amounts.ts';
import { resourceArn } from '../arns.ts';
import { type BillIndex, linkedAccount } from '../bill/bill-index.ts';
import { EC2 } from '../bill/service-names.ts';
import { usageType } from '../bill/usage-types.ts';
import { addDays, type Day, dayOf } from '../days.ts';

/** What a line of usage is of: what AWS can recommend something for. */
export type UsageKind =
  | 'Ec2Instance'
  | 'EbsVolume'
  | 'NatGateway'
  | 'RdsDbInstance'
  | 'ElastiCacheCluster'
  | 'RedshiftCluster'
  | 'OpenSearchDomain'
  | 'LambdaFunction'
  | 'FargateTask';

/** The usage of one resource over a period of complete days. */
export interface UsageLine {
  readonly kind: UsageKind;
  /** Instance, node or volume type; empty where the kind has none. */
  readonly type: string;
  readonly account: string;
  readonly region: string;
  /** The bill's resource id; null where the charges name none. */
  readonly resource: string | null;
  readonly arn: string | undefined;
  readonly description: string;
  tags: Readonly<Record<string, string>>;
  /** What is invoiced. */
  billed: Amount;
  /** What is amortized. */
  effective: Amount;
  /** What is invoiced for usage that no Savings Plan covers, by day. */
  readonly onDemand: Map<Day, Amount>;
}

const COVERED = /covered by .*savings plan/i;

const EC2_KINDS: readonly (readonly [usageType: RegExp, kind: UsageKind])[] = [
  [/BoxUsage:(.+)$/, 'Ec2Instance'],
  [/EBS:VolumeUsage\.?(.*)$/, 'EbsVolume'],
  [/NatGateway-Hours()$/, 'NatGateway'],
];

const KINDS: readonly (readonly [service: RegExp, description: RegExp, kind: UsageKind])[] = [
  [/Relational Database/, /(db\.[a-z0-9]+\.\w+).*hour/i, 'RdsDbInstance'],
  [/ElastiCache/, /(cache\.[a-z0-9]+\.\w+).*hour/i, 'ElastiCacheCluster'],
  [/Redshift/, /((?:dc|ds|ra)\d\.\w+)/i, 'RedshiftCluster'],
  [/OpenSearch|Elasticsearch/, /(\w+\.\w+\.(?:search|elasticsearch)).*hour/i, 'OpenSearchDomain'],
  [/Lambda/, /()(?:compute|gb-second)/i, 'LambdaFunction'],
  [/Container Service/, /()fargate/i, 'FargateTask'],
];

function classify(row: FocusRow): readonly [kind: UsageKind, type: string] | undefined {
  if (row.ChargeCategory !== 'Usage' || row.ChargeDescription === null) return undefined;
  if (row.ServiceName === EC2) {
    const usage = usageType(row);
    for (const [pattern, kind] of EC2_KINDS) {
      const match = pattern.exec(usage);
      if (match !== null) return [kind, match[1] || 'standard'];
    }
    return undefined;
  }
  for (const [service, description, kind] of KINDS) {
    const match = service.test(row.ServiceName) ? description.exec(row.ChargeDescription) : null;
    if (match !== null) return [kind, match[1] ?? ''];
  }
  return undefined;
}

function collect(bill: BillIndex, start: Day, end: Day): readonly UsageLine[] {
  const lines = new Map<string, UsageLine>();
  for (const row of bill.rows) {
    const text = row.ChargePeriodStart;
    const day = text.endsWith('Z') ? text.slice(0, 10) : dayOf(Date.parse(text));
    if (day < start || day >= end) continue;
    const found = classify(row);
    if (found === undefined) continue;
    const [kind, type] = found;
    const account = linkedAccount(row);
    const region = row.RegionId ?? 'us-east-1';
    const id = JSON.stringify([kind, type, account, region, row.ResourceId]);
    let line = lines.get(id);
    if (line === undefined) {
      line = {
        kind,
        type,
        account,
        region,
        resource: row.ResourceId,
        arn: resourceArn(row),
        description: row.ChargeDescription ?? '',
        tags: row.Tags,
        billed: ZERO,
        effective: ZERO,
        onDemand: new Map(),
      };
      lines.set(id, line);
    }
    const billed = amount(row.BilledCost);
    line.tags = row.Tags;
    line.billed = line.billed.plus(billed);
    line.effective = line.effective.plus(amount(row.EffectiveCost));
    if (!COVERED.test(row.ChargeDescription ?? '')) {
      line.onDemand.set(day, (line.onDemand.get(day) ?? ZERO).plus(billed));
    }
  }
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

const kept = new WeakMap<BillIndex, Map<string, readonly UsageLine[]>>();

/** The usage in the `days` complete days before today, by resource, in an order that is the same each time. */
export function usageLines(bill: BillIndex, now: Date, days: number): readonly UsageLine[] {
  const today = dayOf(now);
  const ofBill = kept.get(bill) ?? new Map<string, readonly UsageLine[]>();
  kept.set(bill, ofBill);
  const id = `${today} ${days}`;
  const lines = ofBill.get(id) ?? collect(bill, addDays(today, -days), today);
  ofBill.set(id, lines);
  return lines;
}

/** What is invoiced for a line's usage that nothing covers. */
export function onDemandCost(line: UsageLine): Amount {
  return [...line.onDemand.values()].reduce((sum, cost) => sum.plus(cost), ZERO);
}
