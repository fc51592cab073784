import { amount, ZERO } from '../../amounts.ts';
import { validationError } from '../../errors.ts';
import { type JsonObject, readObject, readOptionalEnum, readString, readText } from '../../input.ts';
import {
  instancesToBuy,
  LOOKBACKS,
  MONTH_DAYS,
  type Offering,
  PAYMENTS,
  type Purchase,
  reservations,
} from '../../optimization/commitments.ts';
import { familyOf, normalizedUnits } from '../../optimization/instance-types.ts';
import type { UsageKind } from '../../optimization/inventory.ts';
import { visibleUsage } from '../../optimization/recommendations.ts';
import { page } from '../../paging.ts';
import type { Operation } from '../../service.ts';
import { buyerFor, metadata, money, percentage, readPageSize } from './common.ts';
import { readOffering, readScope } from './get-savings-plans-purchase-recommendation.ts';
import { readScopeFilter } from './scope-filter.ts';

const NAME = 'GetReservationPurchaseRecommendation';
const FIELDS = [
  'AccountId',
  'Service',
  'Filter',
  'AccountScope',
  'LookbackPeriodInDays',
  'TermInYears',
  'PaymentOption',
  'ServiceSpecification',
  'PageSize',
  'NextPageToken',
];
const MONTHS: Readonly<Record<string, number>> = { ONE_YEAR: 12, THREE_YEARS: 36 };

interface Reservable {
  /** What its instances are in the bill; undefined: no bill of the simulator's tells. */
  readonly kind: UsageKind | undefined;
  details(item: Purchase): JsonObject;
}

function common({ type = '', region }: Purchase) {
  return { Family: familyOf(type), Region: region, CurrentGeneration: true };
}

