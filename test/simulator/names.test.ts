import t from 'tap';
import { instanceType, usageType, usageTypeGroup } from '../../src/simulator/bill/usage-types.ts';
import { costExplorerService } from '../../src/simulator/index.ts';
import { row } from './helper.ts';

const EC2 = 'Amazon Elastic Compute Cloud';
const COMPUTE = 'Amazon Elastic Compute Cloud - Compute';

t.test('EC2 is split by charge, other services keep their names', async (t) => {
  const cases: [description: string | null, category: string, service: string, usage: string][] = [
    ['$0.34 per On Demand Linux c5.2xlarge Instance Hour', 'Usage', COMPUTE, 'EUC1-BoxUsage:c5.2xlarge'],
    [
      'USD 0.0 hourly fee, covered by Compute Savings Plan, m5.2xlarge',
      'Usage',
      COMPUTE,
      'EUC1-BoxUsage:m5.2xlarge',
    ],
    ['AWS Activate promotional credit', 'Credit', COMPUTE, 'NoUsageType'],
    [
      '$0.00 for 175 Mbps per t3a.small instance-hour (or partial hour)',
      'Usage',
      'EC2 - Other',
      'EUC1-EBSOptimized:t3a.small',
    ],
    [
      '$0.08 per GB-month of General Purpose (gp3) provisioned storage - EU (Frankfurt)',
      'Usage',
      'EC2 - Other',
      'EUC1-EBS:VolumeUsage.gp3',
    ],
    [
      '$0.10 per GB-month of General Purpose SSD (gp2) provisioned storage',
      'Usage',
      'EC2 - Other',
      'EUC1-EBS:VolumeUsage.gp2',
    ],
    [
      '$0.05 per GB-Month of snapshot data stored - US West (Oregon)',
      'Usage',
      'EC2 - Other',
      'EUC1-EBS:SnapshotUsage',
    ],
    ['$0.045 per NAT Gateway Hour', 'Usage', 'EC2 - Other', 'EUC1-NatGateway-Hours'],
    ['$0.000 per GB - data transfer in per month', 'Usage', 'EC2 - Other', 'EUC1-DataTransfer-In-Bytes'],
    [null, 'Usage', 'EC2 - Other', 'NoUsageType'],
  ];
  for (const [description, category, service, usage] of cases) {
    const charge = row('2026-01-01', '1', {
      ServiceName: EC2,
      ChargeCategory: category,
      ChargeDescription: description,
    });
    t.equal(costExplorerService(charge), service, String(description));
    t.equal(usageType(charge), usage, String(description));
  }
  t.equal(
    costExplorerService(row('2026-01-01', '1', { ServiceName: 'AmazonCloudWatch' })),
    'AmazonCloudWatch',
  );
});

t.test('usage types of regions, groups and instance types', async (t) => {
  const charge = (RegionId: string) =>
    row('2026-01-01', '1', {
      ServiceName: EC2,
      ChargeDescription: '$0.192 per On Demand Linux m5.xlarge Instance Hour',
      RegionId,
    });
  t.equal(usageType(charge('us-east-1')), 'BoxUsage:m5.xlarge', 'us-east-1 has no prefix');
  t.equal(usageType(charge('us-west-2')), 'USW2-BoxUsage:m5.xlarge');
  t.equal(instanceType(charge('us-west-2')), 'm5.xlarge');
  t.equal(usageTypeGroup(charge('us-west-2')), 'EC2: Running Hours');
  t.equal(instanceType(row('2026-01-01', '1')), 'NoInstanceType');
  t.equal(usageTypeGroup(row('2026-01-01', '1')), 'NoUsageTypeGroup');
});
