import t, { type Test } from 'tap';
import { eventually, freePort } from '../servers/process.ts';
import { type RedisServerOptions, startRedis } from '../servers/redis.ts';
import { type Served, startServe } from './command.ts';
import { collected, scrape, valueIn } from './page.ts';
import {
  ALL,
  buying,
  cacheIs,
  changes,
  entered,
  KEY,
  keptIn,
  paid,
  type Setting,
  setting,
  simulated,
  standsBack,
  stillServes,
} from './redis-helper.ts';

// Most of the time is spent waiting for the pace at which Redis is looked at.
t.jobs = 4;
t.setTimeout(180_000);

/** One test: Redis and AWS, and an exporter that has collected and kept. */
function scenario(
  name: string,
  options: RedisServerOptions,
  play: (t: Test, all: Setting & { served: Served; news: () => string[] }) => Promise<void>,
): void {
  t.test(name, { buffered: true }, async (t) => {
    const found = await setting(t, options);
    if (found === undefined) return;
    const served = await startServe(t, found.env);
    await collected(served.metricsUrl, ALL);
    await cacheIs(served, 1);
    await keptIn(t, found.redis);
    // A slow machine may have called Redis down before it was connected.
    const told = changes(served).length;
    t.equal(changes(served).at(-1), 'up');
    await play(t, { ...found, served, news: () => changes(served).slice(told) });
    const { code } = await served.end('SIGTERM');
    t.equal(code, 0);
    t.equal(served.stderr(), '');
  });
}

t.test(
  'Redis that is down at the start holds nothing up; it is bought once Redis is there',
  { buffered: true },
  async (t) => {
    const port = await freePort();
    const simulator = await simulated(t);
    const served = await startServe(t, {
      ...buying(simulator),
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(port),
    });
    await cacheIs(served, 0);
    await standsBack(t, served, simulator);
    const redis = await startRedis(t, { port });
    if (redis === undefined) return;
    await cacheIs(served, 1);
    await collected(served.metricsUrl);
    await keptIn(t, redis);
    await stillServes(t, served);
    t.same(changes(served), ['down', 'up']);
    t.equal((await served.end('SIGTERM')).code, 0);
  },
);

t.test(
  'a wrong password: the exporter serves, does not say it, and collects once it is right',
  { buffered: true },
  async (t) => {
    const found = await setting(t, { password: 'right' });
    if (found === undefined) return;
    const served = await startServe(t, {
      ...found.env,
      REDIS_URL: found.redis.url.replace('right', 'wr0ng-one'),
    });
    await cacheIs(served, 0);
    await standsBack(t, served, found.simulator);
    t.same(changes(served), ['down']);
    await found.redis.cli(['acl', 'setuser', 'default', '>wr0ng-one']);
    await cacheIs(served, 1);
    await collected(served.metricsUrl);
    await keptIn(t, found.redis);
    await stillServes(t, served);
    t.same(changes(served), ['down', 'up']);
    t.equal((await served.end('SIGTERM')).code, 0);
    t.notOk(
      `${served.stdout()}${served.stderr()}`.includes('wr0ng-one'),
      'the password is nowhere in the log',
    );
  },
);

scenario('killed, and started again with its data', {}, async (t, { redis, served, simulator, news }) => {
  const asked = simulator.requests.length;
  await redis.kill();
  await cacheIs(served, 0);
  await stillServes(t, served);
  await redis.restart({ keepData: true });
  await cacheIs(served, 1);
  await eventually('it is logged', () => news().at(-1) === 'up' || undefined);
  t.same(news(), ['down', 'up'], 'one line for each change');
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

scenario('paused', {}, async (t, { redis, served, news }) => {
  redis.pause();
  await stillServes(t, served);
  await cacheIs(served, 0);
  await stillServes(t, served);
  redis.resume();
  await cacheIs(served, 1);
  await eventually('it is logged', () => news().at(-1) === 'up' || undefined);
  t.same(news(), ['down', 'up'], 'one line for each change');
});

scenario('paused for good: SIGTERM ends in time all the same', {}, async (t, { redis, served }) => {
  redis.pause();
  t.teardown(() => redis.resume());
  const { code, ms } = await served.end('SIGTERM');
  t.equal(code, 0);
  t.ok(ms < 2_000, `${Math.round(ms)} ms`);
});

scenario('a replica that cannot be written to', {}, async (t, { redis, served, news }) => {
  await redis.cli(['replicaof', '127.0.0.1', '1']);
  await cacheIs(served, 0);
  await stillServes(t, served);
  await redis.cli(['replicaof', 'no', 'one']);
  await cacheIs(served, 1);
  await eventually('it is logged', () => news().at(-1) === 'up' || undefined);
  t.same(news(), ['down', 'up'], 'one line for each change');
});

scenario('out of memory', {}, async (t, { redis, served, news }) => {
  await redis.cli(['config', 'set', 'maxmemory', '1kb']);
  await cacheIs(served, 0);
  await stillServes(t, served);
  await redis.cli(['config', 'set', 'maxmemory', '0']);
  await cacheIs(served, 1);
  await eventually('it is logged', () => news().at(-1) === 'up' || undefined);
  t.same(news(), ['down', 'up'], 'one line for each change');
});

for (const keepData of [true, false]) {
  t.test(
    `gone for a while: who held the lease goes on collecting, and enters it ${keepData ? '' : 'where Redis has lost all'}`,
    { buffered: true },
    async (t) => {
      const found = await setting(t);
      if (found === undefined) return;
      const { redis, simulator } = found;
      const served = await startServe(t, {
        ...found.env,
        CAPABILITIES: 'cost',
        COST_INTERVAL: '2s',
        CACHE_TTL_SECONDS: '0',
      });
      await collected(served.metricsUrl, ['cost']);
      await keptIn(t, redis);
      await redis.kill();
      await cacheIs(served, 0);
      const before = paid(simulator);
      await eventually('it goes on', () => (paid(simulator) >= before + 2 ? true : undefined));
      const page = await scrape(served.metricsUrl);
      t.equal(valueIn(page, 'aws_cost_exporter_lease_held', { target: 'default' }), 1);
      t.equal(valueIn(page, 'aws_cost_exporter_exposing'), 1, 'the last leader goes on exposing');
      await stillServes(t, served);
      await redis.restart({ keepData });
      await cacheIs(served, 1);
      // A page may be under way, or be bought between the two readings.
      await eventually('the ledger has it all', async () => {
        const [asked, ledger] = [paid(simulator), await entered(served)];
        return asked === ledger && asked === paid(simulator) ? true : undefined;
      });
      const fields = (
        await redis.cli(['hvals', `aws-cost-exporter:spend:${new Date().toISOString().slice(0, 10)}`])
      )
        .split('\n')
        .map(Number);
      t.ok(Math.max(...fields) > before, 'in Redis too');
      t.equal((await served.end('SIGTERM')).code, 0);
      t.equal(served.stderr(), '');
    },
  );
}
