import { type Amount, amount, amountText, ZERO } from '../amounts.ts';
import {
  addDays,
  addMonths,
  type Day,
  dailyBuckets,
  dayOf,
  daysBetween,
  monthlyBuckets,
  type Period,
} from '../days.ts';
import { AwsError, validationError } from '../errors.ts';
import { readEnum, readObject, readOptionalInteger } from '../input.ts';
import { canonicalJson } from '../page-tokens.ts';
import type { Operation, OperationContext } from '../service.ts';
import { tagReader } from './dimensions.ts';
import { readFilter } from './filter.ts';
import { FORECAST_METRICS } from './metrics.ts';
import { normalQuantile } from './normal-quantile.ts';
import { selection } from './selection.ts';
import { readTimePeriod } from './time-period.ts';

const FIELDS = ['TimePeriod', 'Metric', 'Granularity', 'Filter', 'BillingViewArn', 'PredictionIntervalLevel'];
/** Complete days that the forecast is made from, and how many there must be at least. */
const LEARN_DAYS = 28;
const LEAST_DAYS = 14;
const DECIMALS = 10;

/** End may be this many months after Start, by granularity. */
const LONGEST_MONTHS: Readonly<Record<string, number>> = { DAILY: 3, MONTHLY: 18 };

function sum(values: readonly Amount[]): Amount {
  return values.reduce((total, value) => total.plus(value), ZERO);
}

function weekdayOf(day: Day): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

interface Model {
  /** Expected cost by weekday, Sunday first. */
  readonly means: readonly Amount[];
  /** Standard deviation of a day about its weekday's mean. */
  readonly deviation: Amount;
}

/** Learns from the complete days before today, at most 28, that lie after the bill's first charge. */
function learn(costOf: (day: Day) => Amount, firstDay: Day | undefined, today: Day): Model {
  const days = firstDay === undefined ? 0 : Math.min(LEARN_DAYS, daysBetween(firstDay, today));
  if (days < LEAST_DAYS) {
    throw new AwsError(
      'DataUnavailableException',
      'Insufficient amount of historical data to generate forecasting.',
    );
  }
  const history = Array.from({ length: days }, (_, i) => {
    const day = addDays(today, i - days);
    return { weekday: weekdayOf(day), cost: costOf(day) };
  });
  const means = Array.from({ length: 7 }, (_, weekday) => {
    const costs = history.filter((entry) => entry.weekday === weekday).map(({ cost }) => cost);
    return sum(costs).div(costs.length);
  });
  const squares = history.map(({ weekday, cost }) => cost.minus(means[weekday] ?? ZERO).pow(2));
  return { means, deviation: sum(squares).div(days).sqrt() };
}

function readPeriod(value: unknown, granularity: string, now: Date): Period {
  const period = readTimePeriod(value);
  const today = dayOf(now);
  if (period.start !== today) {
    throw validationError(`Start date ${period.start} must be the current date, ${today}`);
  }
  const months = LONGEST_MONTHS[granularity] ?? 0;
  const sameDay = addDays(addMonths(today, months), Number(today.slice(8)) - 1);
  if (period.end > sameDay) {
    throw validationError(`Forecasts of ${granularity} granularity reach at most ${months} months ahead`);
  }
  return period;
}

function text(value: Amount): string {
  return amountText(value.toDecimalPlaces(DECIMALS));
}

/** What the caller's account cost on a day. */
function dailyCosts(
  input: Record<string, unknown>,
  source: 'billed' | 'effective',
  context: OperationContext,
) {
  const { bill, caller, now, settings } = context;
  const tagOf = tagReader(settings.activeTagKeys);
  const filter =
    input.Filter === undefined || input.Filter === null
      ? undefined
      : readFilter(input.Filter, 'filter', tagOf);
  const select = selection(
    canonicalJson([[], input.Filter ?? null, settings.activeTagKeys ?? null]),
    caller,
    filter,
    [],
  );
  return (day: Day) => bill.groups(select, { start: day, end: addDays(day, 1) }, now)[0]?.[source];
}

/**
 * `ce:GetCostForecast`. The mean of a day is the mean of the same weekday over the last 28 complete days (fewer where
 * the bill is younger; below 14: DataUnavailableException). With a PredictionIntervalLevel, a period's bounds are its
 * mean and a normal deviate of that level times the deviation of the days from their means. Values have ten decimals.
 */
export const getCostForecast: Operation = {
  name: 'GetCostForecast',
  handle(input, context) {
    readObject(input, 'getCostForecastRequest', FIELDS);
    const granularity = readEnum(input.Granularity, 'granularity', ['DAILY', 'MONTHLY', 'HOURLY']);
    if (granularity === 'HOURLY') throw validationError('Forecasts have no HOURLY granularity');
    const source =
      FORECAST_METRICS[readEnum(input.Metric, 'metric', Object.keys(FORECAST_METRICS))] ?? 'billed';
    const level = readOptionalInteger(input.PredictionIntervalLevel, 'predictionIntervalLevel', 51, 99);
    const period = readPeriod(input.TimePeriod, granularity, context.now);
    const costOf = dailyCosts(input, source, context);

    const today = dayOf(context.now);
    const firstDay = context.bill.days().find((day) => day >= today || costOf(day) !== undefined);
    const model = learn((day) => costOf(day) ?? ZERO, firstDay, today);
    const deviate = level === undefined ? undefined : amount(normalQuantile(0.5 + level / 200));

    let total = ZERO;
    const buckets = granularity === 'DAILY' ? dailyBuckets(period) : monthlyBuckets(period);
    const results = buckets.map((bucket) => {
      const days = dailyBuckets(bucket);
      const mean = sum(days.map(({ start }) => model.means[weekdayOf(start)] ?? ZERO)).toDecimalPlaces(
        DECIMALS,
      );
      total = total.plus(mean);
      const margin = deviate?.times(model.deviation).times(Math.sqrt(days.length));
      return {
        TimePeriod: { Start: bucket.start, End: bucket.end },
        MeanValue: text(mean),
        ...(margin === undefined
          ? {}
          : {
              PredictionIntervalLowerBound: text(mean.minus(margin)),
              PredictionIntervalUpperBound: text(mean.plus(margin)),
            }),
      };
    });
    return {
      Total: { Amount: amountText(total), Unit: context.bill.currency },
      ForecastResultsByTime: results,
    };
  },
};
