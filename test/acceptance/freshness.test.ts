// What is fresh is not bought again, not by a tick and not by a restart.
import t from 'tap';
import { NOTHING } from '../../src/collection/memory-store.ts';
import type { SnapshotStore, Stored } from '../../src/collection/snapshot.ts';
import { startCosts } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { PAYER } from './bill.ts';

const SKIPPED = 'aws_cost_exporter_collector_skipped_total';
const minutes = (count: number) => count * 60_000;

/** A store that outlives the exporters of a test. Snapshots pass it as JSON, as they would a server. */
function lastingStore(): SnapshotStore {
  const all = new Map<string, string>();
  const load = async (collector: string, target: string): Promise<Stored> => {
    const text = all.get(`${collector}/${target}`);
    // `undefined` is no JSON: what has no snapshot has none here either.
    return text === undefined ? NOTHING : { ...NOTHING, ...(JSON.parse(text) as Partial<Stored>) };
  };
  return {
    load,
    save: async (kept, standing) => {
      all.set(`${standing.collector}/${standing.target}`, JSON.stringify({ kept, standing }));
      return true;
    },
    note: async (standing) => {
      const { collector, target } = standing;
      const { kept } = await load(collector, target);
      all.set(`${collector}/${target}`, JSON.stringify({ kept, standing }));
      return true;
    },
    onNews: () => {},
    close: async () => {},
  };
}

t.test(
  'fresh for the smaller of the lifetime and 0.9 of the interval, from the start of the collection',
  async (t) => {
    for (const [env, lifetime] of [
      [{ CACHE_TTL_SECONDS: undefined }, minutes(54)],
      [{ CACHE_TTL_SECONDS: '600' }, minutes(10)],
      [{ CACHE_TTL_SECONDS: '86400', COST_INTERVAL: '2h' }, minutes(108)],
    ] as const) {
      const { run, clock, metrics, paid } = await startCosts(t, { env });
      const before = await metrics();
      const bought = paid();
      clock.advance(lifetime - 1_000);
      t.equal(await run('cost'), 'skipped');
      const page = await metrics();
      t.equal(page.value(SKIPPED, { collector: 'cost', reason: 'fresh' }), 1);
      t.equal(paid(), bought);
      t.equal(page.businessText(), before.businessText());
      for (const name of ['success', 'last_success_timestamp_seconds', 'last_attempt_timestamp_seconds']) {
        const family = `aws_cost_exporter_collector_${name}`;
        t.equal(
          page.value(family, { collector: 'cost' }),
          before.value(family, { collector: 'cost' }),
          `a skip leaves ${name}`,
        );
      }
      clock.advance(1_000);
      t.equal(await run('cost'), 'collected');
      t.equal(paid(), bought + 1);
    }
  },
);

t.test('0 means never fresh', async (t) => {
  const { run, paid } = await startCosts(t, { env: { CACHE_TTL_SECONDS: '0' } });
  const bought = paid();
  t.equal(await run('cost'), 'collected');
  t.equal(await run('cost'), 'collected');
  t.equal(paid(), bought + 2);
});

t.test('a forecast is fresh no longer than its UTC day; cost is', async (t) => {
  const { run, clock } = await startCosts(t, {
    at: '2026-11-22T23:50:00Z',
    env: { CACHE_TTL_SECONDS: undefined },
  });
  clock.set('2026-11-22T23:59:59.999Z');
  t.equal(await run('forecast'), 'skipped');
  clock.set('2026-11-23T00:00:00Z');
  t.equal(await run('forecast'), 'collected');
  t.equal(await run('cost'), 'skipped');
});

t.test('a run that is still going on is not started again', async (t) => {
  const { run, sim, metrics, paid } = await startCosts(t);
  const bought = paid();
  sim.faults.add({ kind: 'delay', ms: 500, operation: 'GetCostAndUsage', times: 1 });
  const first = run('cost');
  await eventually('it is under way', () => (paid() > bought ? true : undefined));
  t.equal(await run('cost'), 'skipped');
  t.equal((await metrics()).value(SKIPPED, { collector: 'cost', reason: 'running' }), 1);
  t.equal(await first, 'collected');
  t.equal(paid(), bought + 1);
});

