// The value of every family of cost and forecast, against sums made here.
import t from 'tap';
import { CHARGES, startCosts, TODAY } from '../helper.ts';
import { billOf, charges, daysFrom, MEMBER, PAYER, plusDays, sum, sumsByPair, THIRD } from './bill.ts';

const NOW = `${TODAY}T08:00:00Z`;
/** The earliest day that any family needs: the start of the window. */
const FROM = plusDays(TODAY, -30);
const until = (day: string) => CHARGES.filter((charge) => charge.day <= day);

const byPair = (start: string, end: string) => sumsByPair(until(TODAY), { start, end }, FROM);

t.test('the families by service and account', async (t) => {
  const { metrics } = await startCosts(t, { at: NOW });
  const page = await metrics();
  const table = (family: string) => page.table(family, 'service', 'account_id');
  const day = (back: number) => plusDays(TODAY, -back);
  t.same(table('aws_cost_total'), byPair(day(30), TODAY), 'the window: 30 complete days');
  t.same(table('aws_cost_month_to_date'), byPair('2026-11-01', day(-1)), 'month to date, today included');
  t.same(table('aws_cost_last_complete_day'), byPair(day(1), TODAY), 'yesterday');
  t.same(table('aws_cost_settled_day'), byPair(day(2), day(1)), 'two days ago');
  t.same(table('aws_cost_trailing_week'), byPair(day(7), TODAY), 'the last 7 complete days');
  t.same(table('aws_cost_preceding_week'), byPair(day(14), day(7)), 'the 7 before them');
  const medians = Object.fromEntries(
    Object.keys(byPair(day(9), day(2))).map((pair) => {
      const daily = daysFrom(day(9), day(2)).map((date) => byPair(date, plusDays(date, 1))[pair] ?? 0);
      return [pair, daily.toSorted((one, other) => one - other)[3]];
    }),
  );
  t.same(table('aws_cost_week_median'), medians, 'the median of the 7 days before the settled day');
  t.same(page.series('aws_cost_settled_day_timestamp_seconds'), [
    {
      name: 'aws_cost_settled_day_timestamp_seconds',
      labels: { account_id: PAYER },
      value: Date.parse(`${day(2)}T00:00:00Z`) / 1_000,
    },
  ]);
  t.equal(
    page.value('aws_cost_last_complete_day', { service: 'Tax' }),
    0,
    'a pair of the month is 0 elsewhere',
  );
});

t.test('the daily family has the pairs that AWS lists on a day, and no others', async (t) => {
  const { metrics } = await startCosts(t, { at: NOW });
  const page = await metrics();
  const expected = Object.fromEntries(
    until(TODAY)
      .filter(({ day }) => day >= FROM)
      .map(({ service, account, day, cost }) => [`${service}/${account}/${day}`, cost]),
  );
  t.same(page.table('aws_cost_daily', 'service', 'account_id', 'date'), expected);
});

t.test('names of accounts where there are some, and the currency', async (t) => {
  const list = charges('2026-10-01', '2026-11-30', [PAYER, MEMBER, THIRD]);
  const { metrics, get } = await startCosts(t, { at: NOW, bill: billOf(list, 'EUR') });
  const page = await metrics();
  t.same(page.table('aws_account_info', 'account_id', 'account_name'), {
    [`${PAYER}/payer`]: 1,
    [`${MEMBER}/member`]: 1,
  });
  t.same(page.table('aws_cost_currency_info', 'account_id', 'currency'), { [`${PAYER}/EUR`]: 1 });
  t.equal((await get('/cost/current')).json().currency, 'EUR');
  t.equal((await get('/cost/forecast')).json().currency, 'EUR');
});

