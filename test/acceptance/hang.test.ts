// An AWS that does not answer holds up nothing but its own collection, and that not for ever.
import t from 'tap';
import { startCosts, TODAY } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { billOf, charges, MEMBER, PAYER, plusDays, sum } from './bill.ts';

const ALL = charges('2026-09-01', '2026-12-15');
const ROLE = `arn:aws:iam::${MEMBER}:role/costs`;
const REQUESTS = 'aws_cost_exporter_aws_requests_total';
const SPEND = 'aws_cost_exporter_aws_spend_usd_total';

t.test('while a collection hangs everything is served, and stopping takes no time', async (t) => {
  const { get, scrape, sim, run, metrics, app, collector, paid } = await startCosts(t);
  const before = await metrics();
  const bought = paid();
  sim.faults.add({ kind: 'hang', operation: 'GetCostAndUsage' });
  const hanging = run('cost');
  await eventually('it is under way', () => (paid() > bought ? true : undefined));
  for (const path of ['/health', '/ready', '/targets', '/cost/current', '/cost/forecast']) {
    t.equal((await get(path)).status, 200, path);
  }
  t.equal((await scrape()).status, 200);
  t.equal((await metrics()).businessText(), before.businessText());
  t.match(await collector('cost'), { state: 'ok', stale: false }, 'the last attempt that has ended was good');
  t.equal(await run('forecast'), 'collected', 'the other collector goes on');
  const asked = performance.now();
  await app.close();
  t.ok(performance.now() - asked < 2_000, 'closing aborts the call');
  t.equal(await hanging, 'failed');
});

t.test(
  'a connection that ends without an answer: nobody knows whether AWS takes money, so it is counted',
  async (t) => {
    const { sim, run, metrics, paid } = await startCosts(t);
    const before = await metrics();
    const bought = paid();
    sim.faults.add({ kind: 'hang', operation: 'GetCostAndUsage' });
    const hanging = run('cost');
    await eventually('it is under way', () => (paid() > bought ? true : undefined));
    await sim.close();
    t.equal(await hanging, 'failed');
    const page = await metrics();
    t.equal(page.businessText(), before.businessText());
    const spent = (page.value(SPEND) ?? 0) - (before.value(SPEND) ?? 0);
    t.equal(Math.round(spent * 100), 1, 'the one that was sent; later attempts found nobody');
  },
);

t.test('STS does not answer for the first target: it times out, the others are collected', async (t) => {
  const exporter = await startCosts(t, {
    bill: billOf(ALL),
    configFile: `targets: [{name: hung, roleArn: "${ROLE}"}, {name: own}]`,
    simulator: {
      accounts: [{ accountId: PAYER, accessKeyId: 'AKIATEST', sees: [PAYER] }, { accountId: MEMBER }],
    },
    settle: false,
    before: ({ faults }) => faults.add({ kind: 'hang', operation: 'GetCallerIdentity', account: MEMBER }),
  });
  const { metrics, target } = exporter;
  // Promised: STS has 20 s to answer.
  await eventually(
    'every first attempt has ended',
    async () => {
      const states = [...(await target('hung')).collectors, ...(await target('own')).collectors];
      return states.some(({ state }) => state === 'pending') ? undefined : true;
    },
    40_000,
  );
  t.match(await exporter.collector('cost', 'hung'), { state: 'failed', cause: { code: 'timeout' } });
  t.match(await exporter.collector('cost', 'own'), { state: 'ok' });
  const page = await metrics();
  const total = page.series('aws_cost_total').reduce((cost, { value }) => cost + value, 0);
  t.equal(total, sum(ALL, { start: plusDays(TODAY, -30), end: TODAY, account: PAYER }));
  t.ok(
    (page.value(REQUESTS, { operation: 'GetCallerIdentity', result: 'timeout', target: 'hung' }) ?? 0) > 0,
  );
  t.equal(page.value(SPEND, { target: 'hung' }), 0, 'nothing was bought');
});

t.setTimeout(175_000);
const slow = process.env.CI ? { timeout: 140_000 } : { skip: 'takes two minutes; runs with CI=true' };

t.test('a call that hangs ends at the timeout of its collection, and is counted as paid', slow, async (t) => {
  const { sim, run, metrics, collector } = await startCosts(t);
  const before = await metrics();
  sim.faults.add({ kind: 'hang', operation: 'GetCostForecast' });
  const started = performance.now();
  t.equal(await run('forecast'), 'failed');
  t.ok(performance.now() - started < 125_000, 'two minutes are promised');
  t.equal((await collector('forecast')).cause?.code, 'timeout');
  const page = await metrics();
  t.equal(page.businessText(), before.businessText());
  const labels = { operation: 'GetCostForecast', result: 'timeout' };
  const attempts = (page.value(REQUESTS, labels) ?? 0) - (before.value(REQUESTS, labels) ?? 0);
  const received = sim.requests.filter(({ fault }) => fault === 'hang').length;
  t.equal(attempts, received);
  t.equal(
    Math.round(((page.value(SPEND) ?? 0) - (before.value(SPEND) ?? 0)) * 100),
    received,
    'of unknown outcome',
  );
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.equal(
    sim.requests.filter(({ fault }) => fault === 'hang').length,
    received,
    'nothing is sent afterwards',
  );
});
