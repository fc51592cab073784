import { gunzipSync, gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import t from 'tap';
import { freePort } from '../servers/process.ts';
import { startServe } from './command.ts';
import { collected, pageWith, scrape, total, valueIn } from './page.ts';
import { ALL, cacheIs, cost, KEY, keptIn, setting, stillServes } from './redis-helper.ts';

t.setTimeout(180_000);

t.test('a restart serves the kept snapshot before it asks AWS anything', async (t) => {
  const found = await setting(t);
  if (found === undefined) return;
  const { simulator, env, redis } = found;
  const first = await startServe(t, env);
  await collected(first.metricsUrl, ALL);
  await keptIn(t, redis);
  const before = await cost(first);
  const sum = total(await scrape(first.metricsUrl), 'aws_cost_total');
  t.equal((await first.end('SIGTERM')).code, 0);
  const asked = simulator.requests.length;

  await t.test('and asks nothing while it is fresh', async (t) => {
    const served = await startServe(t, env);
    const page = await pageWith(served.metricsUrl, 'cost', (page) => total(page, 'aws_cost_total') > 0);
    t.equal(total(page, 'aws_cost_total'), sum);
    t.same(await cost(served), before);
    t.equal(valueIn(page, 'aws_cost_exporter_collector_success', { collector: 'cost' }), undefined);
    for (const collector of ['cost', 'forecast']) {
      await pageWith(
        served.metricsUrl,
        `${collector} is fresh`,
        (page) =>
          valueIn(page, 'aws_cost_exporter_collector_skipped_total', { collector, reason: 'fresh' }) === 1,
      );
    }
    t.equal((await served.end('SIGTERM')).code, 0);
    t.equal(simulator.requests.length, asked, 'AWS was not asked');
  });

  await t.test('while AWS hangs, and the snapshot is not fresh', async (t) => {
    simulator.faults.add({ kind: 'hang' });
    t.teardown(() => simulator.faults.clear());
    const served = await startServe(t, { ...env, CACHE_TTL_SECONDS: '0' });
    const page = await pageWith(served.metricsUrl, 'cost', (page) => total(page, 'aws_cost_total') > 0);
    t.equal(total(page, 'aws_cost_total'), sum);
    t.equal((await cost(served)).collectedAt, before.collectedAt);
    t.equal((await served.end('SIGTERM')).code, 0);
  });

  await t.test('while AWS is down', async (t) => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const served = await startServe(t, { ...env, CACHE_TTL_SECONDS: '0', AWS_ENDPOINT_URL: nowhere });
    const page = await pageWith(
      served.metricsUrl,
      'the collection has failed',
      (page) => valueIn(page, 'aws_cost_exporter_collector_success', { collector: 'cost' }) === 0,
    );
    t.equal(total(page, 'aws_cost_total'), sum);
    const now = await cost(served);
    t.equal(now.collectedAt, before.collectedAt);
    t.equal(now.stale, true);
    t.equal((await served.end('SIGTERM')).code, 0);
  });

  await t.test('but not one of another configuration', async (t) => {
    simulator.faults.add({ kind: 'hang' });
    t.teardown(() => simulator.faults.clear());
    const served = await startServe(t, { ...env, COST_METRIC: 'AmortizedCost' });
    await cacheIs(served, 1);
    t.equal((await fetch(`${served.restUrl}/cost/current`)).status, 503);
    t.equal(total(await scrape(served.metricsUrl), 'aws_cost_total'), 0);
  });
});

t.test('a value that is no snapshot of this version is bought anew', async (t) => {
  const found = await setting(t);
  if (found === undefined) return;
  const { redis, env, simulator } = found;
  const first = await startServe(t, env);
  await collected(first.metricsUrl, ALL);
  await keptIn(t, redis);
  await first.end('SIGTERM');
  const client = new Redis(redis.url);
  t.teardown(() => client.disconnect());
  const good = await client.getBuffer(KEY);
  if (good === null) throw new Error('no snapshot is kept');
  const changed = (change: (kept: Stored) => object) =>
    gzipSync(JSON.stringify(change(JSON.parse(gunzipSync(good).toString('utf8')))));

  const values: [name: string, value: Buffer | string | undefined, complaints: number][] = [
    ['garbage', Buffer.from([0x1f, 0x8b, 0, 255, 1, 2]), 1],
    ['text', '{"snapshot":null}', 1],
    ['half of one', good.subarray(0, good.length / 2), 1],
    ['a list', undefined, 1],
    ['one of an older format', changed((kept) => ({ ...kept, format: 0 })), 1],
    // Another version of the program may share this Redis: that is nothing to complain of.
    [
      'one of an older schema',
      changed(({ snapshot, ...kept }) => ({
        ...kept,
        snapshot: { ...snapshot, schema: 0, data: { rows: [] } },
      })),
      0,
    ],
    [
      'one whose data has another shape',
      changed(({ snapshot, ...kept }) => ({ ...kept, snapshot: { ...snapshot, data: { days: 3 } } })),
      0,
    ],
  ];
  for (const [name, value, complaints] of values) {
    await t.test(name, async (t) => {
      await client.del(KEY);
      if (value === undefined) await client.rpush(KEY, 'a', 'b');
      else await client.set(KEY, value);
      const asked = simulator.requests.filter(({ operation }) => operation === 'GetCostAndUsage').length;
      const served = await startServe(t, env);
      await collected(served.metricsUrl, ['cost']);
      await cacheIs(served, 1);
      await stillServes(t, served);
      await keptIn(t, redis);
      t.equal((await served.end('SIGTERM')).code, 0);
      t.equal(
        served.log().filter(({ msg }) => /not a snapshot/.test(String(msg))).length,
        complaints,
        'lines in the log',
      );
      const now = simulator.requests.filter(({ operation }) => operation === 'GetCostAndUsage').length;
      t.equal(now, asked + 1, 'bought once');
      t.ok(Date.parse((await kept(client)).snapshot.collectedAt) > 0, 'a right one is kept in its place');
    });
  }
});

/** A snapshot as Redis has it, unpacked. */
interface Stored {
  readonly snapshot: { readonly collectedAt: string; readonly schema: number };
}

async function kept(client: Redis): Promise<Stored> {
  const bytes = await client.getBuffer(KEY);
  return JSON.parse(gunzipSync(bytes ?? Buffer.alloc(0)).toString('utf8'));
}
