// `not_enabled` and `no_data` are states of a successful collection, not failures.
import t from 'tap';
import { startCosts } from '../helper.ts';

const CASES = {
  'Cost Explorer was never opened': {
    type: 'AccessDeniedException',
    message: 'User not enabled for cost explorer access',
    code: 'not_enabled',
    advice: /console/i,
  },
  'the payer has switched linked accounts off': {
    type: 'AccessDeniedException',
    message: 'Linked account access to Cost Explorer has been disabled by the payer account',
    code: 'not_enabled',
    advice: /payer/i,
  },
  'the payer has not opted in': {
    type: 'AccessDeniedException',
    message: 'This is an opt-in only feature. Enable it from the payer preferences',
    code: 'not_enabled',
    advice: /payer/i,
  },
  'there is no data yet': {
    type: 'DataUnavailableException',
    message: 'Data is not available',
    code: 'no_data',
    advice: /./,
  },
} as const;

for (const [what, { type, message, code, advice }] of Object.entries(CASES)) {
  t.test(what, async (t) => {
    const { get, metrics, collector, run, sim } = await startCosts(t, {
      before: ({ faults }) => {
        for (const operation of ['GetCostAndUsage', 'GetCostForecast']) {
          faults.add({ kind: 'error', operation, type, message });
        }
      },
    });
    const page = await metrics();
    t.same(page.business(), [], 'no figure, and no false 0');
    for (const name of ['cost', 'forecast']) {
      t.equal(
        page.value('aws_cost_exporter_collector_success', { collector: name }),
        1,
        `${name} has succeeded`,
      );
      t.match(await collector(name), { state: code, stale: false, cause: { code, advice } });
    }
    t.equal(page.value('aws_cost_exporter_aws_spend_usd_total'), 0, 'a refusal costs nothing');
    const current = await get('/cost/current');
    t.equal(current.status, 200);
    t.match(current.json(), {
      currency: null,
      total: null,
      monthToDate: null,
      byService: [],
      byAccount: [],
      daily: [],
      reason: code,
      stale: false,
    });
    t.match((await get('/cost/forecast')).json(), {
      currency: null,
      amount: null,
      lower: null,
      upper: null,
      monthEnd: null,
      reason: code,
    });
    t.notMatch(JSON.stringify((await get('/ready')).json()), message);

    sim.faults.clear();
    t.equal(await run('cost'), 'collected');
    t.match((await get('/cost/current')).json(), { reason: null, stale: false });
    t.match(await collector('cost'), { state: 'ok', cause: null });
  });
}
