import { type Amount, ZERO } from '../../amounts.ts';
import { validationError } from '../../errors.ts';
import { type JsonObject, readEnum, readObject, readOptionalBoolean, readString } from '../../input.ts';
import { MONTH_DAYS } from '../../optimization/commitments.ts';
import { capacity, gravitonType } from '../../optimization/instance-types.ts';
import type { Recommendation } from '../../optimization/recommendation.ts';
import { visibleUsage } from '../../optimization/recommendations.ts';
import { resourceRecommendations } from '../../optimization/resource-recommendations.ts';
import { page } from '../../paging.ts';
import type { Operation } from '../../service.ts';
import { metadata, money, percentage, readPageSize } from './common.ts';
import { readScopeFilter } from './scope-filter.ts';

const NAME = 'GetRightsizingRecommendation';
const FIELDS = ['Filter', 'Configuration', 'Service', 'PageSize', 'NextPageToken'];
const TARGETS = ['SAME_INSTANCE_FAMILY', 'CROSS_INSTANCE_FAMILY'];
const HOURS = MONTH_DAYS * 24;
/** What one size smaller in another family saves of what the smaller size in the same one does. */
const CROSS_FAMILY_SHARE = 0.9;

interface Configuration {
  readonly target: string;
  readonly benefits: boolean;
}

function readConfiguration(value: unknown): Configuration {
  if (value === undefined || value === null) return { target: TARGETS[0] ?? '', benefits: true };
  const input = readObject(value, 'configuration', ['RecommendationTarget', 'BenefitsConsidered']);
  const benefits = readOptionalBoolean(input.BenefitsConsidered, 'configuration.benefitsConsidered');
  if (benefits === undefined) throw validationError('Configuration: BenefitsConsidered is required');
  return {
    target: readEnum(input.RecommendationTarget, 'configuration.recommendationTarget', TARGETS),
    benefits,
  };
}

function resourceDetails(type: string, region: string | undefined, hourly: Amount): JsonObject {
  const { vcpus, memoryGib } = capacity(type);
  return {
    EC2ResourceDetails: {
      HourlyOnDemandRate: money(hourly),
      InstanceType: type,
      Platform: 'Linux/UNIX',
      Region: region,
      Memory: `${memoryGib} GiB`,
      NetworkPerformance: 'Up to 10 Gigabit',
      Storage: 'EBS only',
      Vcpu: String(vcpus),
    },
  };
}

function targets(item: Recommendation, { target }: Configuration, currency: string): JsonObject[] {
  const other = target === 'CROSS_INSTANCE_FAMILY' ? gravitonType(item.recommended) : undefined;
  const options: [type: string, savings: Amount][] = [[item.recommended, item.savings]];
  if (other !== undefined) options.push([other, item.savings.times(CROSS_FAMILY_SHARE)]);
  return options.map(([type, savings], i) => ({
    EstimatedMonthlyCost: money(item.cost.minus(savings)),
    EstimatedMonthlySavings: money(savings),
    CurrencyCode: currency,
    DefaultTargetInstance: i === 0,
    ResourceDetails: resourceDetails(type, item.region, item.cost.minus(savings).div(HOURS)),
    PlatformDifferences: i === 0 ? [] : ['HYPERVISOR'],
  }));
}

function recommendation(item: Recommendation, configuration: Configuration, currency: string): JsonObject {
  const isIdle = item.action === 'Stop';
  return {
    AccountId: item.account,
    CurrentInstance: {
      ResourceId: item.resource,
      InstanceName: item.tags.Name ?? '',
      Tags: Object.entries(item.tags).map(([Key, value]) => ({ Key, Values: [value], MatchOptions: [] })),
      ResourceDetails: resourceDetails(item.current, item.region, item.cost.div(HOURS)),
      ResourceUtilization: {
        EC2ResourceUtilization: { MaxCpuUtilizationPercentage: isIdle ? '0.8' : '31.5' },
      },
      ReservationCoveredHoursInLookbackPeriod: '0',
      SavingsPlansCoveredHoursInLookbackPeriod: '0',
      OnDemandHoursInLookbackPeriod: String(item.lookbackDays * 24),
      TotalRunningHoursInLookbackPeriod: String(item.lookbackDays * 24),
      MonthlyCost: money(item.cost),
      CurrencyCode: currency,
    },
    RightsizingType: isIdle ? 'TERMINATE' : 'MODIFY',
    ...(isIdle
      ? {
          TerminateRecommendationDetail: {
            EstimatedMonthlySavings: money(item.savings),
            CurrencyCode: currency,
          },
        }
      : {
          ModifyRecommendationDetail: { TargetInstances: targets(item, configuration, currency) },
          FindingReasonCodes: ['CPU_OVER_PROVISIONED'],
        }),
  };
}

/**
 * `ce:GetRightsizingRecommendation`: what Cost Optimization Hub calls Rightsize and Stop, of EC2 instances. A payer's
 * cover its members.
 */
export const getRightsizingRecommendation: Operation = {
  name: NAME,
  handle(input, context) {
    readObject(input, 'getRightsizingRecommendationRequest', FIELDS);
    const service = readString(input.Service, 'service');
    if (service !== 'AmazonEC2') {
      throw validationError(`Service '${service}' is not supported. The only valid value is AmazonEC2`);
    }
    const configuration = readConfiguration(input.Configuration);
    const matches = readScopeFilter(input.Filter, ['LINKED_ACCOUNT', 'REGION', 'RIGHTSIZING_TYPE']);
    const query = {
      operation: NAME,
      input,
      tokenField: 'NextPageToken',
      size: readPageSize(input.PageSize),
    };
    const basis = configuration.benefits ? 'AfterDiscounts' : 'BeforeDiscounts';
    let made = context.now;
    const { items, all, bill, token } = page(query, context, (bill, now) => {
      made = now;
      const lines = visibleUsage(bill, now, context.caller, MONTH_DAYS);
      return resourceRecommendations(lines, basis).filter(
        ({ account, region, currentType, action }) =>
          currentType === 'Ec2Instance' &&
          (action === 'Rightsize' || action === 'Stop') &&
          matches({
            LINKED_ACCOUNT: account,
            REGION: region ?? '',
            RIGHTSIZING_TYPE: action === 'Stop' ? 'TERMINATE' : 'MODIFY',
          }),
      );
    });
    const savings = all.reduce((sum, item) => sum.plus(item.savings), ZERO);
    const cost = all.reduce((sum, item) => sum.plus(item.cost), ZERO);
    return {
      // The look-back of these recommendations, 14 days, is none that the service model has a word for.
      Metadata: metadata(made, NAME, context.caller.accountId, configuration),
      Summary: {
        TotalRecommendationCount: String(all.length),
        EstimatedTotalMonthlySavingsAmount: money(savings),
        SavingsCurrencyCode: bill.currency,
        SavingsPercentage: percentage(savings, cost),
      },
      RightsizingRecommendations: items.map((item) => recommendation(item, configuration, bill.currency)),
      NextPageToken: token,
      Configuration: {
        RecommendationTarget: configuration.target,
        BenefitsConsidered: configuration.benefits,
      },
    };
  },
};
