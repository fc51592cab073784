import Fastify from 'fastify';
import t from 'tap';
import storePlugin, { type StoreOptions } from '../../plugins/platform/store.ts';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import type { Kept, SnapshotStore } from '../../src/collection/snapshot.ts';
import { loadConfig } from '../../src/config.ts';
import { OwnLeases } from '../../src/replicas/leases.ts';
import { LocalLedger } from '../../src/spend/local-ledger.ts';
import { eventually, freePort, type TestScope } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { standingFor } from './runner-helper.ts';
import { keptOn } from './store-helper.ts';

t.setTimeout(60_000);

/** An app with the plugin: how long it booted, and what it was told of Redis. */
async function boot(t: TestScope, env: NodeJS.ProcessEnv, options: Partial<StoreOptions> = {}) {
  const states: boolean[] = [];
  const app = Fastify();
  t.teardown(() => app.close());
  const from = performance.now();
  await app.register(storePlugin, {
    config: loadConfig({ REDIS_KEY_PREFIX: 'plugin:', ...env }),
    now: Date.now,
    ...options,
    onUp: (up) => states.push(up),
  });
  // In the program the jobs do this.
  app.addHook('preClose', () => app.leases.stop());
  await app.ready();
  const bootMs = performance.now() - from;
  return {
    app,
    states,
    bootMs,
    /** Begins to take part in the leases; resolves once the default target is held. */
    async lead() {
      await app.leases.start({ onHeld: () => {}, onLost: () => {} });
      await eventually('held', () => app.leases.holds('default') || undefined);
    },
    save: (kept: Kept) => app.store.save(kept, standingFor(kept)),
    load: async () => (await app.store.load('cost', 'default')).kept,
  };
}

const at = (port: number, host = '127.0.0.1') => ({ REDIS_HOST: host, REDIS_PORT: String(port) });

t.test('without Redis snapshots are kept in memory', async (t) => {
  const { app, states } = await boot(t, {});
  t.ok(app.store instanceof MemoryStore);
  t.ok(app.leases instanceof OwnLeases);
  t.ok(app.ledger instanceof LocalLedger);
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
  const { app } = await boot(t, at(1), { store });
  t.equal(app.store, store);
  t.notOk(app.hasDecorator('redis'));
  await app.close();
  t.equal(closed, 1);
});

t.test("Redis: the client of @fastify/redis is the store's own, a restart finds the snapshot", async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const first = await boot(t, at(redis.port));
  await eventually('up', () => first.states[0]);
  t.equal(await first.app.redis.ping(), 'PONG');
  await first.lead();
  t.equal(await first.save(keptOn(1)), true);
  await first.app.close();
  t.equal(first.app.redis.status, 'end');
  t.notMatch(await redis.cli(['client', 'list']), /aws-cost-exporter/);

  const second = await boot(t, { REDIS_URL: redis.url });
  let found: Kept | undefined;
  second.app.addHook('onClose', async () => {
    found = await second.load();
  });
  t.same(await second.load(), keptOn(1));
  await second.app.close();
  t.same(found, keptOn(1), 'readable while the app closes');
  t.same(second.states, [true]);
});

t.test('the boot waits for no Redis: down, paused, wrong password, unknown name', async (t) => {
  const redis = await startRedis(t, { password: 'right' });
  if (redis === undefined) return;
  const port = await freePort();
  const cases: [string, NodeJS.ProcessEnv][] = [
    ['down', at(port)],
    ['wrong password', { REDIS_URL: redis.url.replace('right', 'wrong') }],
    ['unknown name', at(6379, 'redis.invalid')],
    ['plain where TLS is asked for', { REDIS_URL: redis.url.replace('redis:', 'rediss:') }],
    ['paused', { REDIS_URL: redis.url }],
  ];
  for (const [what, env] of cases) {
    if (what === 'paused') redis.pause();
    const { app, states, bootMs, load, save } = await boot(t, env);
    t.ok(bootMs < 1_000, `${what}: booted in ${Math.round(bootMs)} ms`);
    t.equal(await load(), undefined, what);
    await save(keptOn(1));
    t.same(await load(), keptOn(1), what);
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
  const { app, states, lead, save } = await boot(t, at(port));
  const leading = lead();
  await save(keptOn(1));
  await eventually('down', () => (states[0] === false ? true : undefined));
  const redis = await startRedis(t, { port });
  if (redis === undefined) return;
  await eventually('up', () => states[1]);
  await leading;
  t.equal(await redis.cli(['exists', 'plugin:snapshot:cost:default']), '1');
  t.equal(await app.redis.ping(), 'PONG');
});
