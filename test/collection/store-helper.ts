import { Redis } from 'ioredis';
import { createRedisConnection, type RedisConnection } from '../../src/collection/redis-connection.ts';
import { RedisStore } from '../../src/collection/redis-store.ts';
import type { Kept, Snapshot } from '../../src/collection/snapshot.ts';
import { decode } from '../../src/collection/snapshot-codec.ts';
import type { RedisSettings } from '../../src/config.ts';
import type { Fence } from '../../src/replicas/redis-leases.ts';
import { eventually, type TestScope } from '../servers/process.ts';
import type { RedisServer } from '../servers/redis.ts';
import { standingFor } from './runner-helper.ts';

/** A snapshot with a day of the month as its time. */
export function keptOn(day: number, more: Partial<Snapshot> = {}): Kept {
  const collectedAt = new Date(Date.UTC(2026, 2, day)).toISOString();
  const snapshot = {
    schema: 1,
    collector: 'cost',
    target: 'default',
    accountId: '111122223333',
    collectedAt,
    requests: 1,
    fingerprint: 'f',
    partial: false,
    data: { day, text: 'grün' },
    ...more,
  };
  return { snapshot, confirmedAt: snapshot.collectedAt };
}

/** A logger that keeps its lines: level, message and fields. */
export function recorder() {
  const lines: string[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  return { lines, info: write('info'), warn: write('warn') };
}

let tokens = 0;

/** A lease that lasts until the test says otherwise: what the store's writes are checked against, without the beats. */
export class HandLease {
  /** Whether the store's process collects for every target. */
  held = true;
  readonly #connection: RedisConnection;
  readonly #owner = `owner ${++tokens}`;
  readonly #token = String(tokens);
  readonly #targets = new Set(['default']);

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  holds(): boolean {
    return this.held;
  }

  fence(target: string): Fence | undefined {
    if (!this.held) return undefined;
    this.#targets.add(target);
    return { key: this.#key(target), owner: this.#owner, token: this.#token, now: '' };
  }

  /** Enters in Redis what is held, as a beat does: also where Redis has lost it. */
  async enter(): Promise<void> {
    if (!this.held) return;
    const lease = { owner: this.#owner, token: this.#token, till: String(Date.UTC(2100)) };
    for (const target of this.#targets)
      await this.#connection.ask((redis) => redis.hset(this.#key(target), lease));
  }

  #key(target: string): string {
    return `${this.#connection.keyPrefix}lease:target:${target}`;
  }
}

/**
 * A Redis store of a test, with what it has said and reported. It is closed with the test. `store` is used by snapshot alone;
 * `raw` is the store itself.
 */
export function openStore(t: TestScope, address: Partial<RedisSettings>, probeIntervalMs = 100) {
  const logger = recorder();
  const states: boolean[] = [];
  const settings = { port: 6379, db: 0, keyPrefix: 'test:', ...address };
  const connection = createRedisConnection({
    settings,
    logger,
    onUp: (up) => states.push(up),
    probeIntervalMs,
  });
  const lease = new HandLease(connection);
  const raw = new RedisStore({ connection, leases: lease });
  connection.addCheck(async () => {
    await lease.enter();
    await raw.synchronize();
  });
  connection.start();
  t.teardown(() => raw.close());
  const store = {
    load: async (collector: string, target: string) => (await raw.load(collector, target)).kept,
    async save(kept: Kept) {
      lease.fence(kept.snapshot.target);
      if (await connection.answers()) await lease.enter().catch(() => {});
      return raw.save(kept, standingFor(kept));
    },
    close: () => raw.close(),
  };
  return {
    store,
    raw,
    lease,
    connection,
    states,
    lines: logger.lines,
    /** Resolves once `up` has been reported as the last of `count` states. */
    state: (up: boolean, count: number) =>
      eventually(`state ${count} is ${up}`, () =>
        states.length === count && states.at(-1) === up ? true : undefined,
      ),
  };
}

/** The key that `openStore`'s store keeps `keptOn` under. */
export const KEY = 'test:snapshot:cost:default';

/** What Redis has under a key, unpacked; undefined where it has nothing. */
export async function stored(redis: RedisServer, key = KEY) {
  const client = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    await client.connect();
    const bytes = await client.getBuffer(key);
    return bytes === null ? undefined : await decode(bytes);
  } finally {
    client.disconnect();
  }
}

/** Resolves once Redis has the snapshot of that day. */
export const untilStored = (redis: RedisServer, day: number, key = KEY) =>
  eventually(`day ${day} in Redis`, async () => {
    const kept = await stored(redis, key);
    return JSON.stringify(kept) === JSON.stringify(keptOn(day, kept?.snapshot)) ? true : undefined;
  });
