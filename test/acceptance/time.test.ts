// Figures end with their period. Clock and bill are the test's.
import t, { type Test } from 'tap';
import { CHARGES, type Exporter, startCosts } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { billOf, type Charge, charges, PAYER, plusDays, sum } from './bill.ts';
import type { MetricsPage } from './parse-metrics.ts';

const DAY = { account_id: PAYER };

/** The sum of a family by service and account; undefined where it is absent. */
function total(page: MetricsPage, family: string): number | undefined {
  const series = page.series(family);
  return series.length === 0 ? undefined : series.reduce((cost, { value }) => cost + value, 0);
}

/** What the families by service and account come to on a day, from the charges up to `until`. */
function expected(list: readonly Charge[], today: string, until = today) {
  const known = list.filter(({ day }) => day <= until);
  const span = (from: number, to: number) =>
    sum(known, { start: plusDays(today, from), end: plusDays(today, to) });
  return {
    aws_cost_total: span(-30, 0),
    aws_cost_month_to_date: sum(known, { start: `${today.slice(0, 8)}01`, end: plusDays(today, 1) }),
    aws_cost_last_complete_day: span(-1, 0),
    aws_cost_settled_day: span(-2, -1),
    aws_cost_trailing_week: span(-7, 0),
    aws_cost_preceding_week: span(-14, -7),
  };
}

function check(
  t: Test,
  page: MetricsPage,
  want: Readonly<Record<string, number | undefined>>,
  when: string,
): void {
  for (const [family, value] of Object.entries(want))
    t.equal(total(page, family), value, `${family} ${when}`);
}

const dates = (page: MetricsPage) => new Set(page.series('aws_cost_daily').map(({ labels }) => labels.date));

/** Midnight has passed, and the exporter has noticed. */
async function midnight({ app, clock }: Exporter, instant: string): Promise<void> {
  clock.set(instant);
  await app.rest.collections.newDay();
}

t.test('at midnight cost is published anew from the kept rows', async (t) => {
  const exporter = await startCosts(t, { at: '2026-11-22T22:00:00Z' });
  const { metrics, get, paid } = exporter;
  check(t, await metrics(), expected(CHARGES, '2026-11-22'), 'before');
  const bought = paid();
  await midnight(exporter, '2026-11-23T00:00:00Z');
  const page = await metrics();
  check(t, page, expected(CHARGES, '2026-11-23', '2026-11-22'), 'after midnight');
  t.equal(
    page.value('aws_cost_settled_day_timestamp_seconds', DAY),
    Date.parse('2026-11-21T00:00:00Z') / 1_000,
    'the settled day has moved on',
  );
  t.notOk(dates(page).has('2026-10-23'), 'a day has left the daily family');
  t.ok(dates(page).has('2026-10-24') && dates(page).has('2026-11-22'));
  t.match((await get('/cost/current')).json(), {
    window: { start: '2026-10-24', end: '2026-11-23' },
    total: expected(CHARGES, '2026-11-23').aws_cost_total,
    collectedAt: '2026-11-22T22:00:00.000Z',
  });
  t.equal(paid(), bought, 'nothing was bought for it');
});

t.test('midnight is noticed without being told', async (t) => {
  const { metrics, clock } = await startCosts(t, { at: '2026-11-22T23:59:59Z' });
  clock.set('2026-11-23T00:00:00Z');
  const want = expected(CHARGES, '2026-11-23', '2026-11-22').aws_cost_last_complete_day;
  t.not(total(await metrics(), 'aws_cost_settled_day'), undefined);
  await eventually('yesterday is another day', async () =>
    total(await metrics(), 'aws_cost_last_complete_day') === want ? true : undefined,
  );
});

t.test('the first attempt of the new day has failed: what has ended is withdrawn, not 0', async (t) => {
  const exporter = await startCosts(t, { at: '2026-11-22T22:00:00Z' });
  const { metrics, run, sim, get, clock } = exporter;
  sim.faults.add({ kind: 'deny' });
  await midnight(exporter, '2026-11-23T00:00:01Z');
  t.equal(await run('cost'), 'failed');
  const page = await metrics();
  check(
    t,
    page,
    { ...expected(CHARGES, '2026-11-23', '2026-11-22'), aws_cost_month_to_date: undefined },
    'on the next day: today is not covered',
  );
  const body = (await get('/cost/current')).json();
  t.equal(body.monthToDate, null);
  t.equal(body.stale, true);

  await midnight(exporter, '2026-11-24T00:00:01Z');
  t.equal(await run('cost'), 'failed');
  const later = await metrics();
  for (const family of [
    'aws_cost_total',
    'aws_cost_month_to_date',
    'aws_cost_last_complete_day',
    'aws_cost_trailing_week',
  ]) {
    t.same(later.series(family), [], `${family} is absent: the 23rd is not covered`);
  }
  const { aws_cost_settled_day, aws_cost_preceding_week } = expected(CHARGES, '2026-11-24', '2026-11-22');
  check(t, later, { aws_cost_settled_day, aws_cost_preceding_week }, 'is still covered');
  t.ok(dates(later).has('2026-11-22') && !dates(later).has('2026-11-23'), 'the days that are known stay');
  t.equal((await get('/cost/current')).json().total, null);

  sim.faults.clear();
  clock.set('2026-11-24T01:00:00Z');
  t.equal(await run('cost'), 'collected');
  check(t, await metrics(), expected(CHARGES, '2026-11-24'), 'is back with the next success');
});

