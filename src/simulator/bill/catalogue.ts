import { EC2 } from './service-names.ts';

/** One kind of charge that a generated bill holds, per resource and day unless `day` says otherwise. */
export interface ChargeTemplate {
  readonly service: string;
  readonly category: 'Usage' | 'Purchase' | 'Tax' | 'Credit' | 'Adjustment';
  /** `{region}` becomes the region's id. */
  readonly description: string;
  /** Typical amount of one resource on one day (of one charge, where `day` is given), in the bill's currency. */
  readonly amount: number;
  /** Amortized cost as a share of `amount`; default 1. A purchase has 0: its cost is in what it covers. */
  readonly effective?: number;
  /** Billed cost as a share of `amount`; default 1. Usage that a Savings Plan covers has 0. */
  readonly billed?: number;
  /** Day of the month on which it is charged; without it, every day. */
  readonly day?: number;
  /** How much weekends take off: 0.3 is 30 % less. Default 0. */
  readonly weekend?: number;
  /** Resources in the default bill; default 1. */
  readonly resources?: number;
  /** Resource id; `{hex}` (17 digits), `{region}`, `{account}` and `{n}` are filled in. Without it: none. */
  readonly resource?: string;
  /** Which accounts have it in the default bill, by their number (0 is the payer); default all. */
  readonly accounts?: readonly number[];
}

