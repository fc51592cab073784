import { gunzipSync, gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { generateBill, type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { freePort } from '../servers/process.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../servers/redis.ts';
import { type Served, startServe } from './command.ts';
import { collected, pageWith, readJson, scrape, total, valueIn } from './page.ts';

// Most of the time is spent waiting for the pace at which Redis is looked at.
t.jobs = 4;
t.setTimeout(180_000);

const bill = generateBill({ seed: 1, today: new Date(), days: 50 });
const KEY = 'aws-cost-exporter:snapshot:cost:default';
const UP = 'aws_cost_exporter_cache_up';
/** Longer than the exporter needs to see that Redis is gone or back: a probe each 5 s, 2 s for its answer, 5.5 s to connect again. */
const NOTICED_MS = 30_000;

interface CostBody {
  collectedAt: string;
  stale: boolean;
  total: number;
}

async function simulated(t: Test): Promise<Simulator> {
  const simulator = await startSimulator({ bill });
  t.teardown(() => simulator.close());
  return simulator;
}

const cost = ({ restUrl }: Served) => readJson<CostBody>(`${restUrl}/cost/current`);

/** Waits until the exporter says whether Redis can be used. */
const cacheIs = ({ metricsUrl }: Served, up: 0 | 1) =>
  pageWith(metricsUrl, `cache_up is ${up}`, (page) => valueIn(page, UP) === up, NOTICED_MS);

/** What the exporter has logged of Redis' ups and downs, in order. */
const changes = (served: Served) =>
  served.log().flatMap(({ msg }) => (/^Redis is (up|down)/.exec(String(msg)) ?? []).slice(1));

/** Waits until Redis has a whole snapshot. */
async function keptIn(t: Test, redis: RedisServer): Promise<void> {
  for (;;) {
    if (Number(await redis.cli(['strlen', KEY])) > 100) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.ok(Number(await redis.cli(['ttl', KEY])) > 86_400, 'it has a lifetime of days');
}

interface Setting {
  readonly redis: RedisServer;
  readonly simulator: Simulator;
  readonly env: NodeJS.ProcessEnv;
}

/** Redis, AWS and the settings of an exporter between them. */
async function setting(t: Test, options: RedisServerOptions = {}): Promise<Setting | undefined> {
  const redis = await startRedis(t, options);
  if (redis === undefined) return undefined;
  const simulator = await simulated(t);
  return { redis, simulator, env: { AWS_ENDPOINT_URL: simulator.url, REDIS_URL: redis.url } };
}

/** One test: Redis and AWS, and an exporter that has collected and kept. */
function scenario(
  name: string,
  options: RedisServerOptions,
  play: (t: Test, all: Setting & { served: Served }) => Promise<void>,
): void {
  t.test(name, { buffered: true }, async (t) => {
    const found = await setting(t, options);
    if (found === undefined) return;
    const served = await startServe(t, found.env);
    await collected(served.metricsUrl);
    await cacheIs(served, 1);
    await keptIn(t, found.redis);
    t.same(changes(served), ['up']);
    await play(t, { ...found, served });
    const { code } = await served.end('SIGTERM');
    t.equal(code, 0);
    t.equal(served.stderr(), '');
  });
}

/** Whatever Redis does, the exporter serves what it has. */
async function stillServes(t: Test, served: Served): Promise<void> {
  t.ok(total(await scrape(served.metricsUrl), 'aws_cost_total') > 0, 'metrics');
  t.ok((await cost(served)).total > 0, 'REST');
  t.equal((await fetch(`${served.restUrl}/ready`)).status, 200, 'ready');
}

t.test('a restart serves the kept snapshot before it asks AWS anything', { buffered: true }, async (t) => {
  const found = await setting(t);
  if (found === undefined) return;
  const { simulator, env, redis } = found;
  const first = await startServe(t, env);
  await collected(first.metricsUrl);
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

t.test(
  'Redis that is down at the start holds nothing up, and is used once it is there',
  { buffered: true },
  async (t) => {
    const port = await freePort();
    const simulator = await simulated(t);
    const served = await startServe(t, {
      AWS_ENDPOINT_URL: simulator.url,
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(port),
    });
    await collected(served.metricsUrl);
    await cacheIs(served, 0);
    await stillServes(t, served);
    const redis = await startRedis(t, { port });
    if (redis === undefined) return;
    await cacheIs(served, 1);
    await keptIn(t, redis);
    t.same(changes(served), ['down', 'up']);
    t.equal((await served.end('SIGTERM')).code, 0);
  },
);

t.test(
  'a wrong password: the exporter goes on, does not say it, and comes back once it is right',
  { buffered: true },
  async (t) => {
    const found = await setting(t, { password: 'right' });
    if (found === undefined) return;
    const served = await startServe(t, {
      ...found.env,
      REDIS_URL: found.redis.url.replace('right', 'wr0ng-one'),
    });
    await collected(served.metricsUrl);
    await cacheIs(served, 0);
    await stillServes(t, served);
    t.same(changes(served), ['down']);
    await found.redis.cli(['acl', 'setuser', 'default', '>wr0ng-one']);
    await cacheIs(served, 1);
    await keptIn(t, found.redis);
    t.same(changes(served), ['down', 'up']);
    t.equal((await served.end('SIGTERM')).code, 0);
    t.notOk(
      `${served.stdout()}${served.stderr()}`.includes('wr0ng-one'),
      'the password is nowhere in the log',
    );
  },
);

scenario('killed, and started again with its data', {}, async (t, { redis, served, simulator }) => {
  const asked = simulator.requests.length;
  await redis.kill();
  await cacheIs(served, 0);
  await stillServes(t, served);
  await redis.restart({ keepData: true });
  await cacheIs(served, 1);
  t.same(changes(served), ['up', 'down', 'up']);
  t.equal(simulator.requests.length, asked, 'AWS was not asked for it');
});

scenario(
  'started again without its data: the snapshot is kept again',
  {},
  async (t, { redis, served, simulator }) => {
    const asked = simulator.requests.length;
    const kept = await redis.cli(['--raw', 'dump', KEY]);
    await redis.restart({ keepData: false });
    await cacheIs(served, 1);
    await keptIn(t, redis);
    t.equal(await redis.cli(['--raw', 'dump', KEY]), kept, 'the same one');
    t.equal(simulator.requests.length, asked, 'AWS was not asked for it');
    await stillServes(t, served);
  },
);

scenario('paused', {}, async (t, { redis, served }) => {
  redis.pause();
  await stillServes(t, served);
  await cacheIs(served, 0);
  await stillServes(t, served);
  redis.resume();
  await cacheIs(served, 1);
  t.same(changes(served), ['up', 'down', 'up']);
});

scenario('paused for good: SIGTERM ends in time all the same', {}, async (t, { redis, served }) => {
  redis.pause();
  t.teardown(() => redis.resume());
  const { code, ms } = await served.end('SIGTERM');
  t.equal(code, 0);
  t.ok(ms < 2_000, `${Math.round(ms)} ms`);
});

scenario('a replica that cannot be written to', {}, async (t, { redis, served }) => {
  await redis.cli(['replicaof', '127.0.0.1', '1']);
  await cacheIs(served, 0);
  await stillServes(t, served);
  await redis.cli(['replicaof', 'no', 'one']);
  await cacheIs(served, 1);
  t.same(changes(served), ['up', 'down', 'up']);
});

scenario('out of memory', {}, async (t, { redis, served }) => {
  await redis.cli(['config', 'set', 'maxmemory', '1kb']);
  await cacheIs(served, 0);
  await stillServes(t, served);
  await redis.cli(['config', 'set', 'maxmemory', '0']);
  await cacheIs(served, 1);
  t.same(changes(served), ['up', 'down', 'up']);
});

t.test('a value that is no snapshot of this version is bought anew', { buffered: true }, async (t) => {
  const found = await setting(t);
  if (found === undefined) return;
  const { redis, env, simulator } = found;
  const first = await startServe(t, env);
  await collected(first.metricsUrl);
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
