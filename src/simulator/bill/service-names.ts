import type { FocusRow } from '../../focus.ts';

/** FOCUS's name of EC2, under which it files instances, volumes, snapshots, NAT gateways and data transfer alike. */
export const EC2 = 'Amazon Elastic Compute Cloud';
/** Cost Explorer's name for EC2 instance hours. */
export const EC2_COMPUTE = 'Amazon Elastic Compute Cloud - Compute';
/** Cost Explorer's name for what EC2 bills beside instance hours. */
export const EC2_OTHER = 'EC2 - Other';

/** Instance and host hours. "Mbps per c5.xlarge instance-hour" is EBS optimisation: not among them. */
const INSTANCE_HOURS = /(instance|host)[- ]hour|boxusage|spot instance|covered by .*savings plan/i;
const EBS_OPTIMISED = /mbps per/i;

/**
 * The SERVICE that Cost Explorer has for a charge. It is FOCUS's ServiceName but for EC2, which Cost Explorer splits:
 * instance hours, and whatever is no usage (credits, refunds, purchases), are compute; other usage is "EC2 - Other".
 */
export function costExplorerService(
  row: Pick<FocusRow, 'ServiceName' | 'ChargeCategory' | 'ChargeDescription'>,
): string {
  if (row.ServiceName !== EC2) return row.ServiceName;
  if (row.ChargeCategory !== 'Usage') return EC2_COMPUTE;
  const description = row.ChargeDescription ?? '';
  return INSTANCE_HOURS.test(description) && !EBS_OPTIMISED.test(description) ? EC2_COMPUTE : EC2_OTHER;
}
