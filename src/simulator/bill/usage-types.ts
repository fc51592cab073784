import type { FocusRow } from '../../focus.ts';
import { EC2 } from './service-names.ts';

/** Prefixes that AWS's usage types have for regions; us-east-1 has none. */
const REGION_PREFIXES: Readonly<Record<string, string>> = {
  'us-east-2': 'USE2-',
  'us-west-1': 'USW1-',
  'us-west-2': 'USW2-',
  'ca-central-1': 'CAN1-',
  'eu-west-1': 'EU-',
  'eu-west-2': 'EUW2-',
  'eu-west-3': 'EUW3-',
  'eu-central-1': 'EUC1-',
  'eu-north-1': 'EUN1-',
  'ap-south-1': 'APS3-',
  'ap-southeast-1': 'APS1-',
  'ap-southeast-2': 'APS2-',
  'ap-northeast-1': 'APN1-',
  'ap-northeast-2': 'APN2-',
  'sa-east-1': 'SAE1-',
  'af-south-1': 'AFS1-',
};

interface Rule {
  readonly description: RegExp;
  /** The usage type without the region's prefix; `$1` is the description's first group. */
  readonly usageType: string;
  readonly group: string;
}

/** How a charge's description tells its usage type and USAGE_TYPE_GROUP. The first match counts. */
const RULES: readonly Rule[] = [
  { description: /snapshot/i, usageType: 'EBS:SnapshotUsage', group: 'EC2: EBS - Snapshots' },
  {
    description: /iops-month of (gp3|io1|io2)/i,
    usageType: 'EBS:VolumeP-IOPS.$1',
    group: 'EC2: EBS - Provisioned IOPS',
  },
  {
    description: /mibps-month of (gp3)/i,
    usageType: 'EBS:VolumeP-Throughput.$1',
    group: 'EC2: EBS - SSD(gp3)',
  },
  { description: /\((gp2)\)/i, usageType: 'EBS:VolumeUsage.$1', group: 'EC2: EBS - SSD(gp2)' },
  { description: /\((gp3)\)/i, usageType: 'EBS:VolumeUsage.$1', group: 'EC2: EBS - SSD(gp3)' },
  { description: /magnetic provisioned/i, usageType: 'EBS:VolumeUsage', group: 'EC2: EBS - Magnetic' },
  { description: /i\/o requests/i, usageType: 'EBS:VolumeIOUsage', group: 'EC2: EBS - I/O Requests' },
  {
    description: /mbps per (\S+) instance-hour/i,
    usageType: 'EBSOptimized:$1',
    group: 'EC2: EBS Optimized - Hours',
  },
  {
    description: /processed by nat gateway/i,
    usageType: 'NatGateway-Bytes',
    group: 'EC2: NAT Gateway - Data Processed',
  },
  {
    description: /nat gateway hour/i,
    usageType: 'NatGateway-Hours',
    group: 'EC2: NAT Gateway - Running Hours',
  },
  {
    description: /covered by .*savings plan.*?(\w+\.\w+)/i,
    usageType: 'BoxUsage:$1',
    group: 'EC2: Running Hours',
  },
  {
    description: /per on demand \S+ (\S+) instance hour/i,
    usageType: 'BoxUsage:$1',
    group: 'EC2: Running Hours',
  },
  {
    description: /regional data transfer/i,
    usageType: 'DataTransfer-Regional-Bytes',
    group: 'EC2: Data Transfer - Region to Region',
  },
  {
    description: /data transfer (in|from)/i,
    usageType: 'DataTransfer-In-Bytes',
    group: 'EC2: Data Transfer - Internet (In)',
  },
  {
    description: /data ?transfer/i,
    usageType: 'DataTransfer-Out-Bytes',
    group: 'EC2: Data Transfer - Internet (Out)',
  },
];

function ruleOf(row: FocusRow): Rule | undefined {
  if (row.ServiceName !== EC2 || row.ChargeDescription === null) return undefined;
  const description = row.ChargeDescription;
  return RULES.find((rule) => rule.description.test(description));
}

/**
 * The USAGE_TYPE that Cost Explorer would have for a charge, region prefix included. FOCUS 1.0 rows carry none: it is
 * read from EC2's descriptions, and is `NoUsageType` elsewhere.
 */
export function usageType(row: FocusRow): string {
  const rule = ruleOf(row);
  if (rule === undefined) return 'NoUsageType';
  const captured = rule.description.exec(row.ChargeDescription ?? '')?.[1] ?? '';
  return (REGION_PREFIXES[row.RegionId ?? ''] ?? '') + rule.usageType.replace('$1', captured);
}

/** The USAGE_TYPE_GROUP of a charge; `NoUsageTypeGroup` where the description tells none. */
export function usageTypeGroup(row: FocusRow): string {
  return ruleOf(row)?.group ?? 'NoUsageTypeGroup';
}

/** The INSTANCE_TYPE of a charge; `NoInstanceType` where it is not for instance hours. */
export function instanceType(row: FocusRow): string {
  return /BoxUsage:(.+)$/.exec(usageType(row))?.[1] ?? 'NoInstanceType';
}
