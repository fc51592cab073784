import { type Amount, ZERO } from '../../amounts.ts';
import type { BillIndex } from '../../bill/bill-index.ts';
import { type JsonObject, readEnum, readObject, readOptionalEnum } from '../../input.ts';
import {
  LOOKBACKS,
  MONTH_DAYS,
  type Offering,
  PAYMENTS,
  type Payment,
  type Purchase,
  savingsPlans,
  type Term,
} from '../../optimization/commitments.ts';
import { visibleUsage } from '../../optimization/recommendations.ts';
import { page } from '../../paging.ts';
import type { Operation } from '../../service.ts';
import { uuidOf } from '../../uuid.ts';
import { buyerFor, metadata, money, percentage, readPageSize } from './common.ts';
import { readScopeFilter } from './scope-filter.ts';

const NAME = 'GetSavingsPlansPurchaseRecommendation';
const FIELDS = [
  'SavingsPlansType',
  'TermInYears',
  'PaymentOption',
  'AccountScope',
  'NextPageToken',
  'PageSize',
  'LookbackPeriodInDays',
  'Filter',
];
const TYPES = ['COMPUTE_SP', 'EC2_INSTANCE_SP', 'SAGEMAKER_SP', 'DATABASE_SP'];
const HOURS_PER_TERM: Readonly<Record<string, number>> = { ONE_YEAR: 8760, THREE_YEARS: 26_280 };

function isTerm(text: string): text is Term {
  return Object.hasOwn(HOURS_PER_TERM, text);
}

function isPayment(text: string): text is Payment {
  return Object.hasOwn(PAYMENTS, text);
}

/** Reads the two fields that say what is bought. */
export function readOffering(term: unknown, payment: unknown): Offering {
  const termText = readEnum(term, 'termInYears', Object.keys(HOURS_PER_TERM));
  const paymentText = readEnum(payment, 'paymentOption', Object.keys(PAYMENTS));
  return {
    term: isTerm(termText) ? termText : 'ONE_YEAR',
    payment: isPayment(paymentText) ? paymentText : 'NO_UPFRONT',
  };
}

/** Reads `AccountScope`; PAYER where it is missing. */
export function readScope(value: unknown): string {
  return readOptionalEnum(value, 'accountScope', ['PAYER', 'LINKED']) ?? 'PAYER';
}

function total(items: readonly Purchase[], of: (item: Purchase) => Amount): Amount {
  return items.reduce((sum, item) => sum.plus(of(item)), ZERO);
}

function detail(
  item: Purchase,
  offering: Offering,
  days: number,
  currency: string,
  type: string,
): JsonObject {
  const hours = days * 24;
  const hourly = item.price.div(hours);
  const upfront = hourly.times(HOURS_PER_TERM[offering.term] ?? 0).times(PAYMENTS[offering.payment].upfront);
  const daily = item.days.length < days ? [...item.days, ZERO] : item.days;
  const least = daily.reduce((a, b) => (b.lt(a) ? b : a));
  const most = daily.reduce((a, b) => (b.gt(a) ? b : a));
  return {
    SavingsPlansDetails: {
      ...(item.region === undefined ? {} : { Region: item.region, InstanceFamily: item.type }),
      OfferingId: uuidOf(type, offering, item.region, item.type),
    },
    AccountId: item.account,
    UpfrontCost: money(upfront),
    EstimatedROI: percentage(item.savings, item.price),
    CurrencyCode: currency,
    EstimatedSPCost: money(item.price),
    EstimatedOnDemandCost: money(item.cost.minus(item.covered)),
    EstimatedOnDemandCostWithCurrentCommitment: money(item.cost),
    EstimatedSavingsAmount: money(item.savings),
    EstimatedSavingsPercentage: percentage(item.savings, item.cost),
    HourlyCommitmentToPurchase: money(hourly),
    EstimatedAverageUtilization: percentage(
      daily.reduce(
        (sum, day) => sum.plus(day.lt(item.covered.div(days)) ? day : item.covered.div(days)),
        ZERO,
      ),
      item.covered.div(days).times(daily.length),
    ),
    EstimatedMonthlySavingsAmount: money(item.savings.times(MONTH_DAYS).div(days)),
    CurrentMinimumHourlyOnDemandSpend: money(least.div(24)),
    CurrentMaximumHourlyOnDemandSpend: money(most.div(24)),
    CurrentAverageHourlyOnDemandSpend: money(item.cost.div(hours)),
    RecommendationDetailId: uuidOf(type, offering, days, item.account, item.region, item.type),
  };
}

function summary(items: readonly Purchase[], days: number, bill: BillIndex): JsonObject {
  const savings = total(items, (item) => item.savings);
  const price = total(items, (item) => item.price);
  const cost = total(items, (item) => item.cost);
  return {
    EstimatedROI: percentage(savings, price),
    CurrencyCode: bill.currency,
    EstimatedTotalCost: money(cost.minus(savings)),
    CurrentOnDemandSpend: money(cost),
    EstimatedSavingsAmount: money(savings),
    TotalRecommendationCount: String(items.length),
    DailyCommitmentToPurchase: money(price.div(days)),
    HourlyCommitmentToPurchase: money(price.div(days * 24)),
    EstimatedSavingsPercentage: percentage(savings, cost),
    EstimatedMonthlySavingsAmount: money(savings.times(MONTH_DAYS).div(days)),
    EstimatedOnDemandCostWithCurrentCommitment: money(cost),
  };
}

/** `ce:GetSavingsPlansPurchaseRecommendation`: one detail per plan to buy. */
export const getSavingsPlansPurchaseRecommendation: Operation = {
  name: NAME,
  handle(input, context) {
    readObject(input, 'getSavingsPlansPurchaseRecommendationRequest', FIELDS);
    const type = readEnum(input.SavingsPlansType, 'savingsPlansType', TYPES);
    const offering = readOffering(input.TermInYears, input.PaymentOption);
    const lookback = readEnum(input.LookbackPeriodInDays, 'lookbackPeriodInDays', Object.keys(LOOKBACKS));
    const scope = readScope(input.AccountScope);
    const matches = readScopeFilter(input.Filter, ['LINKED_ACCOUNT']);
    const size = readPageSize(input.PageSize);
    const days = LOOKBACKS[lookback] ?? MONTH_DAYS;
    let made = context.now;
    const query = { operation: NAME, input, tokenField: 'NextPageToken', size };
    const { items, all, bill, token } = page(query, context, (bill, now) => {
      made = now;
      const lines = visibleUsage(bill, now, context.caller, days).filter(({ account }) =>
        matches({ LINKED_ACCOUNT: account }),
      );
      return savingsPlans(lines, type, offering, buyerFor(scope, context));
    });
    return {
      Metadata: metadata(made, NAME, context.caller.accountId, type, offering, lookback, scope),
      SavingsPlansPurchaseRecommendation: {
        AccountScope: scope,
        SavingsPlansType: type,
        TermInYears: offering.term,
        PaymentOption: offering.payment,
        LookbackPeriodInDays: lookback,
        ...(all.length === 0
          ? {}
          : {
              SavingsPlansPurchaseRecommendationDetails: items.map((item) =>
                detail(item, offering, days, bill.currency, type),
              ),
              SavingsPlansPurchaseRecommendationSummary: summary(all, days, bill),
            }),
      },
      NextPageToken: token,
    };
  },
};
