import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Redis } from 'ioredis';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import type { SnapshotStore } from '../../src/collection/snapshot.ts';
import type { Config } from '../../src/config.ts';
import { DiskStore } from '../../src/disk/disk-store.ts';
import { openStateDir } from '../../src/disk/state-dir.ts';
import { type Leases, OwnLeases } from '../../src/replicas/leases.ts';
import { type Budget, pagesFor } from '../../src/spend/budget.ts';
import type { Buyer, Ledger } from '../../src/spend/ledger.ts';
import { ledgerFile } from '../../src/spend/ledger-file.ts';
import { LocalLedger } from '../../src/spend/local-ledger.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Keeps the last good snapshot of each collector and target. */
    store: SnapshotStore;
    /** Which of the replicas collects, and which exposes. */
    leases: Leases;
    /** Where everything that is paid is entered before it is sent. */
    ledger: Ledger;
    /** What may be spent in a UTC day; `setAside` is known once the capabilities are. */
    budget: Budget & { setAside: Budget['setAside'] };
  }
}

export interface StoreOptions {
  readonly config: Config;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A store that is there already, in place of one made from the configuration; it is closed with the app. */
  readonly store?: SnapshotStore | undefined;
  /** Told each time that Redis becomes usable or unusable; never called without Redis. */
  readonly onUp?: ((up: boolean) => void) | undefined;
  /** Told what time it is for Redis, where there is one; milliseconds since the epoch. */
  readonly onTime?: ((serverTime: number) => void) | undefined;
  /** Redis' clock and the process's, where time is simulated; milliseconds. */
  readonly serverTime?: (() => number) | undefined;
}

/** What outlasts a collection, wherever it is kept. */
interface State {
  readonly store: SnapshotStore;
  readonly leases: Leases;
  readonly ledger: Ledger;
}

/**
 * Decorates the app with `store`, `leases`, `ledger` and `budget`, and with `redis` where Redis is configured. Redis being
 * down holds nothing up.
 *
 * @throws {StateDirError} where STATE_DIR cannot be used.
 */
export default fp<StoreOptions>(
  async function storePlugin(fastify, options) {
    const { config } = options;
    const budget = {
      pages: pagesFor(config.spend.budgetUsd),
      ofTarget(name: string) {
        const own = config.targets.find((target) => target.name === name)?.spendBudgetUsd;
        return own === undefined ? undefined : pagesFor(own);
      },
      setAside: (_buyer: Buyer) => ({ all: 0, ofTarget: 0 }),
    };
    const { store, leases, ledger } = await makeState(fastify, options, budget);
    fastify.decorate('store', store);
    fastify.decorate('leases', leases);
    fastify.decorate('ledger', ledger);
    fastify.decorate('budget', budget);
    fastify.addHook('onClose', () => store.close());
  },
  { name: 'store', fastify: '5.x' },
);

async function makeState(fastify: FastifyInstance, options: StoreOptions, budget: Budget): Promise<State> {
  const { config, now, store } = options;
  const targets = config.targets.map(({ name }) => name);
  if (store !== undefined || (config.redis === undefined && config.stateDir === undefined)) {
    const ledger = new LocalLedger(budget, now);
    return { store: store ?? new MemoryStore(), leases: new OwnLeases(targets), ledger };
  }
  if (config.redis !== undefined) return makeShared(fastify, options, config.redis, budget);
  const dir = await openStateDir(config.stateDir ?? '', fastify.log);
  const ledger = new LocalLedger(budget, now, ledgerFile(dir, fastify.log));
  // Hooks of closing run last in, first out: the store's comes before.
  fastify.addHook('onClose', () => dir.close());
  return { store: new DiskStore(dir, fastify.log), leases: new OwnLeases(targets), ledger };
}

/** What replicas share in Redis, over one connection. */
async function makeShared(
  fastify: FastifyInstance,
  { config, now, onUp, onTime, serverTime }: StoreOptions,
  redis: NonNullable<Config['redis']>,
  budget: Budget,
): Promise<State> {
  // Loaded where there is Redis alone.
  const [{ createRedisConnection }, { RedisStore }, { RedisLeases }, { RedisLedger }] = await Promise.all([
    import('../../src/collection/redis-connection.ts'),
    import('../../src/collection/redis-store.ts'),
    import('../../src/replicas/redis-leases.ts'),
    import('../../src/spend/redis-ledger.ts'),
  ]);
  const connection = createRedisConnection({ settings: redis, logger: fastify.log, onUp });
  await registerUnconnected(fastify, connection.client);
  const leases = new RedisLeases({
    connection,
    targets: config.targets.map(({ name }) => name),
    exposeOne: config.expose === 'leader',
    onNews: (counter) => void store.look(counter),
    ...(onTime === undefined ? {} : { onTime }),
    serverTime,
    monotonic: serverTime,
  });
  const store = new RedisStore({ connection, leases });
  const ledger = new RedisLedger({ connection, leases, budget, now });
  connection.addCheck(async () => {
    await leases.beat();
    await ledger.synchronize();
    await store.synchronize();
  });
  connection.start();
  return { store, leases, ledger };
}

/**
 * @fastify/redis waits for its client to be ready and fails the boot where that fails. This program starts without Redis: its
 * client has not begun to connect yet, and passes for ready while it is registered.
 */
async function registerUnconnected(fastify: FastifyInstance, client: Redis): Promise<void> {
  const { default: fastifyRedis } = await import('@fastify/redis');
  const { status } = client;
  client.status = 'ready';
  try {
    await fastify.register(fastifyRedis, { client, closeClient: false });
  } finally {
    client.status = status;
  }
}
