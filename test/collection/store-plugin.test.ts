import Fastify from 'fastify';
import t from 'tap';
import storePlugin, { type StoreOptions } from '../../plugins/platform/store.ts';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import type { Kept, SnapshotStore } from '../../src/collection/snapshot.ts';
import { eventually, freePort, type TestScope } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { keptOn } from './store-helper.ts';

t.setTimeout(60_000);

/** An app with the plugin: how long it booted, and what it was told of Redis. */
async function boot(t: TestScope, options: StoreOptions) {
  const states: boolean[] = [];
  const app = Fastify();
  t.teardown(() => app.close());
  const from = performance.now();
  await app.register(storePlugin, { ...options, onUp: (up) => states.push(up) });
  await app.ready();
  return { app, states, bootMs: performance.now() - from };
}

const at = (port: number, host = '127.0.0.1') => ({ host, port, db: 0, keyPrefix: 'plugin:' });

t.test('without Redis snapshots are kept in memory', async (t) => {
  const { app, states } = await boot(t, {});
  t.ok(app.store instanceof MemoryStore);
  t.notOk(app.hasDecorator('redis'));
  t.same(states, []);
});

t.test('a given store is used, and closed with the app', async (t) => {
  let closed = 0;
  class Given extends MemoryStore implements SnapshotStore {
    override async close() {
      closed += 1;
    }
  }
  const store = new Given();
  const { app } = await boot(t, { store, redis: at(1) });
  t.equal(app.store, store);
  t.notOk(app.hasDecorator('redis'));
  await app.close();
  t.equal(closed, 1);
});

t.test("Redis: the client of @fastify/redis is the store's own, a restart finds the snapshot", async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const first = await boot(t, { redis: at(redis.port) });
  await eventually('up', () => first.states[0]);
  t.equal(await first.app.redis.ping(), 'PONG');
  await first.app.store.save(keptOn(1));
  await first.app.close();
  t.equal(first.app.redis.status, 'end');
  t.notMatch(await redis.cli(['client', 'list']), /aws-cost-exporter/);

  const second = await boot(t, { redis: { ...at(1), url: redis.url } });
  let found: Kept | undefined;
  second.app.addHook('onClose', async () => {
    found = await second.app.store.load('cost', 'default');
  });
  t.same(await second.app.store.load('cost', 'default'), keptOn(1));
  await second.app.close();
  t.same(found, keptOn(1), 'readable while the app closes');
  t.same(second.states, [true]);
});

t.test('the boot waits for no Redis: down, paused, wrong password, unknown name', async (t) => {
  const redis = await startRedis(t, { password: 'right' });
  if (redis === undefined) return;
  const port = await freePort();
  const cases: [string, StoreOptions['redis']][] = [
    ['down', at(port)],
    ['wrong password', { ...at(1), url: redis.url.replace('right', 'wrong') }],
    ['unknown name', at(6379, 'redis.invalid')],
    ['plain where TLS is asked for', { ...at(1), url: redis.url.replace('redis:', 'rediss:') }],
    ['paused', { ...at(1), url: redis.url }],
  ];
  for (const [what, settings] of cases) {
    if (what === 'paused') redis.pause();
    const { app, states, bootMs } = await boot(t, { redis: settings });
    t.ok(bootMs < 1_000, `${what}: booted in ${Math.round(bootMs)} ms`);
    t.equal(await app.store.load('cost', 'default'), undefined, what);
    await app.store.save(keptOn(1));
    t.same(await app.store.load('cost', 'default'), keptOn(1), what);
    await eventually(`${what} is told`, () => (states.length > 0 ? true : undefined));
    t.same(states, [false], what);
    const from = performance.now();
    await app.close();
    const closeMs = performance.now() - from;
    t.ok(closeMs < 2_000, `${what}: closed in ${Math.round(closeMs)} ms`);
  }
});

t.test('Redis that comes up after the boot is used', async (t) => {
  const port = await freePort();
  const { app, states } = await boot(t, { redis: at(port) });
  await app.store.save(keptOn(1));
  await eventually('down', () => (states[0] === false ? true : undefined));
  const redis = await startRedis(t, { port });
  if (redis === undefined) return;
  await eventually('up', () => states[1]);
  t.equal(await redis.cli(['exists', 'plugin:snapshot:cost:default']), '1');
  t.equal(await app.redis.ping(), 'PONG');
});
