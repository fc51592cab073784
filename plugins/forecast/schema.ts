import { type Static, Type } from '@sinclair/typebox';
import { Currency, day, envelope, moneyOrNull, Reason } from '../../src/documents.ts';

/** The body of `GET /cost/forecast`. */
export const CostForecast = Type.Object(
  {
    ...envelope,
    currency: Currency,
    amount: moneyOrNull(
      "AWS's forecast for the period: the sum of its daily means. Null too, as are the bounds, where AWS's answer has no mean for the first day: the sum would be a day short",
      1300.25,
    ),
    lower: moneyOrNull(
      'Sum of the lower ends of the daily 80 % prediction intervals (wider than an 80 % interval of the sum)',
      1100,
    ),
    upper: moneyOrNull(
      'Sum of the upper ends of the daily 80 % prediction intervals (wider than an 80 % interval of the sum)',
      1500,
    ),
    monthEnd: moneyOrNull(
      "Month to date without today, plus the daily means from today to the month's end: the figure to hold against a monthly budget. Null too where AWS's answer has no mean for today",
      1250.5,
    ),
    period: Type.Object(
      {
        start: day('First day of the forecast, inclusive: the day on which it was made', '2026-11-22'),
        end: day('End of the forecast, exclusive', '2026-12-22'),
      },
      { description: 'The 30 days that amount, lower and upper span.' },
    ),
    reason: Reason,
  },
  { description: 'Cost forecast of one target.' },
);

export type CostForecast = Static<typeof CostForecast>;

/** The body without the envelope, which the machine adds. */
export type ForecastDocument = Omit<CostForecast, keyof typeof envelope>;
