import { billOf, plusDays, sum } from '../../acceptance/bill.ts';
import { CHARGES, TODAY } from '../../helper.ts';
import type { FaultRow } from '../matrix.ts';
import { failsAndRecovers, hurry, recovers, startWell } from './helper.ts';

const COST = { operation: 'GetCostAndUsage' } as const;
const YESTERDAY = plusDays(TODAY, -1);

/** What touches money: the bill's, and the exporter's own. */
export const rows: readonly FaultRow[] = [
  {
    id: 'aws/bill-restated-below-zero',
    fault: 'AWS restates yesterday downward, one service to -1,000',
    expected: 'The credit is shown as it is: no figure is clamped, none stays behind.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startWell(t);
      const { sim, clock, run, metrics, before, log } = exporter;
      const restated = CHARGES.map((charge) =>
        charge.day === YESTERDAY && charge.service === 'AWS Lambda' ? { ...charge, cost: -1_000 } : charge,
      );
      sim.setBill(billOf(restated));
      clock.advance(60_000);
      t.equal(await run('cost'), 'collected');
      const page = await metrics();
      const total = (family: string, labels = {}) =>
        page.series(family, labels).reduce((all, { value }) => all + value, 0);
      const credits = page.series('aws_cost_last_complete_day').filter(({ value }) => value === -1_000);
      fired('series at -1,000', credits.length);
      t.equal(total('aws_cost_last_complete_day'), sum(restated, { start: YESTERDAY, end: TODAY }));
      t.equal(total('aws_cost_total'), sum(restated, { start: plusDays(TODAY, -30), end: TODAY }));
      t.equal(
        total('aws_cost_month_to_date'),
        sum(restated, { start: '2026-11-01', end: plusDays(TODAY, 1) }),
      );
      t.not(page.businessText(), before.businessText());
      figures('right: those of the restated bill');
      t.match(await exporter.collector('cost'), { state: 'ok', stale: false });
      state('cost ok');
      t.equal(log.findLast(({ collector }) => collector === 'cost')?.msg, 'collected');
      message('collected');
    },
  },
  {
    id: 'aws/budget-ends-within-a-query',
    fault: 'The bill grows from one page to nine while USD 0.06 are left',
    expected:
      'No page is sent above the budget, half a bill is not shown, and it is not begun in vain again.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startWell(t, {
        env: { CAPABILITIES: 'cost', AWS_SPEND_BUDGET_USD: '0.07' },
      });
      const { sim, clock, run, before, log, paid } = exporter;
      sim.setPageSize(14);
      clock.advance(60_000);
      t.equal(await run('cost'), 'skipped');
      t.equal(paid(), 7, 'seven pages in all');
      fired('pages that the budget has let through', paid() - 1);
      t.equal(await exporter.spent(), 6);
      clock.advance(60_000);
      t.equal(await run('cost'), 'skipped');
      t.equal(paid(), 7, 'and none in vain');
      t.match(await exporter.collector('cost'), { state: 'budget', cause: { code: 'budget' } });
      state('cost budget, USD 0.07 of 0.07 spent');
      t.equal((await exporter.metrics()).businessText(), before.businessText());
      figures('unchanged');
      const line = log.findLast(({ code }) => code === 'budget');
      t.match(line?.msg, /budget/i);
      message(line?.msg ?? '');

      const boughtOn = async (days: number) => {
        const bought = paid();
        clock.set(`${plusDays(TODAY, days)}T08:00:00Z`);
        t.equal(await run('cost'), 'skipped');
        return paid() - bought;
      };
      t.equal(await boughtOn(1), 7, 'seven pages might have been all: a day of budget to learn that');
      t.equal(await boughtOn(2), 0, 'more than seven are not begun');
    },
  },
  {
    id: 'aws/forecast-no-data',
    fault: 'GetCostForecast answers DataUnavailableException',
    expected: 'A state of a successful collection: no failure, no 0, cost is right.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startWell(t, {
        before: ({ faults }) =>
          faults.add({
            kind: 'error',
            operation: 'GetCostForecast',
            type: 'DataUnavailableException',
            message: 'Insufficient amount of historical data to generate forecast.',
          }),
      });
      const { sim, before, log } = exporter;
      fired(
        'DataUnavailableException',
        sim.requests.filter(({ error }) => error === 'DataUnavailableException').length,
      );
      t.match(await exporter.collector('forecast'), { state: 'no_data', cause: { code: 'no_data' } });
      t.equal(before.value('aws_cost_exporter_collector_success', { collector: 'forecast' }), 1);
      state('forecast no_data, success 1');
      t.same(
        before.business().filter((family) => family.includes('forecast')),
        [],
      );
      t.equal(
        before.series('aws_cost_total').reduce((all, { value }) => all + value, 0),
        sum(CHARGES, { start: plusDays(TODAY, -30), end: TODAY }),
      );
      const answer = await exporter.get('/cost/forecast');
      t.equal(answer.status, 200);
      t.match(answer.json(), { amount: null, reason: 'no_data' });
      figures('forecast absent, cost right');
      const line = log.findLast(({ collector }) => collector === 'forecast');
      t.match(line?.msg, /no data/);
      message(line?.msg ?? '');
      sim.faults.clear();
      t.equal(await exporter.run('forecast'), 'collected', 'it comes by itself');
    },
  },
  {
    id: 'aws/cost-explorer-not-enabled',
    fault: 'Cost Explorer was never opened in the console: everything is refused',
    expected: 'The state says what to switch on; nothing is paid, no 0 is shown.',
    async run({ t, fired, state, figures, message }) {
      const refuse = {
        kind: 'error',
        type: 'AccessDeniedException',
        message: 'User not enabled for cost explorer access',
      } as const;
      const exporter = await startWell(t, {
        before: ({ faults }) => {
          faults.add({ ...refuse, operation: 'GetCostAndUsage' });
          faults.add({ ...refuse, operation: 'GetCostForecast' });
        },
      });
      const { sim, before, log } = exporter;
      fired('refusals', sim.requests.filter(({ error }) => error === 'AccessDeniedException').length);
      for (const name of ['cost', 'forecast']) {
        t.match(await exporter.collector(name), { state: 'not_enabled', cause: { code: 'not_enabled' } });
      }
      t.equal(before.value('aws_cost_exporter_aws_spend_usd_total'), 0);
      state('cost and forecast not_enabled, 0 cents');
      t.same(before.business(), []);
      figures('none');
      const line = log.findLast(({ collector }) => collector === 'cost');
      t.match(line?.advice, /console/);
      message(`${line?.msg} ${line?.advice}`);
      sim.faults.clear();
      t.equal(await exporter.run('cost'), 'collected');
    },
  },
  {
    id: 'aws/due-again-while-it-hangs',
    fault: 'GetCostAndUsage hangs while a second run of the same collector is due',
    expected: 'One flight at a time: the second is skipped, nothing is bought twice.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startWell(t);
      const { sim, clock, run, before, paid } = exporter;
      sim.faults.add({ ...COST, kind: 'hang' });
      hurry(exporter, 'cost', 1_000);
      clock.advance(60_000);
      const bought = paid();
      const first = run('cost');
      const second = await Promise.all([1, 2, 3].map(() => run('cost')));
      t.same(second, ['skipped', 'skipped', 'skipped']);
      t.equal(await first, 'failed');
      fired('requests that hung', exporter.hits('hang'));
      t.equal(paid() - bought, 1);
      t.equal(await exporter.spent(), 1);
      const page = await exporter.metrics();
      const skipped = page.value('aws_cost_exporter_collector_skipped_total', {
        collector: 'cost',
        reason: 'running',
      });
      t.equal(skipped, 3);
      state(`cost failed (timeout), ${skipped} runs skipped as running, 1 cent`);
      t.equal(page.businessText(), before.businessText());
      figures('unchanged');
      const line = exporter.log.findLast(({ collector }) => collector === 'cost');
      t.match(line?.msg, /in time/);
      message(line?.msg ?? '');
      await recovers(t, exporter);
    },
  },
  {
    id: 'aws/account-cannot-be-asked',
    fault: 'STS does not say whose the credentials are',
    expected: 'Nothing is bought for an account that is not known; the figures stay.',
    async run(row) {
      const exporter = await startWell(row.t, { app: { awsLimits: { accountMs: 500, requestMs: 3_000 } } });
      // What STS has said is believed for a quarter of an hour.
      exporter.clock.advance(16 * 60_000);
      exporter.sim.faults.add({ kind: 'hang', operation: 'GetCallerIdentity' });
      await failsAndRecovers(row, exporter, {
        operation: 'GetCallerIdentity',
        code: 'timeout',
        says: /in time/,
        advice: /network/,
        attempts: { timeout: 1 },
        cents: 0,
      });
    },
  },
];
