import { createRedisConnection } from '../../src/collection/redis-connection.ts';
import { RedisLeases, type RedisLeasesOptions } from '../../src/replicas/redis-leases.ts';
import type { Budget } from '../../src/spend/budget.ts';
import { RedisLedger } from '../../src/spend/redis-ledger.ts';
import { recorder } from '../collection/store-helper.ts';
import { eventually, type TestScope } from '../servers/process.ts';

/** A budget of so many pages a day; what is set aside, and targets with a budget of their own, as far as given. */
export function budgetOf(
  pages: number,
  {
    targets = {},
    setAside,
  }: { targets?: Readonly<Record<string, number>>; setAside?: Budget['setAside'] } = {},
): Budget {
  return {
    pages,
    ofTarget: (target) => targets[target],
    setAside: setAside ?? (() => ({ all: 0, ofTarget: 0 })),
  };
}

/** How a test wants a replica. */
export interface ReplicaOptions extends Partial<Omit<RedisLeasesOptions, 'connection' | 'onNews'>> {
  readonly host?: string;
  readonly port: number;
  readonly keyPrefix?: string;
  readonly budget?: Budget;
  readonly now?: () => number;
}

/** What one replica has of Redis: a connection, the leases and the ledger, wired as the store's plugin does it. */
export function openReplica(t: TestScope, options: ReplicaOptions) {
  const {
    host = '127.0.0.1',
    port,
    keyPrefix = 'test:',
    budget = budgetOf(1_000_000),
    now = Date.now,
  } = options;
  const logger = recorder();
  const events: string[] = [];
  const connection = createRedisConnection({
    settings: { host, port, db: 0, keyPrefix },
    logger,
    probeIntervalMs: 200,
  });
  const leases = new RedisLeases({
    targets: ['default'],
    exposeOne: true,
    ...options,
    connection,
    onNews: () => {},
  });
  const ledger = new RedisLedger({ connection, leases, budget, now });
  connection.addCheck(async () => {
    await leases.beat();
    await ledger.synchronize();
  });
  connection.start();
  const replica = {
    connection,
    leases,
    ledger,
    /** Who took what over and who lost it, in order: `held TARGET`, `lost TARGET`. */
    events,
    lines: logger.lines,
    start: () =>
      leases.start({
        onHeld: (target) => events.push(`held ${target}`),
        onLost: (target) => events.push(`lost ${target}`),
      }),
    /** Resolves once it holds a target. */
    held: (target = 'default', timeoutMs?: number) =>
      eventually(`${target} is held`, () => leases.holds(target) || undefined, timeoutMs),
    /** Resolves once it knows whether Redis can be reached. */
    reaches: (yes: boolean) =>
      eventually(`Redis is ${yes ? '' : 'not '}reached`, () => connection.up === yes || undefined),
    /** Gives everything back and ends. */
    async stop() {
      await leases.stop();
      await connection.close();
    },
  };
  t.teardown(() => replica.stop());
  return replica;
}

export type Replica = ReturnType<typeof openReplica>;
