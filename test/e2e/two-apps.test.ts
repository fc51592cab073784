import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { startSimulator } from '../../src/simulator/index.ts';
import { environment } from './command.ts';
import { numberedBill } from './numbered-bill.ts';
import { collected, ofFamily, readJson, scrape, total, valueIn } from './page.ts';

t.setTimeout(60_000);

const now = Date.parse('2026-10-15T12:00:00Z');
const SHAPE = { today: new Date(now), days: 46, services: 3, accounts: 2 } as const;
const PAIRS = SHAPE.services * SHAPE.accounts;

async function startApp(t: Test, number: number, env: NodeJS.ProcessEnv = {}) {
  const simulator = await startSimulator({
    bill: numberedBill({ number, ...SHAPE }),
    now: () => new Date(now),
  });
  t.teardown(() => simulator.close());
  const config = loadConfig(environment({ AWS_ENDPOINT_URL: simulator.url, LOG_LEVEL: 'silent', ...env }));
  const app = await buildApp({
    config,
    now: () => now,
    credentials: async () => ({ accessKeyId: `AKIA${number}`, secretAccessKey: 'secret' }),
  });
  t.teardown(() => app.close());
  return { app, simulator, ...(await app.listen()) };
}

const requestsOf = (page: Awaited<ReturnType<typeof scrape>>) =>
  valueIn(page, 'aws_cost_exporter_aws_requests_total', { operation: 'GetCostAndUsage', result: 'success' });

t.test('two apps in one process do not see each other', async (t) => {
  // Both are told the same names: of the target, of the collectors, of the store's keys.
  const one = await startApp(t, 1);
  const other = await startApp(t, 1_000, { COST_METRIC: 'AmortizedCost', CAPABILITIES: 'cost' });
  const pages = [await collected(one.metricsUrl), await collected(other.metricsUrl, ['cost'])] as const;
  t.equal(new Set([one.restUrl, one.metricsUrl, other.restUrl, other.metricsUrl]).size, 4, 'ports');
  t.same(
    pages.map((page) => total(page, 'aws_cost_total')),
    [30 * PAIRS, 30_000 * PAIRS],
    'figures',
  );
  t.same(pages.map(requestsOf), [1, 1], 'self metrics');
  t.same(
    pages.map((page) => ofFamily(page, 'aws_cost_exporter_info').map(({ labels }) => labels.cost_metric)),
    [['BlendedCost'], ['AmortizedCost']],
  );
  t.equal(valueIn(pages[0], 'aws_cost_forecast'), 30 * PAIRS);
  t.equal(valueIn(pages[1], 'aws_cost_forecast'), undefined);
  t.equal((await fetch(`${other.restUrl}/cost/forecast`)).status, 404);
  for (const { simulator } of [one, other]) {
    const keys = new Set(simulator.requests.map(({ operation }) => operation));
    t.equal(keys.has('GetCostForecast'), simulator === one.simulator);
  }

  await t.test('requests to one do not count in the other', async (t) => {
    const count = async (url: string) =>
      (await scrape(url))
        .filter(({ name, labels }) => /^http_request.*_count$/.test(name) && labels.route === '/cost/current')
        .reduce((sum, { value }) => sum + value, 0);
    const before = [await count(one.metricsUrl), await count(other.metricsUrl)] as const;
    for (let request = 0; request < 3; request++) await readJson(`${one.restUrl}/cost/current`);
    t.ok((await count(one.metricsUrl)) >= before[0] + 3, 'its own are counted');
    t.equal(await count(other.metricsUrl), before[1]);
  });

  await t.test('a new collection of one changes nothing of the other', async (t) => {
    one.simulator.setBill(numberedBill({ number: 2, ...SHAPE }));
    const before = await readJson(`${other.restUrl}/cost/current`);
    for (const state of one.app.rest.collections.states.all()) {
      // It is fresh, and stays it: only a store of its own makes it so.
      t.same(await one.app.rest.collections.run(state), { kind: 'skipped', reason: 'fresh' });
    }
    t.same(await readJson(`${other.restUrl}/cost/current`), before);
    const skipped = 'aws_cost_exporter_collector_skipped_total';
    const labels = { collector: 'cost', reason: 'fresh' };
    t.equal(valueIn(await scrape(one.metricsUrl), skipped, labels), 1);
    t.equal(valueIn(await scrape(other.metricsUrl), skipped, labels), 0);
  });

  await t.test('the end of one is not the end of the other', async (t) => {
    await one.app.close();
    await t.rejects(fetch(`${one.metricsUrl}/health`));
    t.equal(total(await scrape(other.metricsUrl), 'aws_cost_total'), 30_000 * PAIRS);
    t.equal((await fetch(`${other.restUrl}/ready`)).status, 200);
    const third = await startApp(t, 7);
    t.equal(total(await collected(third.metricsUrl), 'aws_cost_total'), 7 * 30 * PAIRS);
    t.equal(requestsOf(await scrape(third.metricsUrl)), 1);
    t.ok(
      (await scrape(third.metricsUrl)).some(({ name }) => name.startsWith('process_')),
      'process metrics',
    );
  });
});
