import type { Test } from 'tap';
import type { Simulator } from '../../src/simulator/index.ts';
import { type Served, startServe } from '../e2e/command.ts';
import { eventually } from '../servers/process.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../servers/redis.ts';
import { startTcpProxy, type TcpProxy } from '../servers/tcp-proxy.ts';
import { buying, costState, self, showsBill, startAws } from './subject.ts';

const PREFIX = 'aws-cost-exporter:';
/** Where things lie in Redis. */
export const KEYS = {
  snapshot: `${PREFIX}snapshot:cost:default`,
  standings: `${PREFIX}standings`,
  lease: `${PREFIX}lease:target:default`,
  expose: `${PREFIX}lease:expose`,
  holds: `${PREFIX}holds`,
  news: `${PREFIX}news`,
  get spend() {
    return `${PREFIX}spend:${new Date().toISOString().slice(0, 10)}`;
  },
};

/** The field of the cost collector among the standings. */
export const STANDING = '["cost","default"]';

/** A Redis server. A row without one cannot be run. @throws Error where redis-server is absent. */
export async function needRedis(t: Test, options?: RedisServerOptions): Promise<RedisServer> {
  const redis = await startRedis(t, options);
  if (redis === undefined) throw new Error('redis-server is absent');
  return redis;
}

/** What the rows about a store that fails in mid-run begin with. */
export interface Running {
  readonly redis: RedisServer;
  readonly proxy: TcpProxy;
  readonly simulator: Simulator;
  readonly served: Served;
  readonly env: NodeJS.ProcessEnv;
}

/** Redis behind a proxy, AWS, and a process that has bought bill 1 and keeps it in Redis. */
export async function startRunning(
  t: Test,
  { env: more = {}, redis: options }: { env?: NodeJS.ProcessEnv; redis?: RedisServerOptions } = {},
): Promise<Running> {
  const redis = await needRedis(t, options);
  const proxy = await startTcpProxy(t, redis.port);
  const simulator = await startAws(t);
  const url = new URL(redis.url);
  url.port = String(proxy.port);
  const env = { ...buying(simulator), REDIS_URL: url.href, ...more };
  const served = await startServe(t, env);
  await showsBill(served, 1);
  await cacheIs(served, 1);
  await kept(redis);
  return { redis, proxy, simulator, served, env };
}

/** Waits until the process says whether it can use Redis. */
export const cacheIs = (served: Served, up: 0 | 1, timeoutMs = 40_000) =>
  eventually(
    `cache_up is ${up}`,
    async () => ((await self(served, 'cache_up')) === up ? true : undefined),
    timeoutMs,
  );

/** Waits until Redis has a whole snapshot. */
export const kept = (redis: RedisServer, timeoutMs = 30_000) =>
  eventually(
    'the snapshot is kept in Redis',
    async () => (Number(await redis.cli(['strlen', KEYS.snapshot])) > 100 ? true : undefined),
    timeoutMs,
  );

/** What `/ready` and cache_up say, for the table. */
export async function stateInWords(served: Served): Promise<string> {
  const { state, cause } = await costState(served);
  return `cost ${state}${cause ? ` (${cause.code})` : ''}, cache_up ${await self(served, 'cache_up')}`;
}
