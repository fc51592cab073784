// The days around which naive date arithmetic breaks: 1st, last and leap day, a second about midnight.
import t from 'tap';
import { startCosts } from '../helper.ts';
import { billOf, charges, plusDays, sum } from './bill.ts';
import type { MetricsPage } from './parse-metrics.ts';

const LIST = charges('2027-10-01', '2028-04-10');

const total = (page: MetricsPage, family: string) =>
  page.series(family).reduce((cost, { value }) => cost + value, 0);

const INSTANTS = [
  '2028-02-28T23:59:59Z',
  '2028-02-29T00:00:00Z',
  '2028-02-29T23:59:59Z',
  '2028-03-01T00:00:00Z',
  '2028-03-01T00:00:01Z',
  '2028-03-31T12:00:00Z',
  '2027-12-31T23:59:59.999Z',
  '2028-01-01T00:00:00Z',
  '2028-01-31T23:59:59Z',
];

for (const at of INSTANTS) {
  t.test(`a collection at ${at}`, async (t) => {
    const today = at.slice(0, 10);
    const { metrics, get, sim } = await startCosts(t, { at, bill: billOf(LIST) });
    const page = await metrics();
    const known = LIST.filter(({ day }) => day <= today);
    const span = (from: number, to: number) =>
      sum(known, { start: plusDays(today, from), end: plusDays(today, to) });
    const first = `${today.slice(0, 8)}01`;
    t.equal(total(page, 'aws_cost_total'), span(-30, 0), 'window');
    t.equal(total(page, 'aws_cost_month_to_date'), sum(known, { start: first }), 'month to date');
    t.equal(total(page, 'aws_cost_last_complete_day'), span(-1, 0), 'yesterday');
    t.equal(total(page, 'aws_cost_settled_day'), span(-2, -1), 'settled day');
    t.equal(total(page, 'aws_cost_trailing_week'), span(-7, 0), 'trailing week');
    t.equal(total(page, 'aws_cost_preceding_week'), span(-14, -7), 'preceding week');
    const dates = page
      .series('aws_cost_daily')
      .map(({ labels }) => labels.date ?? '')
      .toSorted();
    t.same([dates[0], dates.at(-1)], [plusDays(today, -30), today], 'days');
    t.match((await get('/cost/current')).json(), { window: { start: plusDays(today, -30), end: today } });
    const earliest = [first, plusDays(today, -30)].toSorted()[0];
    t.match(sim.requests.find(({ operation }) => operation === 'GetCostAndUsage')?.body, {
      TimePeriod: { Start: earliest, End: plusDays(today, 1) },
      Granularity: 'DAILY',
    });
    const forecast = (await get('/cost/forecast')).json();
    t.same(forecast.period, { start: today, end: plusDays(today, 30) });
    t.ok(Number(forecast.amount) > 0 && Number(forecast.monthEnd) > 0);
  });
}

t.test('the settings move the periods, and only theirs', async (t) => {
  const today = '2028-03-15';
  const { metrics, get, sim } = await startCosts(t, {
    at: `${today}T10:00:00Z`,
    bill: billOf(LIST),
    env: { COST_WINDOW_DAYS: '60', COST_DAILY_DAYS: '3', COST_SETTLED_DAYS: '5' },
  });
  const page = await metrics();
  const span = (from: number, to: number) =>
    sum(LIST, { start: plusDays(today, from), end: plusDays(today, to) });
  t.equal(total(page, 'aws_cost_total'), span(-60, 0));
  t.equal(total(page, 'aws_cost_settled_day'), span(-5, -4));
  t.equal(total(page, 'aws_cost_last_complete_day'), span(-1, 0));
  t.equal(total(page, 'aws_cost_month_to_date'), sum(LIST, { start: '2028-03-01', end: plusDays(today, 1) }));
  t.same([...new Set(page.series('aws_cost_daily').map(({ labels }) => labels.date))].toSorted(), [
    '2028-03-12',
    '2028-03-13',
    '2028-03-14',
    '2028-03-15',
  ]);
  const { daily } = (await get('/cost/current')).json<{ daily: { date: string }[] }>();
  t.equal(daily.length, 61, 'REST: the window and today');
  t.equal(sim.requests.filter(({ operation }) => operation === 'GetCostAndUsage').length, 1, 'one request');
});

t.test(
  'COST_DAILY_DAYS=0 turns the family off; a window of one day; the forecast metric follows',
  async (t) => {
    const today = '2028-03-02';
    const { metrics, get, sim } = await startCosts(t, {
      at: `${today}T10:00:00Z`,
      bill: billOf(LIST),
      env: { COST_WINDOW_DAYS: '1', COST_DAILY_DAYS: '0', COST_METRIC: 'AmortizedCost' },
    });
    const page = await metrics();
    t.same(page.series('aws_cost_daily'), []);
    t.equal(
      total(page, 'aws_cost_total'),
      2 * sum(LIST, { start: '2028-03-01', end: today }),
      'amortized: twice the billed',
    );
    t.equal(
      total(page, 'aws_cost_preceding_week'),
      2 * sum(LIST, { start: '2028-02-17', end: '2028-02-24' }),
    );
    t.equal((await get('/cost/current')).json<{ daily: object[] }>().daily.length, 2);
    t.match(sim.requests.find(({ operation }) => operation === 'GetCostForecast')?.body, {
      Metric: 'AMORTIZED_COST',
    });
  },
);

t.test('a collection that begins before midnight and ends after it', async (t) => {
  const { metrics, run, sim, clock } = await startCosts(t, {
    at: '2028-02-28T12:00:00Z',
    bill: billOf(LIST),
  });
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    mutate: (body) => {
      clock.set('2028-03-01T00:00:01Z');
      return body;
    },
  });
  clock.set('2028-02-29T23:59:59Z');
  t.equal(await run('cost'), 'collected');
  const page = await metrics();
  const known = LIST.filter(({ day }) => day <= '2028-02-29');
  t.equal(
    total(page, 'aws_cost_last_complete_day'),
    sum(known, { start: '2028-02-29' }),
    'yesterday is the leap day',
  );
  t.equal(total(page, 'aws_cost_total'), sum(known, { start: '2028-01-31', end: '2028-03-01' }));
  t.equal(total(page, 'aws_cost_month_to_date'), 0);
  t.equal(
    page.value('aws_cost_exporter_collector_last_success_timestamp_seconds', { collector: 'cost' }),
    Date.parse('2028-02-29T23:59:59Z') / 1_000,
    'ages count from the start',
  );
});