/** The charges of the default bill: the service names are Cost Explorer's own. */
export const CATALOGUE: readonly ChargeTemplate[] = [
  {
    service: EC2,
    category: 'Usage',
    description: '$0.192 per On Demand Linux m5.xlarge Instance Hour',
    amount: 4.608,
    weekend: 0.25,
    resources: 4,
    resource: 'i-0{hex}',
    accounts: [1, 2, 3],
  },
  {
    service: EC2,
    category: 'Usage',
    description: '$0.17 per On Demand Linux c5.xlarge Instance Hour',
    amount: 4.08,
    weekend: 0.6,
    resources: 2,
    resource: 'i-0{hex}',
    accounts: [2],
  },
  {
    service: EC2,
    category: 'Usage',
    description: 'USD 0.0 hourly fee, covered by Compute Savings Plan, m5.2xlarge',
    amount: 5.9,
    billed: 0,
    resources: 2,
    resource: 'i-0{hex}',
    accounts: [1],
  },
  {
    service: EC2,
    category: 'Usage',
    description: '$0.08 per GB-month of General Purpose (gp3) provisioned storage - {region}',
    amount: 0.5333333333,
    resources: 4,
    resource: 'vol-0{hex}',
    accounts: [1, 2, 3],
  },
  {
    service: EC2,
    category: 'Usage',
    description: '$0.10 per GB-month of General Purpose SSD (gp2) provisioned storage - {region}',
    amount: 0.3333333333,
    resources: 2,
    resource: 'vol-0{hex}',
    accounts: [2, 3],
  },
  {
    service: EC2,
    category: 'Usage',
    description: '$0.05 per GB-Month of snapshot data stored - {region}',
    amount: 0.2145833333,
    resource: 'arn:aws:ec2:{region}:{account}:snapshot/snap-0{hex}',
    accounts: [1, 2],
  },
  {
    service: EC2,
    category: 'Usage',
    description: '$0.045 per NAT Gateway Hour',
    amount: 1.08,
    resource: 'arn:aws:ec2:{region}:{account}:natgateway/nat-0{hex}',
    accounts: [1, 2, 3],
  },
  {
    service: EC2,
    category: 'Usage',
    description: '$0.045 per GB Data Processed by NAT Gateways',
    amount: 0.71,
    weekend: 0.3,
    resource: 'arn:aws:ec2:{region}:{account}:natgateway/nat-0{hex}',
    accounts: [1, 2],
  },
  {
    service: EC2,
    category: 'Usage',
    description: '$0.090 per GB - first 10 TB / month data transfer out beyond the global free tier',
    amount: 0.86,
    weekend: 0.2,
    resource: 'i-0{hex}',
    accounts: [1],
  },
  { service: EC2, category: 'Usage', description: '$0.000 per GB - data transfer in per month', amount: 0 },
  {
    service: 'Amazon Relational Database Service',
    category: 'Usage',
    description: '$0.38 per RDS db.m6g.xlarge Multi-AZ instance hour running PostgreSQL',
    amount: 9.12,
    resources: 2,
    resource: 'arn:aws:rds:{region}:{account}:db:orders-{n}',
    accounts: [1, 2],
  },
  {
    service: 'Amazon Simple Storage Service',
    category: 'Usage',
    description: '$0.023 per GB - first 50 TB / month of storage used',
    amount: 1.6428571429,
    resources: 3,
    resource: 'data-{hex}',
    accounts: [0, 1, 2, 3],
  },
  {
    service: 'AWS Lambda',
    category: 'Usage',
    description: '$0.0000166667 per GB-second of compute',
    amount: 0.3127,
    weekend: 0.4,
    resources: 3,
    resource: 'arn:aws:lambda:{region}:{account}:function:worker-{n}',
    accounts: [1, 2],
  },
  {
    service: 'AmazonCloudWatch',
    category: 'Usage',
    description: '$0.50 per GB custom log data ingested - {region}',
    amount: 0.9821,
    weekend: 0.15,
  },
  {
    service: 'Amazon DynamoDB',
    category: 'Usage',
    description: '$1.25 per million write request units',
    amount: 0.734,
    weekend: 0.2,
    resources: 2,
    resource: 'arn:aws:dynamodb:{region}:{account}:table/sessions-{n}',
    accounts: [1, 2],
  },
  {
    service: 'Amazon ElastiCache',
    category: 'Usage',
    description: '$0.156 per cache.m6g.large node-hour running Redis',
    amount: 3.744,
    resource: 'arn:aws:elasticache:{region}:{account}:cluster:cache-{n}',
    accounts: [1],
  },
  {
    service: 'Amazon Elastic Load Balancing',
    category: 'Usage',
    description: '$0.0225 per Application LoadBalancer-hour (or partial hour)',
    amount: 0.54,
    resource: 'arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/front/{hex}',
    accounts: [1, 2],
  },
  {
    service: 'Amazon CloudFront',
    category: 'Usage',
    description: '$0.085 per GB - first 10 TB / month data transfer out',
    amount: 1.311,
    weekend: -0.2,
    resource: 'arn:aws:cloudfront::{account}:distribution/E{hex}',
    accounts: [1],
  },
  {
    service: 'Amazon Elastic Container Service for Kubernetes',
    category: 'Usage',
    description: 'Amazon EKS cluster usage in {region}',
    amount: 2.4,
    resource: 'arn:aws:eks:{region}:{account}:cluster/main',
    accounts: [2],
  },
  {
    service: 'Amazon Virtual Private Cloud',
    category: 'Usage',
    description: '$0.005 per In-use public IPv4 address per hour',
    amount: 0.12,
    resources: 2,
  },
  {
    service: 'Amazon Simple Queue Service',
    category: 'Usage',
    description: '$0.40 per million Amazon SQS standard requests',
    amount: 0.00000123,
    resource: 'arn:aws:sqs:{region}:{account}:jobs-{n}',
  },
  {
    service: 'AWS Key Management Service',
    category: 'Usage',
    description: '$0.03 per 10000 KMS requests',
    amount: 0.0000000321,
  },
  {
    service: 'Amazon Route 53',
    category: 'Usage',
    description: '$0.50 per Hosted Zone',
    amount: 0.5,
    day: 1,
  },
  {
    service: 'AWS Cost Explorer',
    category: 'Usage',
    description: '$0.01 per API request',
    amount: 0.24,
    accounts: [0],
  },
  {
    service: 'Savings Plans for AWS Compute usage',
    category: 'Purchase',
    description: '1 year No Upfront Compute Savings Plan, recurring fee',
    amount: 10.656,
    effective: 0,
    accounts: [0],
  },
  {
    service: 'AWS Support (Business)',
    category: 'Usage',
    description: '10% of monthly AWS usage',
    amount: 241.7732,
    day: 1,
    accounts: [0],
  },
  { service: 'Tax', category: 'Tax', description: 'Tax for product code AmazonEC2', amount: 61.5404, day: 1 },
  {
    service: EC2,
    category: 'Credit',
    description: 'AWS Activate promotional credit',
    amount: -38.2196,
    day: 3,
    accounts: [1],
  },
  {
    service: 'Amazon Relational Database Service',
    category: 'Adjustment',
    description: 'Refund for a service disruption',
    amount: -12.5,
    day: 12,
    accounts: [2],
  },
];

/** The linked accounts of the default bill; the first is the payer. */
export const ACCOUNTS: readonly (readonly [id: string, name: string])[] = [
  ['111122223333', 'Management'],
  ['222233334444', 'Production'],
  ['333344445555', 'Development'],
  ['444455556666', 'Data & Analytics'],
];

/** Regions of the generated resources. */
export const REGIONS: readonly string[] = ['us-east-1', 'us-east-1', 'eu-central-1', 'us-west-2'];
