import t from 'tap';
import { collectForecast, forecastMetric } from '../../../plugins/forecast/collect.ts';
import type { ForecastData } from '../../../plugins/forecast/model.ts';
import { COST_METRICS } from '../../../src/config/settings.ts';
import { CollectionError } from '../../../src/errors.ts';
import { dayNumber, dayText } from '../cost/naive.ts';
import { type Answer, contextAt, refusal } from '../fake-cost-explorer.ts';
import { forecastEnd, span } from './forecast.ts';

const AT = Date.parse('2026-03-15T12:00:00Z');

interface WireDay {
  TimePeriod: { Start: string; End: string };
  MeanValue?: unknown;
  PredictionIntervalLowerBound?: unknown;
  PredictionIntervalUpperBound?: unknown;
}

function wireDay(day: string): WireDay {
  return {
    TimePeriod: { Start: day, End: dayText(dayNumber(day) + 1) },
    MeanValue: '1.5',
    PredictionIntervalLowerBound: '-0.25',
    PredictionIntervalUpperBound: '1.23E+1',
  };
}

/** The answer to a request, each day changed. */
function answer(change: (days: WireDay[]) => unknown = (days) => days, more: object = {}) {
  return (request: Record<string, unknown>): Answer => {
    const { Start, End } = request.TimePeriod as { Start: string; End: string };
    return {
      body: {
        Total: { Amount: '45', Unit: 'EUR' },
        ForecastResultsByTime: change(span(Start, End).map(wireDay)),
        ...more,
      },
    };
  };
}

function collect(given: (request: Record<string, unknown>) => Answer, at = AT) {
  const { context, requests } = contextAt<ForecastData>(at, given);
  return { result: collectForecast(context, 'BlendedCost'), requests };
}

async function failure(given: (request: Record<string, unknown>) => Answer) {
  try {
    await collect(given).result;
    return undefined;
  } catch (error) {
    return error instanceof CollectionError ? error.code : `not typed: ${error}`;
  }
}

t.test('one request for the days from today to the later of 30 days and the month end', async (t) => {
  const { result, requests } = collect(answer());
  const data = await result;
  t.same(requests, [
    {
      operation: 'GetCostForecast',
      body: {
        TimePeriod: { Start: '2026-03-15', End: '2026-04-14' },
        Granularity: 'DAILY',
        Metric: 'BLENDED_COST',
        PredictionIntervalLevel: 80,
      },
    },
  ]);
  t.equal(data.currency, 'EUR');
  t.equal(data.start, '2026-03-15');
  t.same(
    data.days,
    span('2026-03-15', '2026-04-14').map((date) => ({ date, mean: 1.5, lower: -0.25, upper: 12.3 })),
  );
});

t.test('the UTC day of the start, one second before and after midnight', async (t) => {
  for (const [at, start] of [
    ['2024-02-28T23:59:59Z', '2024-02-28'],
    ['2024-02-29T00:00:01Z', '2024-02-29'],
    ['2025-12-31T23:59:59Z', '2025-12-31'],
    ['2026-01-01T00:00:00Z', '2026-01-01'],
  ] as const) {
    const { result, requests } = collect(answer(), Date.parse(at));
    t.equal((await result).start, start);
    t.same(requests[0]?.body.TimePeriod, { Start: start, End: forecastEnd(start) });
  }
});

t.test("the metrics in the forecast's own words", async (t) => {
  t.same(COST_METRICS.map(forecastMetric), [
    'AMORTIZED_COST',
    'BLENDED_COST',
    'NET_AMORTIZED_COST',
    'NET_UNBLENDED_COST',
    'UNBLENDED_COST',
  ]);
});

t.test('days in any order, today missing, bounds missing', async (t) => {
  const plain = await collect(answer()).result;
  t.same(await collect(answer((days) => days.toReversed())).result, plain);
  const { days } = await collect(answer((all) => all.slice(1))).result;
  t.same(days, plain.days.slice(1), 'today alone may be missing');
  const bare = await collect(
    answer((all) => all.map(({ TimePeriod, MeanValue }) => ({ TimePeriod, MeanValue }))),
  ).result;
  t.same(
    new Set(bare.days.flatMap(({ lower, upper }) => [lower, upper])),
    new Set([null]),
    'no bounds are no bounds, not 0',
  );
});

t.test('an answer of another shape is refused', async (t) => {
  const mean = (MeanValue: unknown) => answer((days) => days.map((day) => ({ ...day, MeanValue })));
  const cases = {
    'a day missing in the middle': answer((days) => days.toSpliced(3, 1)),
    'the last day missing': answer((days) => days.slice(0, -1)),
    'no days': answer(() => []),
    'days that are none': answer(() => 'soon'),
    'no means': mean(undefined),
    'means of words': mean('a lot'),
    NaN: mean('NaN'),
    'beyond every number': mean('1e999'),
    'no total': answer((days) => days, { Total: undefined }),
    'no unit': answer((days) => days, { Total: { Amount: '1' } }),
    'an empty unit': answer((days) => days, { Total: { Amount: '1', Unit: '' } }),
  };
  for (const [name, given] of Object.entries(cases)) t.equal(await failure(given), 'invalid_response', name);
});

t.test('its page is set aside before it is sent', async (t) => {
  const { context, holds } = contextAt<ForecastData>(AT, answer());
  await collectForecast(context, 'BlendedCost');
  t.same(holds, [1]);
  const refused = contextAt<ForecastData>(AT, answer(), {
    onHold() {
      throw new CollectionError('budget', 'It does not fit.', 'Wait.');
    },
  });
  await t.rejects(collectForecast(refused.context, 'BlendedCost'), { code: 'budget' });
  t.same(refused.requests, []);
});

t.test("AWS's refusals have their typed cause", async (t) => {
  t.equal(await failure(() => refusal('DataUnavailableException')), 'no_data');
  t.equal(await failure(() => refusal('AccessDeniedException')), 'access_denied');
  t.equal(await failure(() => refusal('ThrottlingException')), 'throttled');
  t.equal(await failure(() => refusal('ValidationException')), 'error');
});
