import type { Presented, View } from '../../src/collection/capability.ts';
import type { Family } from '../../src/metrics/family.ts';
import { type ForecastData, type ForecastFigures, forecastFigures } from './model.ts';

const gauge = (name: string, help: string): Family => ({ name, type: 'gauge', help, labels: ['account_id'] });

const SHORT = "No series where AWS's answer lacks today: it would be a day short.";
const PAYER = "A payer's includes its members'.";

const byFigure: Readonly<Record<keyof ForecastFigures, Family>> = {
  amount: gauge(
    'aws_cost_forecast',
    `AWS's forecast for the 30 days from today (UTC): the sum of its daily means, in the billing currency. ${SHORT} ${PAYER}`,
  ),
  monthEnd: gauge(
    'aws_cost_forecast_month_end',
    `Month to date without today, plus the forecast's daily means from today to the month's end (UTC), in the billing currency. ${SHORT} ${PAYER}`,
  ),
  lower: gauge(
    'aws_cost_forecast_lower',
    `Sum of the lower ends of the forecast's daily 80 % prediction intervals, in the billing currency; wider than an 80 % interval of the sum. ${PAYER}`,
  ),
  upper: gauge(
    'aws_cost_forecast_upper',
    `Sum of the upper ends of the forecast's daily 80 % prediction intervals, in the billing currency; wider than an 80 % interval of the sum. ${PAYER}`,
  ),
};

/** Every family of the forecast capability, in page order. */
export const forecastFamilies: readonly Family[] = Object.values(byFigure);

/** One sample for each figure that there is. */
export function forecastSamples(view: View<ForecastData>): Presented['samples'] {
  const figures = forecastFigures(view);
  const { accountId } = view.snapshot;
  return (Object.keys(byFigure) as (keyof ForecastFigures)[]).map((figure) => {
    const amount = figures[figure];
    return [byFigure[figure], amount === null ? [] : [[[accountId], amount]]];
  });
}
