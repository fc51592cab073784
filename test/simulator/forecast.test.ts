import { GetCostForecastCommand, type GetCostForecastCommandInput } from '@aws-sdk/client-cost-explorer';
import t from 'tap';
import { costExplorer, now, rawCall, row, type Scope, start } from './helper.ts';

const day = (i: number) => new Date(Date.UTC(2026, 2, 15 + i)).toISOString().slice(0, 10);
const isWeekend = (i: number) => [0, 6].includes(new Date(`${day(i)}T00:00:00Z`).getUTCDay());
/** 40 days before today: 10 on weekdays, 4 at weekends, amortized twice that; today 1000 so far, which is not learnt from. */
const BILL = [
  ...Array.from({ length: 40 }, (_, i) => {
    const cost = isWeekend(i - 40) ? 4 : 10;
    return row(day(i - 40), String(cost), { EffectiveCost: String(2 * cost) });
  }),
  row(day(0), '1000'),
];

const QUERY: GetCostForecastCommandInput = {
  TimePeriod: { Start: day(0), End: day(14) },
  Granularity: 'DAILY',
  Metric: 'BLENDED_COST',
};

async function asker(t: Scope, bill = BILL) {
  const client = costExplorer(t, await start(t, { bill, now }));
  return (changes: Partial<GetCostForecastCommandInput>) =>
    client.send(new GetCostForecastCommand({ ...QUERY, ...changes }));
}

t.test('a day is forecast as the mean of its weekday', async (t) => {
  const ask = await asker(t);
  const answer = await ask({});
  t.strictSame(
    answer.ForecastResultsByTime,
    Array.from({ length: 14 }, (_, i) => ({
      TimePeriod: { Start: day(i), End: day(i + 1) },
      MeanValue: isWeekend(i) ? '4' : '10',
    })),
  );
  t.strictSame(answer.Total, { Amount: '116', Unit: 'USD' });
  t.equal((await ask({ Metric: 'AMORTIZED_COST' })).Total?.Amount, '232');
  const months = await ask({ Granularity: 'MONTHLY', TimePeriod: { Start: day(0), End: '2026-04-05' } });
  t.strictSame(
    months.ForecastResultsByTime?.map(({ TimePeriod, MeanValue }) => [
      TimePeriod?.Start,
      TimePeriod?.End,
      MeanValue,
    ]),
    [
      ['2026-03-15', '2026-04-01', '140'],
      ['2026-04-01', '2026-04-05', '34'],
    ],
  );
  const none = await ask({ Filter: { Dimensions: { Key: 'SERVICE', Values: ['Tax'] } } }).catch(
    (error: unknown) => error,
  );
  t.match(none, { name: 'DataUnavailableException' }, 'a service without history');
});

t.test('bounds', async (t) => {
  // Mondays alternate between 6 and 14 about 10, all other days are 10: the deviation is sqrt(4 * 16 / 28).
  const bill = Array.from({ length: 28 }, (_, i) => {
    const isMonday = new Date(`${day(i - 28)}T00:00:00Z`).getUTCDay() === 1;
    return row(day(i - 28), !isMonday ? '10' : Math.floor(i / 7) % 2 === 0 ? '6' : '14');
  });
  const ask = await asker(t, bill);
  const [first] = (await ask({ PredictionIntervalLevel: 80 })).ForecastResultsByTime ?? [];
  t.equal(first?.MeanValue, '10');
  const margin = 1.281552 * Math.sqrt(64 / 28);
  t.ok(Math.abs(Number(first?.PredictionIntervalLowerBound) - (10 - margin)) < 1e-5);
  t.ok(Math.abs(Number(first?.PredictionIntervalUpperBound) - (10 + margin)) < 1e-5);
  const width = async (PredictionIntervalLevel: number) => {
    const [result] = (await ask({ PredictionIntervalLevel })).ForecastResultsByTime ?? [];
    return Number(result?.PredictionIntervalUpperBound) - Number(result?.PredictionIntervalLowerBound);
  };
  t.ok((await width(51)) < (await width(99)), 'wider where surer');
});

t.test('a young bill has no forecast', async (t) => {
  const young = (days: number) => asker(t, BILL.slice(40 - days));
  await t.rejects((await young(13))({}), { name: 'DataUnavailableException', message: /Insufficient/ });
  t.equal((await (await young(14))({})).Total?.Amount, '116');
  await t.rejects((await asker(t, []))({}), { name: 'DataUnavailableException' });
});

t.test('refusals', async (t) => {
  const simulator = await start(t, { bill: BILL, now });
  const period = (Start: string, End: string) => ({ TimePeriod: { Start, End } });
  const cases: [changes: object, message: RegExp][] = [
    [period(day(1), day(14)), /must be the current date/],
    [period(day(-1), day(14)), /must be the current date/],
    [period(day(0), day(0)), /before end date/],
    [period(day(0), '2026-06-16'), /at most 3 months/],
    [{ ...period(day(0), '2027-09-16'), Granularity: 'MONTHLY' }, /at most 18 months/],
    [{ Granularity: 'HOURLY' }, /HOURLY/],
    [{ Metric: 'BlendedCost' }, /enum/],
    [{ Metric: 'USAGE_QUANTITY' }, /enum/],
    [{ Metric: undefined }, /'metric'/],
    [{ PredictionIntervalLevel: 50 }, /greater than or equal to 51/],
    [{ PredictionIntervalLevel: 100 }, /less than or equal to 99/],
    [{ Filter: {} }, /operator/],
    [{ Metrics: ['BLENDED_COST'] }, /'Metrics'/],
  ];
  for (const [changes, message] of cases) {
    const { status, body } = await rawCall(simulator, 'GetCostForecast', { ...QUERY, ...changes });
    t.equal(status, 400, JSON.stringify(changes));
    t.equal(body.__type, 'ValidationException');
    t.match(body.message, message);
  }
  const far = await rawCall(simulator, 'GetCostForecast', { ...QUERY, ...period(day(0), '2026-06-15') });
  t.equal(far.status, 200, 'three months to the day');
});
