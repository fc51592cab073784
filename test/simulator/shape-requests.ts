import type { ServiceName } from './models.ts';

export interface GoodRequest {
  readonly service: ServiceName;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly region?: string;
}

/** What the requests cannot name before a simulator runs. */
export interface Known {
  readonly workload: string;
  readonly lens: string;
  readonly arn: string;
}

const TimePeriod = { Start: '2026-02-01', End: '2026-03-16' };
const Metrics = ['BlendedCost', 'AmortizedCost', 'UsageQuantity'];
const service = { Type: 'DIMENSION', Key: 'SERVICE' };
const compute = { Dimensions: { Key: 'SERVICE', Values: ['EC2 - Other'], MatchOptions: ['EQUALS'] } };
const tagged = { Tags: { Key: 'environment', Values: ['prod'], MatchOptions: ['EQUALS'] } };
const category = { CostCategories: { Key: 'team', Values: ['a'], MatchOptions: ['EQUALS'] } };

function costExplorer(operation: string, input: Record<string, unknown>): GoodRequest {
  return { service: 'ce', operation, input };
}

const COST_EXPLORER: readonly GoodRequest[] = [
  costExplorer('GetCostAndUsage', { TimePeriod, Granularity: 'MONTHLY', Metrics }),
  costExplorer('GetCostAndUsage', {
    TimePeriod,
    Granularity: 'DAILY',
    Metrics,
    GroupBy: [{ Type: 'TAG', Key: 'application' }, service],
    Filter: { And: [{ Not: tagged }, { Or: [compute, category] }] },
  }),
  costExplorer('GetCostAndUsage', {
    TimePeriod,
    Granularity: 'DAILY',
    Metrics,
    GroupBy: [service, { Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' }],
  }),
  costExplorer('GetCostForecast', {
    TimePeriod: { Start: '2026-03-15', End: '2026-04-14' },
    Metric: 'BLENDED_COST',
    Granularity: 'DAILY',
    PredictionIntervalLevel: 80,
    Filter: { Not: { Dimensions: { Key: 'RECORD_TYPE', Values: ['Credit'] } } },
  }),
  costExplorer('GetCostForecast', {
    TimePeriod: { Start: '2026-03-15', End: '2026-06-01' },
    Metric: 'UNBLENDED_COST',
    Granularity: 'MONTHLY',
  }),
  costExplorer('ListCostAllocationTags', {}),
  costExplorer('ListCostAllocationTags', { Status: 'Active', Type: 'UserDefined', MaxResults: 1000 }),
  costExplorer('ListCostAllocationTags', { TagKeys: ['application', 'nobody'], MaxResults: 1 }),
  costExplorer('GetRightsizingRecommendation', { Service: 'AmazonEC2' }),
  costExplorer('GetRightsizingRecommendation', {
    Service: 'AmazonEC2',
    Configuration: { RecommendationTarget: 'CROSS_INSTANCE_FAMILY', BenefitsConsidered: false },
    Filter: {
      And: [
        { Dimensions: { Key: 'RIGHTSIZING_TYPE', Values: ['MODIFY'] } },
        { Dimensions: { Key: 'LINKED_ACCOUNT', Values: ['222233334444', '333344445555'] } },
      ],
    },
    PageSize: 2,
  }),
  ...['COMPUTE_SP', 'EC2_INSTANCE_SP', 'SAGEMAKER_SP', 'DATABASE_SP'].map((SavingsPlansType) =>
    costExplorer('GetSavingsPlansPurchaseRecommendation', {
      SavingsPlansType,
      TermInYears: 'THREE_YEARS',
      PaymentOption: 'PARTIAL_UPFRONT',
      LookbackPeriodInDays: 'SIXTY_DAYS',
      AccountScope: 'LINKED',
      PageSize: 1,
      Filter: { Dimensions: { Key: 'LINKED_ACCOUNT', Values: ['222233334444', '333344445555'] } },
    }),
  ),
  ...[
    'Amazon Elastic Compute Cloud - Compute',
    'Amazon Relational Database Service',
    'Amazon ElastiCache',
    'Amazon Redshift',
    'Amazon OpenSearch Service',
    'Amazon MemoryDB Service',
  ].map((Service) => costExplorer('GetReservationPurchaseRecommendation', { Service })),
  costExplorer('GetReservationPurchaseRecommendation', {
    Service: 'Amazon Elastic Compute Cloud - Compute',
    AccountId: '222233334444',
    AccountScope: 'LINKED',
    LookbackPeriodInDays: 'THIRTY_DAYS',
    TermInYears: 'THREE_YEARS',
    PaymentOption: 'ALL_UPFRONT',
    ServiceSpecification: { EC2Specification: { OfferingClass: 'CONVERTIBLE' } },
    Filter: { Dimensions: { Key: 'LINKED_ACCOUNT', Values: ['222233334444'] } },
    PageSize: 1,
  }),
];

function hub(operation: string, input: Record<string, unknown>): GoodRequest {
  return { service: 'cost-optimization-hub', operation, input };
}

const FILTER = {
  restartNeeded: true,
  rollbackPossible: true,
  implementationEfforts: ['Medium', 'VeryHigh'],
  accountIds: ['222233334444', '333344445555'],
  regions: ['us-east-1', 'eu-central-1'],
  resourceTypes: ['Ec2Instance'],
  actionTypes: ['Rightsize', 'MigrateToGraviton'],
};

const HUB: readonly GoodRequest[] = [
  hub('GetPreferences', {}),
  hub('ListEnrollmentStatuses', {}),
  hub('ListEnrollmentStatuses', {
    includeOrganizationInfo: true,
    accountId: '222233334444',
    maxResults: 100,
  }),
  ...[
    'AccountId',
    'Region',
    'ActionType',
    'ResourceType',
    'RestartNeeded',
    'RollbackPossible',
    'ImplementationEffort',
  ].map((groupBy) => hub('ListRecommendationSummaries', { groupBy })),
  hub('ListRecommendationSummaries', {
    groupBy: 'Region',
    filter: FILTER,
    maxResults: 1,
    metrics: ['SavingsPercentage'],
  }),
  hub('ListRecommendations', {}),
  hub('ListRecommendations', { includeAllRecommendations: true, maxResults: 1000 }),
  hub('ListRecommendations', {
    filter: { ...FILTER, tags: [{ key: 'environment', value: 'prod' }] },
    orderBy: { dimension: 'EstimatedSavingsPercentage', order: 'Desc' },
    includeAllRecommendations: true,
    maxResults: 1,
  }),
  hub('ListRecommendations', {
    filter: { resourceIds: ['i-1'], resourceArns: ['arn:aws:ec2:::'], recommendationIds: ['x'] },
  }),
];

/** Requests of every operation that AWS's service models allow, and that together have every parameter. */
export function goodRequests({ workload, lens, arn }: Known): readonly GoodRequest[] {
  const tagging = (input: Record<string, unknown>, region = 'us-east-1'): GoodRequest => ({
    service: 'tagging',
    operation: 'GetResources',
    input,
    region,
  });
  const review = (operation: string, input: Record<string, unknown>): GoodRequest => ({
    service: 'wellarchitected',
    operation,
    input,
    region: 'us-east-1',
  });
  return [
    ...COST_EXPLORER,
    ...HUB,
    tagging({}),
    tagging({ ResourceARNList: [arn] }),
    tagging({ TagsPerPage: 100 }, 'eu-central-1'),
    tagging({
      TagFilters: [{ Key: 'environment', Values: ['prod', 'dev'] }, { Key: 'Name' }],
      ResourceTypeFilters: ['s3', 'ec2:instance', 'rds:db', 'sqs'],
      ResourcesPerPage: 1,
      IncludeComplianceDetails: true,
      ExcludeCompliantResources: false,
    }),
    review('GetConsolidatedReport', { Format: 'JSON' }),
    review('GetConsolidatedReport', { Format: 'JSON', IncludeSharedResources: true, MaxResults: 1 }),
    review('ListWorkloads', {}),
    review('ListWorkloads', { WorkloadNamePrefix: 'Man', MaxResults: 1 }),
    review('ListLensReviews', { WorkloadId: workload }),
    review('ListLensReviews', { WorkloadId: workload, MaxResults: 1 }),
    review('GetLensReview', { WorkloadId: workload, LensAlias: 'wellarchitected' }),
    review('GetLensReview', { WorkloadId: workload, LensAlias: lens }),
    { service: 'sts', operation: 'GetCallerIdentity', input: {} },
    {
      service: 'sts',
      operation: 'AssumeRole',
      input: {
        RoleArn: 'arn:aws:iam::222233334444:role/exporter',
        RoleSessionName: 'test',
        ExternalId: 'shared-id',
        DurationSeconds: 3600,
      },
    },
  ];
}