t.test('the forecast sums the means that AWS gave', async (t) => {
  const { metrics, sim, run, get } = await startCosts(t, { at: NOW });
  const means: Record<string, number> = {};
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostForecast',
    mutate: (body) => ({
      ...body,
      ForecastResultsByTime: daysFrom(TODAY, plusDays(TODAY, 30)).map((day, number) => {
        means[day] = 10 + number / 8;
        return {
          TimePeriod: { Start: day, End: plusDays(day, 1) },
          MeanValue: String(10 + number / 8),
          PredictionIntervalLowerBound: String(5 + number / 8),
          PredictionIntervalUpperBound: String(20 + number / 8),
        };
      }),
    }),
  });
  t.equal(await run('forecast'), 'collected');
  const page = await metrics();
  const all = Object.values(means).reduce((one, other) => one + other, 0);
  const account = { account_id: PAYER };
  t.equal(page.value('aws_cost_forecast', account), all);
  t.equal(page.value('aws_cost_forecast_lower', account), all - 30 * 5);
  t.equal(page.value('aws_cost_forecast_upper', account), all + 30 * 10);
  const spent = sum(CHARGES, { start: '2026-11-01', end: TODAY });
  const coming = daysFrom(TODAY, '2026-12-01').reduce((total, day) => total + (means[day] ?? Number.NaN), 0);
  t.equal(
    page.value('aws_cost_forecast_month_end', account),
    spent + coming,
    'without today, plus the means',
  );
  t.match((await get('/cost/forecast')).json(), {
    amount: all,
    lower: all - 150,
    upper: all + 300,
    monthEnd: spent + coming,
    period: { start: TODAY, end: plusDays(TODAY, 30) },
    reason: null,
  });
});

t.test('the forecast is one request, to the later of 30 days and the end of the month', async (t) => {
  for (const [at, end] of [
    [NOW, '2026-12-22'],
    ['2026-10-01T00:00:00Z', '2026-11-01'],
    ['2027-02-01T12:00:00Z', '2027-03-03'],
  ] as const) {
    const bill = billOf(charges('2026-08-01', '2027-02-02'));
    const { sim } = await startCosts(t, { at, bill });
    const asked = sim.requests.filter(({ operation }) => operation === 'GetCostForecast');
    t.equal(asked.length, 1);
    t.match(asked[0]?.body, { TimePeriod: { Start: at.slice(0, 10), End: end }, Metric: 'BLENDED_COST' });
  }
});

t.test('REST agrees with the page and shows zeros', async (t) => {
  const { get } = await startCosts(t, { at: NOW });
  const body = (await get('/cost/current')).json();
  const window = { start: FROM, end: TODAY };
  t.equal(body.total, sum(CHARGES, window));
  t.equal(body.monthToDate, sum(CHARGES, { start: '2026-11-01', end: plusDays(TODAY, 1) }));
  const services = ['AWS Lambda', 'AmazonCloudWatch', 'Tax'];
  t.same(
    body.byService,
    services
      .map((service) => ({ service, cost: sum(CHARGES, { ...window, service }) }))
      .toSorted((one, other) => other.cost - one.cost),
  );
  t.same(
    body.byAccount,
    [
      { accountId: PAYER, name: 'payer', cost: sum(CHARGES, { ...window, account: PAYER }) },
      { accountId: MEMBER, name: 'member', cost: sum(CHARGES, { ...window, account: MEMBER }) },
    ].toSorted((one, other) => other.cost - one.cost),
  );
  t.same(
    body.daily,
    daysFrom(FROM, plusDays(TODAY, 1)).map((date) => ({
      date,
      cost: sum(CHARGES, { start: date, end: plusDays(date, 1) }),
      estimated: date >= '2026-11-01',
    })),
    'the window and today, the open month estimated',
  );
});

t.test('an empty bill is a total of 0 and no currency', async (t) => {
  const { get, metrics, collector } = await startCosts(t, { at: NOW, bill: [] });
  const answer = await get('/cost/current');
  t.equal(answer.status, 200);
  t.match(answer.json(), {
    total: 0,
    monthToDate: 0,
    currency: null,
    byService: [],
    byAccount: [],
    reason: null,
  });
  const page = await metrics();
  t.same(
    page.business().filter((name) => name !== 'aws_cost_settled_day_timestamp_seconds'),
    [],
    'no figure at all, not a false 0',
  );
  t.equal((await collector('cost')).state, 'ok');
  t.equal((await collector('forecast')).state, 'no_data');
  t.match((await get('/cost/forecast')).json(), {
    amount: null,
    lower: null,
    upper: null,
    monthEnd: null,
    reason: 'no_data',
  });
});
