import type { Test } from 'tap';
import { generateBill, type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { eventually } from '../servers/process.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../servers/redis.ts';
import type { Served } from './command.ts';
import { pageWith, readJson, scrape, total, valueIn } from './page.ts';

const bill = generateBill({ seed: 1, today: new Date(), days: 50 });

/** All collectors: what is still to be collected, or was cut off by a stop, would be bought later, and rightly so. */
export const ALL = ['cost', 'forecast', 'tags', 'optimization', 'well-architected'];

/** Where the cost snapshot is kept. */
export const KEY = 'aws-cost-exporter:snapshot:cost:default';

/** The part of the body of /cost/current that these tests read. */
export interface CostBody {
  readonly collectedAt: string;
  readonly stale: boolean;
  readonly total: number;
}

/** What an exporter says the cost is. */
export const cost = ({ restUrl }: Served) => readJson<CostBody>(`${restUrl}/cost/current`);

/** A simulated AWS that ends with the test. */
export async function simulated(t: Test): Promise<Simulator> {
  const simulator = await startSimulator({ bill });
  t.teardown(() => simulator.close());
  return simulator;
}

/** Settings of an exporter that buys from a simulated AWS whenever a test has it buy. */
export const buying = (simulator: Simulator): NodeJS.ProcessEnv => ({
  AWS_ENDPOINT_URL: simulator.url,
  CHANGE_DETECTION: 'off',
  AWS_SPEND_BUDGET_USD: '100000',
});

/** Cost Explorer requests that the simulated AWS has received: what is paid for. */
export const paid = (simulator: Simulator) =>
  simulator.requests.filter(({ service }) => service === 'ce').length;

/** What the ledger says was paid for today. */
export const entered = async ({ restUrl }: Served) =>
  (await readJson<{ today: { requests: number } }>(`${restUrl}/spend`)).today.requests;

/** Redis, AWS and the settings of an exporter between them. */
export interface Setting {
  readonly redis: RedisServer;
  readonly simulator: Simulator;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts Redis and AWS; undefined, with a visible skip, where Redis is absent. */
export async function setting(t: Test, options: RedisServerOptions = {}): Promise<Setting | undefined> {
  const redis = await startRedis(t, options);
  if (redis === undefined) return undefined;
  const simulator = await simulated(t);
  return { redis, simulator, env: { ...buying(simulator), REDIS_URL: redis.url } };
}

/**
 * Waits until the exporter says whether Redis can be used. It sees so within a probe each 5 s, 2 s for its answer, and up to
 * 5.5 s to connect again.
 */
export const cacheIs = ({ metricsUrl }: Served, up: 0 | 1) =>
  pageWith(metricsUrl, `cache_up is ${up}`, (page) => valueIn(page, 'aws_cost_exporter_cache_up') === up);

/** What the exporter has logged of Redis' ups and downs, in order. */
export const changes = (served: Served) =>
  served.log().flatMap(({ msg }) => (/^Redis is (up|down)/.exec(String(msg)) ?? []).slice(1));

/** Waits until Redis has a whole snapshot. */
export async function keptIn(t: Test, redis: RedisServer): Promise<void> {
  await eventually('a snapshot is kept', async () =>
    Number(await redis.cli(['strlen', KEY])) > 100 ? true : undefined,
  );
  t.ok(Number(await redis.cli(['ttl', KEY])) > 86_400, 'it has a lifetime of days');
}

/** Redis was never reached: nobody knows who is to buy. That is said, everything is served, and nothing is bought. */
export async function standsBack(t: Test, served: Served, simulator: Simulator): Promise<void> {
  await pageWith(
    served.metricsUrl,
    'the collectors are passed over',
    (page) =>
      (valueIn(page, 'aws_cost_exporter_collector_skipped_total', {
        collector: 'cost',
        reason: 'not_leader',
      }) ?? 0) >= 1,
  );
  const page = await scrape(served.metricsUrl);
  t.equal(valueIn(page, 'aws_cost_exporter_cache_up'), 0);
  t.equal(valueIn(page, 'aws_cost_exporter_lease_held', { target: 'default' }), 0);
  t.equal(valueIn(page, 'aws_cost_exporter_exposing'), 0);
  t.equal(total(page, 'aws_cost_total'), 0);
  const ready = await fetch(`${served.restUrl}/ready`);
  t.equal(ready.status, 200);
  t.match(await ready.json(), {
    targets: [
      { collectors: [{ collector: 'cost', cause: { code: 'not_leader', message: /cannot be reached/ } }] },
    ],
  });
  t.equal((await fetch(`${served.restUrl}/health`)).status, 200);
  t.equal((await fetch(`${served.restUrl}/cost/current`)).status, 503);
  t.equal(paid(simulator), 0, 'nothing is bought');
}

/** Whatever Redis does, the exporter serves what it has. */
export async function stillServes(t: Test, served: Served): Promise<void> {
  t.ok(total(await scrape(served.metricsUrl), 'aws_cost_total') > 0, 'metrics');
  t.ok((await cost(served)).total > 0, 'REST');
  t.equal((await fetch(`${served.restUrl}/ready`)).status, 200, 'ready');
}
