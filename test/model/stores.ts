import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { App } from '../../src/app.ts';
import { startRedis } from '../servers/redis.ts';
import { startTcpProxy } from '../servers/tcp-proxy.ts';

/** Where one exporter keeps what outlasts its process, and what can happen to that. */
export interface Store {
  readonly kind: 'memory' | 'disk' | 'redis';
  readonly env: Readonly<Record<string, string>>;
  /** Nothing can be written any more, nor be read where it is Redis. On disk the figures that were kept are gone with it. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** All that is kept is gone. */
  empty(): Promise<void>;
  /** Ends an app as SIGKILL would: nothing that it does afterwards gets there. Resolves when another one may start. */
  kill(app: App): Promise<void>;
}

/** Makes the store of one more exporter of a test; the number is another one each time. */
export type Stores = (number: number) => Promise<Store>;

/** Nothing outlasts the process. */
export const inMemory: Stores = async () => ({
  kind: 'memory',
  env: {},
  async down() {},
  async up() {},
  async empty() {},
  kill: (app) => app.close(),
});

/** `STATE_DIR`, a folder for each. */
export function onDisk(t: Test): Stores {
  const root = t.testdir();
  return async (number) => {
    const folder = join(root, String(number));
    await mkdir(folder);
    const snapshot = join(folder, 'snapshot+cost+default');
    const empty = async () => {
      const names = (await readdir(folder)).filter((name) => !name.startsWith('lock'));
      for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
    };
    return {
      kind: 'disk',
      env: { STATE_DIR: folder },
      async down() {
        await rm(snapshot, { recursive: true, force: true });
        // Not even root can write a file where a folder is.
        await mkdir(snapshot);
        await writeFile(join(snapshot, 'in the way'), '');
      },
      up: () => rm(snapshot, { recursive: true, force: true }),
      empty,
      async kill(app) {
        const copy = `${folder}-copy`;
        await cp(folder, copy, { recursive: true, filter: (path) => !/lock/.test(path) });
        await app.close();
        await empty();
        await cp(copy, folder, { recursive: true });
        await rm(copy, { recursive: true });
      },
    };
  };
}

/** A real Redis for all, under another prefix for each, behind a proxy that can be cut. Undefined where there is none. */
export async function inRedis(t: Test): Promise<Stores | undefined> {
  const redis = await startRedis(t);
  if (redis === undefined) return undefined;
  return async (number) => {
    const proxy = await startTcpProxy(t, redis.port);
    const prefix = `model ${number}:`;
    return {
      kind: 'redis',
      env: { REDIS_URL: `redis://${proxy.host}:${proxy.port}`, REDIS_KEY_PREFIX: prefix },
      async down() {
        // Nobody listens there.
        proxy.target = 1;
        proxy.cut();
      },
      async up() {
        proxy.target = redis.port;
      },
      async empty() {
        const keys = (await redis.cli(['--raw', 'keys', `${prefix}*`])).split('\n').filter(Boolean);
        if (keys.length > 0) await redis.cli(['del', ...keys]);
      },
      async kill(app) {
        if (app.rest.hasDecorator('redis')) app.rest.redis.disconnect();
        await app.close();
      },
    };
  };
}
