// The "Bad input": an AWS answer of the wrong shape, or one that is not about what was asked.
import t from 'tap';
import { type Exporter, startCosts, TODAY } from '../helper.ts';
import { plusDays } from './bill.ts';

type Body = Record<string, unknown>;
interface Day {
  TimePeriod: { Start: string; End: string };
  Groups: { Keys: string[]; Metrics: Record<string, { Amount: unknown; Unit: unknown }> }[];
}

const days = (body: Body) => body.ResultsByTime as Day[];

/** Changes the tenth day's first group, and nothing else. */
function group(change: (group: Day['Groups'][number]) => unknown) {
  return (body: Body): Body => {
    const [first] = days(body)[9]?.Groups ?? [];
    if (first !== undefined) change(first);
    return body;
  };
}

function amount(value: unknown) {
  return group(({ Metrics }) => {
    Metrics.BlendedCost = { Amount: value, Unit: 'USD' };
  });
}

const COST: Readonly<Record<string, (body: Body) => Body>> = {
  'an empty object': () => ({}),
  'no list of days': (body) => ({ ...body, ResultsByTime: 'none' }),
  'no day at all': (body) => ({ ...body, ResultsByTime: [] }),
  'a missing day': (body) => ({ ...body, ResultsByTime: days(body).filter((_, index) => index !== 9) }),
  'the last complete day missing': (body) => ({
    ...body,
    ResultsByTime: days(body).filter(({ TimePeriod }) => TimePeriod.Start < plusDays(TODAY, -1)),
  }),
  'a day that was not asked for': (body) => ({
    ...body,
    ResultsByTime: [
      { ...days(body)[0], TimePeriod: { Start: '2020-01-01', End: '2020-01-02' } },
      ...days(body),
    ],
  }),
  'a month in place of a day': (body) => ({
    ...body,
    ResultsByTime: days(body).map((day, index) =>
      index === 9 ? { ...day, TimePeriod: { ...day.TimePeriod, End: '2026-12-01' } } : day,
    ),
  }),
  'no groups': (body) => ({
    ...body,
    ResultsByTime: days(body).map(({ TimePeriod }) => ({ TimePeriod, Total: {} })),
  }),
  'one key': group((one) => one.Keys.pop()),
  'no keys': group((one) => Object.assign(one, { Keys: null })),
  'no metric': group((one) => Object.assign(one, { Metrics: {} })),
  'another metric': group((one) =>
    Object.assign(one, { Metrics: { UnblendedCost: { Amount: '1', Unit: 'USD' } } }),
  ),
  'a number for an amount': amount(12.5),
  'no amount': amount(null),
  'an empty amount': amount(''),
  'a word for an amount': amount('free'),
  'an amount that is NaN': amount('NaN'),
  'an infinite amount': amount('Infinity'),
  'an amount beyond all numbers': amount('1e999'),
  'a hexadecimal amount': amount('0x10'),
  'an amount with a comma': amount('1,5'),
  'two currencies': group(({ Metrics }) => {
    Metrics.BlendedCost = { Amount: '1', Unit: 'EUR' };
  }),
  'no currency': group(({ Metrics }) => {
    Metrics.BlendedCost = { Amount: '1', Unit: null };
  }),
};

const FORECAST: Readonly<Record<string, (body: Body) => Body>> = {
  'an empty object': () => ({}),
  'no days': (body) => ({ ...body, ForecastResultsByTime: [] }),
  'a missing day': (body) => ({
    ...body,
    ForecastResultsByTime: (body.ForecastResultsByTime as object[]).filter((_, index) => index !== 5),
  }),
  'a word for a mean': (body) => ({
    ...body,
    ForecastResultsByTime: (body.ForecastResultsByTime as object[]).map((day) => ({
      ...day,
      MeanValue: 'much',
    })),
  }),
  'no currency': (body) => ({ ...body, Total: {} }),
};

/** Runs a collector into a changed answer, and asserts that nothing of it gets out. */
async function refuses(
  t: Parameters<typeof startCosts>[0],
  exporter: Exporter,
  collector: string,
  change: (body: Body) => Body,
  what: string,
) {
  const { sim, run, metrics, paid } = exporter;
  const before = await metrics();
  const bought = paid();
  const operation = collector === 'cost' ? 'GetCostAndUsage' : 'GetCostForecast';
  sim.faults.add({ kind: 'mutate', operation, mutate: change });
  t.equal(await run(collector), 'failed', what);
  const page = await metrics();
  t.equal(page.businessText(), before.businessText(), `${what}: the last good figures stay`);
  const view = await exporter.collector(collector);
  t.match(
    { cause: view.cause, stale: view.stale },
    { stale: true, cause: { code: 'invalid_response' } },
    what,
  );
  t.equal(paid() - bought, 1, `${what}: it is not asked for again at once`);
  sim.faults.clear();
}

t.test('answers of GetCostAndUsage that are refused', async (t) => {
  const exporter = await startCosts(t);
  for (const [what, change] of Object.entries(COST)) await refuses(t, exporter, 'cost', change, what);
  t.equal(await exporter.run('cost'), 'collected', 'and then a good one');
});

t.test('answers of GetCostForecast that are refused', async (t) => {
  const exporter = await startCosts(t);
  for (const [what, change] of Object.entries(FORECAST)) await refuses(t, exporter, 'forecast', change, what);
  t.equal(await exporter.run('forecast'), 'collected');
});

t.test('today alone may be missing', async (t) => {
  const { sim, run, metrics } = await startCosts(t);
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    mutate: (body) => ({
      ...body,
      ResultsByTime: days(body).filter(({ TimePeriod }) => TimePeriod.Start < TODAY),
    }),
  });
  t.equal(await run('cost'), 'collected');
  const page = await metrics();
  t.same(page.series('aws_cost_daily', { date: TODAY }), []);
  t.ok(page.series('aws_cost_month_to_date').length > 0);
});

t.test('negative, tiny and zero amounts are right', async (t) => {
  const { sim, run, metrics } = await startCosts(t);
  const texts = ['-12.5', '1.23E-8', '0', '0.0000300172', '-0', '1e2'];
  let at = 0;
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    mutate: (body) => {
      for (const { TimePeriod, Groups } of days(body)) {
        for (const one of Groups) {
          const value = TimePeriod.Start === plusDays(TODAY, -1) ? texts[at++] : '0';
          one.Metrics.BlendedCost = { Amount: value, Unit: 'USD' };
        }
      }
      return body;
    },
  });
  t.equal(await run('cost'), 'collected');
  const values = (await metrics())
    .series('aws_cost_daily', { date: plusDays(TODAY, -1) })
    .map(({ value }) => value);
  t.same(values.toSorted(), texts.slice(0, 4).map(Number).toSorted());
});
