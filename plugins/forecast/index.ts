import { TypeCompiler } from '@sinclair/typebox/compiler';
import fp from 'fastify-plugin';
import type { Capability } from '../../src/collection/capability.ts';
import { addDays, dayOf, startOf } from '../../src/collection/periods.ts';
import type { Config } from '../../src/config.ts';
import { forecastFamilies, forecastSamples } from './families.ts';
import { emptyForecastDocument, FORECAST_SCHEMA, ForecastData, forecastDocument } from './model.ts';
import { CostForecast } from './schema.ts';

/** Longest time for one forecast collection, in milliseconds. */
const TIMEOUT_MS = 2 * 60_000;

const Data = TypeCompiler.Compile(ForecastData);

/** AWS's cost forecast: one request, `aws_cost_forecast*` and `GET /cost/forecast`. */
export default fp<{ config: Config }>(
  async function forecastPlugin(fastify, { config }) {
    const { metric } = config.cost;
    const capability: Capability<ForecastData> = {
      name: 'forecast',
      intervalMs: config.forecast.intervalMs,
      timeoutMs: TIMEOUT_MS,
      operations: ['GetCostForecast'],
      schema: FORECAST_SCHEMA,
      families: forecastFamilies,
      reads: ['cost'],
      accepts: (data): data is ForecastData => Data.Check(data),
      fingerprint: () => metric,
      // A forecast starts on the day on which it was made: the next day wants its own.
      freshUntil: (collectedAt) => startOf(addDays(dayOf(collectedAt), 1)),
      newDay: 'at once',
      purchases: () => ({ pages: 1, daily: 0 }),
      collect: async (context) => {
        const { collectForecast } = await import('./collect.ts');
        return { data: await collectForecast(context, metric), failed: [] };
      },
      present: (view) => ({
        samples: forecastSamples(view),
        folded: 0,
        claims: [],
        document: (reason) => forecastDocument(view, reason),
      }),
      empty: (reason, _target, now) => emptyForecastDocument(reason, dayOf(now)),
    };
    fastify.collections.register(capability);
    fastify.documentRoute({
      url: '/cost/forecast',
      collector: 'forecast',
      operationId: 'getCostForecast',
      summary: 'Forecast for the next 30 days and for the month',
      description:
        "What AWS expects one target to spend in the 30 days from today, with bounds, and the month's expected end. From the last good snapshot.",
      body: CostForecast,
    });
  },
  { name: 'forecast', fastify: '5.x', dependencies: ['documents'] },
);
