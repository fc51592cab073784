import type { FocusRow } from '../focus.ts';
import { linkedAccount } from './bill/bill-index.ts';
import { usageType } from './bill/usage-types.ts';

/** The partition of a region. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** How ids that are no ARN begin, and what follows the account in their ARN. */
const EC2_IDS: readonly (readonly [id: RegExp, resource: string])[] = [
  [/^i-/, 'instance/'],
  [/^vol-/, 'volume/'],
  [/^snap-/, 'snapshot/'],
  [/^nat-/, 'natgateway/'],
  [/^vpc-/, 'vpc/'],
  [/^eni-/, 'network-interface/'],
];

/**
 * The ARN of the resource that a charge is for: the bill's resource id where it is one, else made from it, with the
 * charge's account and region. Undefined where the charge names no resource.
 */
export function resourceArn(row: FocusRow): string | undefined {
  const id = row.ResourceId;
  if (id === null || id.startsWith('arn:')) return id ?? undefined;
  const region = row.RegionId ?? 'us-east-1';
  const base = `arn:${partitionOf(region)}`;
  if (row.ServiceName === 'Amazon Simple Storage Service') return `${base}:s3:::${id}`;
  const account = linkedAccount(row);
  const known = EC2_IDS.find(([pattern]) => pattern.test(id));
  if (known !== undefined) return `${base}:ec2:${region}:${account}:${known[1]}${id}`;
  // Volumes are told by their charge where a bill's ids are masked.
  if (usageType(row).includes('EBS:Volume')) return `${base}:ec2:${region}:${account}:volume/${id}`;
  const service = row.ServiceName.replace(/^(Amazon|AWS) /, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return `${base}:${service}:${region}:${account}:${id}`;
}