t.test('the month changes: 0 on the 1st, not a gap; withdrawn where the attempt fails', async (t) => {
  const list = charges('2026-10-01', '2026-12-01');
  const exporter = await startCosts(t, { at: '2026-11-30T23:00:00Z', bill: billOf(list) });
  const { metrics, run, sim, get } = exporter;
  const november = expected(list, '2026-11-30').aws_cost_month_to_date;
  t.equal(total(await metrics(), 'aws_cost_month_to_date'), november);
  await midnight(exporter, '2026-12-01T00:00:00Z');
  const page = await metrics();
  t.not(total(page, 'aws_cost_month_to_date'), november, "last month's month to date has ended");
  t.equal(total(page, 'aws_cost_month_to_date'), 0);

  sim.faults.add({ kind: 'error500', operation: 'GetCostAndUsage' });
  t.equal(await run('cost'), 'failed');
  t.same((await metrics()).series('aws_cost_month_to_date'), [], 'nobody knows: absent, not 0');
  t.equal((await get('/cost/current')).json().monthToDate, null);

  sim.faults.clear();
  t.equal(await run('cost'), 'collected');
  const zeros = (await metrics()).series('aws_cost_month_to_date');
  t.equal(zeros.length, 5, 'every pair of the days asked for');
  t.ok(
    zeros.every(({ value }) => value === 0),
    'is 0: AWS says so',
  );
  t.equal((await get('/cost/current')).json().monthToDate, 0);
});

t.test('a forecast ends with the day on which it was made', async (t) => {
  const exporter = await startCosts(t, { at: '2026-11-22T22:00:00Z' });
  const { metrics, run, sim, get, clock } = exporter;
  const families = [
    'aws_cost_forecast',
    'aws_cost_forecast_lower',
    'aws_cost_forecast_upper',
    'aws_cost_forecast_month_end',
  ];
  const before = await metrics();
  for (const family of families) t.ok(before.value(family, DAY), family);

  sim.faults.add({ kind: 'deny', operation: 'GetCostForecast' });
  clock.set('2026-11-22T23:59:59Z');
  t.equal(await run('forecast'), 'failed');
  for (const family of families)
    t.equal((await metrics()).value(family, DAY), before.value(family, DAY), `${family} stays that day`);

  await midnight(exporter, '2026-11-23T00:00:00Z');
  t.equal(await run('forecast'), 'failed');
  for (const family of families) t.same((await metrics()).series(family), [], `${family} is withdrawn`);
  t.match((await get('/cost/forecast')).json(), {
    amount: null,
    lower: null,
    upper: null,
    monthEnd: null,
    stale: true,
  });

  sim.faults.clear();
  t.equal(await run('forecast'), 'collected');
  for (const family of families) t.ok((await metrics()).value(family, DAY), `${family} is back`);
});

t.test('no forecast any more: the earlier one stays that day, and no longer', async (t) => {
  const exporter = await startCosts(t, { at: '2026-11-22T08:00:00Z' });
  const { metrics, run, sim, get, clock, collector } = exporter;
  const amount = (await metrics()).value('aws_cost_forecast', DAY);
  sim.faults.add({
    kind: 'error',
    operation: 'GetCostForecast',
    type: 'DataUnavailableException',
    message: 'none',
  });
  clock.set('2026-11-22T09:00:00Z');
  t.equal(await run('forecast'), 'empty');
  t.equal((await metrics()).value('aws_cost_forecast', DAY), amount);
  t.match((await get('/cost/forecast')).json(), { amount, reason: 'no_data', stale: false });
  t.equal((await collector('forecast')).state, 'no_data');
  await midnight(exporter, '2026-11-23T00:00:00Z');
  t.equal(await run('forecast'), 'empty');
  t.same((await metrics()).series('aws_cost_forecast'), []);
  t.match((await get('/cost/forecast')).json(), { amount: null, reason: 'no_data' });
});

t.test('not enabled any more: earlier figures stay for 24 h', async (t) => {
  const { metrics, run, sim, get, clock } = await startCosts(t, { at: '2026-11-22T08:00:00Z' });
  sim.faults.add({
    kind: 'error',
    operation: 'GetCostAndUsage',
    type: 'AccessDeniedException',
    message: 'User not enabled for cost explorer access',
  });
  clock.set('2026-11-22T20:00:00Z');
  t.equal(await run('cost'), 'empty');
  check(t, await metrics(), expected(CHARGES, '2026-11-22'), 'is there after 12 h');
  t.equal((await metrics()).value('aws_cost_exporter_collector_success', { collector: 'cost' }), 1);
  clock.set('2026-11-23T08:00:01Z');
  t.equal(await run('cost'), 'empty');
  t.same((await metrics()).series('aws_cost_total'), [], 'and gone after 24');
  t.same((await metrics()).series('aws_cost_daily'), []);
  t.match((await get('/cost/current')).json(), {
    total: null,
    monthToDate: null,
    byService: [],
    reason: 'not_enabled',
  });
});
