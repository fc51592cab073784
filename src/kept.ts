import { MemoryStore } from './collection/memory-store.ts';
import { createRedisConnection, type RedisConnection } from './collection/redis-connection.ts';
import { RedisStore } from './collection/redis-store.ts';
import type { SnapshotStore } from './collection/snapshot.ts';
import type { Config, RedisSettings } from './config.ts';
import { DiskStore } from './disk/disk-store.ts';
import { readStateDir } from './disk/state-dir.ts';
import { StateDirError, wordsOf } from './disk/state-dir-error.ts';

/** What is kept, to be looked at from beside the exporter that keeps it. */
export interface KeptState {
  /** Only to be loaded from and closed: it writes nothing, and takes no lock and no lease. */
  readonly store: SnapshotStore;
  /** What could not be read so far, one line each. */
  readonly troubles: () => readonly string[];
}

/** Opens what is kept by the configuration. What is not there or cannot be read is a trouble, not an error. */
export async function openKept(config: Config): Promise<KeptState> {
  const troubles: string[] = [];
  const note = (trouble: string) => {
    if (!troubles.includes(trouble)) troubles.push(trouble);
  };
  return { store: await open(config, note), troubles: () => troubles };
}

async function open({ redis, stateDir }: Config, note: (trouble: string) => void): Promise<SnapshotStore> {
  if (redis !== undefined) return openRedis(redis, note);
  if (stateDir === undefined) return new MemoryStore();
  const logger = {
    info() {},
    warn: (fields: object, message: string) => note(`${message}: ${inWords(fields)}.`),
  };
  try {
    return new DiskStore(await readStateDir(stateDir, logger), logger);
  } catch (error) {
    if (!(error instanceof StateDirError)) throw error;
    note(`${error.message}.`);
    return new MemoryStore();
  }
}

function openRedis(settings: RedisSettings, note: (trouble: string) => void): SnapshotStore {
  let out = false;
  const isOut = (reason: string) => {
    // The rest is the consequence.
    if (!out) note(`Redis cannot be read: ${reason}.`);
    out = true;
  };
  const logger = {
    info() {},
    warn(fields: object, message: string) {
      if ('redis' in fields && 'reason' in fields) isOut(`${fields.redis}: ${fields.reason}`);
      else note(`${message}: ${inWords(fields)}.`);
    },
  };
  const connection = createRedisConnection({ settings, logger, readOnly: true });
  connection.start();
  // A refusal (of a user, of a key) is no outage: the store goes on without an answer, and says nothing.
  const heard: RedisConnection = Object.create(connection, {
    ask: {
      value: (...asked: Parameters<RedisConnection['ask']>) =>
        connection.ask(...asked).catch((error: unknown) => {
          isOut(wordsOf(error));
          throw error;
        }),
    },
  });
  return new RedisStore({ connection: heard, leases: { fence: () => undefined, holds: () => false } });
}

/** What was told as fields of a log's line, for people. */
function inWords(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
