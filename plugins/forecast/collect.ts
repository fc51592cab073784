import { GetCostForecastCommand, type Metric } from '@aws-sdk/client-cost-explorer';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { awsError, invalidResponse } from '../../src/aws/aws-errors.ts';
import { held } from '../../src/aws/held.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { Amount } from '../../src/collection/money.ts';
import { addDays, dayOf, daysIn } from '../../src/collection/periods.ts';
import { type ForecastData, forecastPeriod } from './model.ts';

/** What an answer of GetCostForecast must look like; checked once, where it enters. */
const Answer = TypeCompiler.Compile(
  Type.Object({
    Total: Type.Object({ Unit: Type.String({ minLength: 1 }) }),
    ForecastResultsByTime: Type.Array(
      Type.Object({
        TimePeriod: Type.Object({ Start: Type.String({ format: 'day' }), End: Type.String() }),
        MeanValue: Amount,
        PredictionIntervalLowerBound: Type.Optional(Amount),
        PredictionIntervalUpperBound: Type.Optional(Amount),
      }),
    ),
  }),
);

/** Cost Explorer's word for a cost metric in a forecast: `BLENDED_COST` for `BlendedCost`. */
export function forecastMetric(costMetric: string): Metric {
  return costMetric.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase() as Metric;
}

/**
 * Buys AWS's daily forecast: one request.
 *
 * @throws {CollectionError} `budget` where it does not fit; `no_data` for an account that is too new; `invalid_response` where the answer has another
 *   shape or does not cover the days asked for (today alone may be missing); else what AWS's error means.
 */
export async function collectForecast(
  { aws, signal, startedAt }: CollectContext<ForecastData>,
  costMetric: string,
): Promise<ForecastData> {
  const { start, end } = forecastPeriod(dayOf(startedAt));
  const command = new GetCostForecastCommand({
    TimePeriod: { Start: start, End: end },
    Granularity: 'DAILY',
    Metric: forecastMetric(costMetric),
    PredictionIntervalLevel: 80,
  });
  const client = aws.costExplorer();
  const answer: unknown = await held(aws, 1, () => client.send(command, { abortSignal: signal })).catch(
    (error) => {
      throw awsError(error, 'ce:GetCostForecast');
    },
  );
  if (!Answer.Check(answer)) {
    const first = Answer.Errors(answer).First();
    throw invalidResponse(`${first?.path || 'the answer'} is not what GetCostForecast documents`);
  }
  const days = new Map(answer.ForecastResultsByTime.map((day) => [day.TimePeriod.Start, day]));
  if (days.size < answer.ForecastResultsByTime.length) throw invalidResponse('it has a day twice');
  if ([...days].some(([day, { TimePeriod }]) => TimePeriod.End !== addDays(day, 1))) {
    throw invalidResponse('it has a period that is not a day');
  }
  const asked = daysIn(start, end);
  const missing = asked.find((day) => day !== start && !days.has(day));
  if (missing !== undefined) throw invalidResponse(`it lacks ${missing}`);
  return {
    currency: answer.Total.Unit,
    start,
    days: asked.flatMap((date) => {
      const day = days.get(date);
      if (day === undefined) return [];
      const { MeanValue, PredictionIntervalLowerBound: lower, PredictionIntervalUpperBound: upper } = day;
      return {
        date,
        mean: Number(MeanValue),
        lower: lower === undefined ? null : Number(lower),
        upper: upper === undefined ? null : Number(upper),
      };
    }),
  };
}
