import fastifyRedis from '@fastify/redis';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Redis } from 'ioredis';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import { createRedisConnection } from '../../src/collection/redis-connection.ts';
import { RedisStore } from '../../src/collection/redis-store.ts';
import type { SnapshotStore } from '../../src/collection/snapshot.ts';
import type { RedisSettings } from '../../src/config.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Keeps the last good snapshot of each collector and target. */
    store: SnapshotStore;
  }
}

export interface StoreOptions {
  /** A store that is there already, in place of one made from `redis`; it is closed with the app. */
  readonly store?: SnapshotStore | undefined;
  /** Where Redis is; undefined: snapshots are kept in memory only. */
  readonly redis?: RedisSettings | undefined;
  /** Told each time that Redis becomes usable or unusable; never called without Redis. */
  readonly onUp?: ((up: boolean) => void) | undefined;
}

/** Decorates the app with `store`, and with `redis` where Redis is configured. Redis being down holds nothing up. */
export default fp<StoreOptions>(
  async function storePlugin(fastify, options) {
    const store = options.store ?? (await makeStore(fastify, options));
    fastify.decorate('store', store);
    fastify.addHook('onClose', () => store.close());
  },
  { name: 'store', fastify: '5.x' },
);

async function makeStore(fastify: FastifyInstance, { redis, onUp }: StoreOptions): Promise<SnapshotStore> {
  if (redis === undefined) return new MemoryStore();
  const connection = createRedisConnection({ settings: redis, logger: fastify.log, onUp });
  await registerUnconnected(fastify, connection.client);
  return new RedisStore(connection);
}

/**
 * @fastify/redis waits for its client to be ready and fails the boot where that fails. This program starts without Redis: its
 * client has not begun to connect yet, and passes for ready while it is registered.
 */
async function registerUnconnected(fastify: FastifyInstance, client: Redis): Promise<void> {
  const { status } = client;
  client.status = 'ready';
  try {
    await fastify.register(fastifyRedis, { client, closeClient: false });
  } finally {
    client.status = status;
  }
}