t.test('a restart serves the kept figures at once, and asks nothing while they are fresh', async (t) => {
  const store = lastingStore();
  const env = { CACHE_TTL_SECONDS: undefined };
  const one = await startCosts(t, { env, app: { store } });
  const before = await one.metrics();
  const body = (await one.get('/cost/current')).text;
  await one.app.close();

  const two = await startCosts(t, { env, app: { store }, at: '2026-11-22T08:30:00Z', settle: false });
  await eventually('the runs at start are passed over', async () =>
    (await two.metrics()).series(SKIPPED, { reason: 'fresh' }).every(({ value }) => value === 1)
      ? true
      : undefined,
  );
  t.equal((await two.metrics()).businessText(), before.businessText());
  t.equal((await two.get('/cost/current')).text, body);
  t.same(two.sim.requests, [], 'not even STS was asked');
  const page = await two.metrics();
  t.equal(page.value('aws_cost_exporter_aws_spend_usd_total'), 0, 'spend is of this process');
  t.match(page.series('aws_cost_exporter_info'), [{ labels: { account_id: /^(|\d{12})$/ } }]);
  t.equal(
    page.value('aws_cost_exporter_collector_last_success_timestamp_seconds', { collector: 'cost' }),
    Date.parse('2026-11-22T08:00:00Z') / 1_000,
  );
  t.match(await two.target(), { collectors: [{ state: 'ok', stale: false }, { state: 'ok' }] });
});

t.test(
  'a restart with old figures shows them, stale, until AWS answers; and keeps them where it does not',
  async (t) => {
    const store = lastingStore();
    const one = await startCosts(t, { app: { store } });
    const before = await one.metrics();
    await one.app.close();
    const two = await startCosts(t, {
      app: { store },
      at: '2026-11-22T12:00:00Z',
      settle: false,
      before: ({ faults }) => faults.add({ kind: 'hang', operation: 'GetCallerIdentity' }),
    });
    const shown = await eventually('the kept figures are published', async () => {
      const page = await two.metrics();
      return page.business().length > 0 ? page : undefined;
    });
    t.equal(shown.businessText(), before.businessText());
    t.match((await two.get('/cost/current')).json(), {
      stale: true,
      collectedAt: '2026-11-22T08:00:00.000Z',
    });
    t.equal((await two.collector('cost')).stale, true);
    await two.app.close();

    const three = await startCosts(t, {
      app: { store },
      at: '2026-11-22T12:00:00Z',
      before: ({ faults }) => faults.add({ kind: 'deny' }),
    });
    t.equal((await three.metrics()).businessText(), before.businessText());
    t.match((await three.get('/cost/current')).json(), { stale: true });
  },
);

t.test('kept figures of another configuration or account are not shown', async (t) => {
  for (const [what, change] of Object.entries({
    'another metric': { env: { COST_METRIC: 'AmortizedCost' } },
    'another account': { configFile: 'targets: [{name: default, accountId: "999999999999"}]' },
  })) {
    const store = lastingStore();
    const one = await startCosts(t, { app: { store } });
    await one.app.close();
    const two = await startCosts(t, {
      ...change,
      app: { store },
      before: ({ faults }) => faults.add({ kind: 'deny', operation: 'GetCostAndUsage' }),
    });
    t.same((await two.metrics()).series('aws_cost_total'), [], what);
    t.equal((await two.get('/cost/current')).status, 503, what);
  }
});

t.test('kept values that are garbage are passed over', async (t) => {
  const good = lastingStore();
  const one = await startCosts(t, { app: { store: good } });
  const wanted = (await one.metrics()).businessText();
  const { kept, standing } = await good.load('cost', 'default');
  await one.app.close();
  if (kept === undefined) throw new Error('nothing was kept');
  for (const [what, snapshot] of Object.entries({
    'an older schema': { ...kept.snapshot, schema: kept.snapshot.schema - 1 },
    'other data': { ...kept.snapshot, data: { days: 'none' } },
    'no data': { ...kept.snapshot, data: null },
  })) {
    const store: SnapshotStore = {
      ...lastingStore(),
      load: async () => ({ kept: { ...kept, snapshot }, standing }),
    };
    const two = await startCosts(t, { app: { store } });
    t.equal((await two.metrics()).businessText(), wanted, `${what}: bought anew`);
    t.equal((await two.target()).accountId, PAYER);
  }
});