/** The engine in a description such as "... instance hour running PostgreSQL". */
function running({ description }: Purchase, fallback: string): string {
  return /running (?:Amazon )?([A-Za-z ]+?)(?: \(|$)/.exec(description)?.[1] ?? fallback;
}

const openSearch: Reservable = {
  kind: 'OpenSearchDomain',
  details(item) {
    const [, instanceClass, size] = /^([^.]+)\.([^.]+)/.exec(item.type ?? '') ?? [];
    return {
      ESInstanceDetails: {
        InstanceClass: instanceClass,
        InstanceSize: size,
        Region: item.region,
        CurrentGeneration: true,
        SizeFlexEligible: false,
      },
    };
  },
};

/** The services that have reservations, by the names that Cost Explorer has for them. */
const SERVICES: Readonly<Record<string, Reservable>> = {
  'Amazon Elastic Compute Cloud - Compute': {
    kind: 'Ec2Instance',
    details: (item) => ({
      EC2InstanceDetails: {
        ...common(item),
        InstanceType: item.type,
        Platform: 'Linux/UNIX',
        Tenancy: 'shared',
        SizeFlexEligible: true,
      },
    }),
  },
  'Amazon Relational Database Service': {
    kind: 'RdsDbInstance',
    details: (item) => ({
      RDSInstanceDetails: {
        ...common(item),
        InstanceType: item.type,
        DatabaseEngine: running(item, 'MySQL'),
        DeploymentOption: /multi-az/i.test(item.description) ? 'Multi-AZ' : 'Single-AZ',
        LicenseModel: 'No license required',
        SizeFlexEligible: true,
      },
    }),
  },
  'Amazon ElastiCache': {
    kind: 'ElastiCacheCluster',
    details: (item) => ({
      ElastiCacheInstanceDetails: {
        ...common(item),
        NodeType: item.type,
        ProductDescription: running(item, 'Redis'),
        SizeFlexEligible: true,
      },
    }),
  },
  'Amazon Redshift': {
    kind: 'RedshiftCluster',
    details: (item) => ({
      RedshiftInstanceDetails: { ...common(item), NodeType: item.type, SizeFlexEligible: false },
    }),
  },
  'Amazon OpenSearch Service': openSearch,
  'Amazon Elasticsearch Service': openSearch,
  'Amazon MemoryDB Service': { kind: undefined, details: () => ({}) },
  'Amazon DynamoDB Service': { kind: undefined, details: () => ({}) },
};

function detail(
  item: Purchase,
  service: Reservable,
  offering: Offering,
  days: number,
  currency: string,
): JsonObject {
  const number = instancesToBuy(item);
  const units = normalizedUnits(item.type ?? '');
  const inMonth = amount(MONTH_DAYS).div(days);
  const price = item.price.times(inMonth);
  const savings = item.savings.times(inMonth);
  const upfront = price.times(MONTHS[offering.term] ?? 0).times(PAYMENTS[offering.payment].upfront);
  return {
    AccountId: item.account,
    InstanceDetails: service.details(item),
    RecommendedNumberOfInstancesToPurchase: String(number),
    RecommendedNormalizedUnitsToPurchase: String(number * units),
    MinimumNumberOfInstancesUsedPerHour: String(number),
    MinimumNormalizedUnitsUsedPerHour: String(number * units),
    MaximumNumberOfInstancesUsedPerHour: String(item.count),
    MaximumNormalizedUnitsUsedPerHour: String(item.count * units),
    AverageNumberOfInstancesUsedPerHour: String(item.count),
    AverageNormalizedUnitsUsedPerHour: String(item.count * units),
    AverageUtilization: '100',
    EstimatedBreakEvenInMonths: money(upfront.div(savings)),
    CurrencyCode: currency,
    EstimatedMonthlySavingsAmount: money(savings),
    EstimatedMonthlySavingsPercentage: percentage(item.savings, item.cost),
    EstimatedMonthlyOnDemandCost: money(item.cost.times(inMonth)),
    EstimatedReservationCostForLookbackPeriod: money(item.price),
    UpfrontCost: money(upfront),
    RecurringStandardMonthlyCost: money(price.times(1 - PAYMENTS[offering.payment].upfront)),
  };
}

function readSpecification(value: unknown, service: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  const input = readObject(value, 'serviceSpecification', ['EC2Specification']);
  const inner = readObject(input.EC2Specification, 'serviceSpecification.eC2Specification', [
    'OfferingClass',
  ]);
  readOptionalEnum(inner.OfferingClass, 'serviceSpecification.eC2Specification.offeringClass', [
    'STANDARD',
    'CONVERTIBLE',
  ]);
  if (!service.includes('Compute Cloud')) throw validationError('ServiceSpecification is for EC2 alone');
  return input;
}

/**
 * `ce:GetReservationPurchaseRecommendation` for one service: a page is one recommendation with some of its details.
 * Where there is nothing to buy, there are no recommendations.
 */
export const getReservationPurchaseRecommendation: Operation = {
  name: NAME,
  handle(input, context) {
    readObject(input, 'getReservationPurchaseRecommendationRequest', FIELDS);
    const name = readString(input.Service, 'service');
    const service = Object.hasOwn(SERVICES, name) ? SERVICES[name] : undefined;
    if (service === undefined) {
      throw validationError(
        `Service '${name}' is not valid. Valid values: ${Object.keys(SERVICES).join(', ')}`,
      );
    }
    const offering = readOffering(input.TermInYears ?? 'ONE_YEAR', input.PaymentOption ?? 'NO_UPFRONT');
    const lookback =
      readOptionalEnum(input.LookbackPeriodInDays, 'lookbackPeriodInDays', Object.keys(LOOKBACKS)) ??
      'SEVEN_DAYS';
    const scope = readScope(input.AccountScope);
    const specification = readSpecification(input.ServiceSpecification, name);
    const only = input.AccountId === undefined ? undefined : readText(input.AccountId, 'accountId', 0, 1024);
    const matches = readScopeFilter(input.Filter, ['LINKED_ACCOUNT', 'REGION']);
    const size = readPageSize(input.PageSize);
    const days = LOOKBACKS[lookback] ?? MONTH_DAYS;
    let made = context.now;
    const query = { operation: NAME, input, tokenField: 'NextPageToken', size };
    const { items, all, bill, token } = page(query, context, (bill, now) => {
      made = now;
      if (service.kind === undefined) return [];
      const lines = visibleUsage(bill, now, context.caller, days).filter(
        ({ account, region }) =>
          (only === undefined || only === account) && matches({ LINKED_ACCOUNT: account, REGION: region }),
      );
      return reservations(lines, service.kind, offering, buyerFor(scope, context));
    });
    const savings = all.reduce((sum, item) => sum.plus(item.savings), ZERO);
    const cost = all.reduce((sum, item) => sum.plus(item.cost), ZERO);
    return {
      Metadata: metadata(made, NAME, context.caller.accountId, name, offering, lookback, scope),
      Recommendations:
        all.length === 0
          ? []
          : [
              {
                AccountScope: scope,
                LookbackPeriodInDays: lookback,
                TermInYears: offering.term,
                PaymentOption: offering.payment,
                ServiceSpecification: specification,
                RecommendationDetails: items.map((item) =>
                  detail(item, service, offering, days, bill.currency),
                ),
                RecommendationSummary: {
                  TotalEstimatedMonthlySavingsAmount: money(savings.times(MONTH_DAYS).div(days)),
                  TotalEstimatedMonthlySavingsPercentage: percentage(savings, cost),
                  CurrencyCode: bill.currency,
                },
              },
            ],
      NextPageToken: token,
    };
  },
};
