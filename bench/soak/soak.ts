import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type TestScope } from '../../test/servers/process.ts';
import { type RedisServer, startRedis } from '../../test/servers/redis.ts';
import { pause, reader, scrapers } from './clients.ts';
import type { Sample } from './measures.ts';
import { figuresOf, type Shape } from './page.ts';
import { startBill, startExporter, startIdle } from './processes.ts';
import type { Stretch } from './report.ts';
import { Tally } from './tally.ts';
import { Truth } from './truth.ts';

/** How long, how much, and how often. Milliseconds but for `minutes`. */
export interface SoakOptions {
  readonly minutes: number;
  readonly shape: Shape;
  readonly billMs: number;
  readonly sampleMs: number;
  /** Time between two full garbage collections for the sake of the samples. */
  readonly settleMs: number;
  readonly stretchMs: number;
  /** Time from one restart of Redis to the next, every second one without its data, and how long it is away. */
  readonly redisMs: number;
  readonly outageMs: number;
  readonly onStretch: (stretch: Stretch) => void;
}

/** What a run has found. */
export interface Soaked {
  readonly stretches: readonly Stretch[];
  /** What was wrong, in words; the first hundred. */
  readonly said: readonly string[];
  readonly logFile: string;
  readonly exitCode: number | null;
}

const SETTINGS = {
  // So that a bill that changes each minute is seen soon, and whole.
  COST_INTERVAL: '15s',
  FORECAST_INTERVAL: '20s',
  TAGS_INTERVAL: '20s',
  OPTIMIZATION_INTERVAL: '30s',
  WELLARCHITECTED_INTERVAL: '30s',
  MIN_CHANGE_INTERVAL: '1s',
  CACHE_TTL_SECONDS: '0',
  AWS_SPEND_BUDGET_USD: '100000',
  TAG_KEYS: 'team',
  MAX_SERIES: '0',
};

/** Runs the exporter for a while against a bill that changes, with clients, and a Redis that goes away. */
export async function soak(scope: TestScope, options: SoakOptions): Promise<Soaked> {
  const { shape, minutes } = options;
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const logFile = join(folder, 'exporter.log');
  const redis = await startRedis(scope);
  if (redis === undefined) throw new Error('redis-server is absent');
  const bill = await startBill(shape);
  scope.teardown(() => bill.end());
  const exporter = await startExporter(
    { ...SETTINGS, AWS_ENDPOINT_URL: bill.url, REDIS_HOST: redis.host, REDIS_PORT: String(redis.port) },
    logFile,
  );
  scope.teardown(() => exporter.end());
  const idle = startIdle();
  scope.teardown(() => idle.end());

  const truth = new Truth();
  truth.next(Date.now());
  const tally = new Tally(truth);
  const { restUrl, metricsUrl } = exporter;
  await eventually(
    'the first figures',
    async () => {
      const text = await (await fetch(`${metricsUrl}/metrics`)).text();
      const { series, numbers } = figuresOf(text, shape, new Date().toISOString().slice(0, 10));
      return series > 0 && numbers.forecast.length > 0 && numbers.tags.length > 0 ? true : undefined;
    },
    180_000,
  );

  const started = Date.now();
  const ending = new AbortController();
  const { signal } = ending;
  const minute = () => (Date.now() - started) / 60_000;
  let [samples, bills, restarts, from]: [Sample[], number, number, number] = [[], 0, 0, 0];
  let keepData = false;
  let settleAt = 0;
  const stretches: Stretch[] = [];
  const cut = () => {
    const stretch = { from, to: minute(), samples, counts: tally.take(), bills, restarts };
    [samples, bills, restarts, from] = [[], 0, 0, stretch.to];
    stretches.push(stretch);
    options.onStretch(stretch);
  };
  const each = async (ms: number, once: () => Promise<void> | void) => {
    for (let due = Date.now() + ms; !signal.aborted; due = Math.max(due + ms, Date.now())) {
      await pause(due - Date.now(), signal);
      if (!signal.aborted) await once();
    }
  };
  const work = [
    scrapers({ restUrl, metricsUrl, shape, tally, signal }),
    reader({ restUrl, metricsUrl, shape, tally, signal }),
    each(options.billMs, async () => {
      // In force somewhere between the two moments: a figure of it is right from the first on.
      truth.next(Date.now());
      await bill.set(truth.number);
      bills += 1;
    }),
    each(options.sampleMs, async () => {
      const settle = Date.now() >= settleAt;
      if (settle) settleAt = Date.now() + options.settleMs;
      const [held, { delayP99: idleP99 }] = await Promise.all([exporter.held(settle), idle.held()]);
      samples.push({ minute: minute(), ...held, idleP99 });
    }),
    each(options.redisMs, async () => {
      restarts += 1;
      keepData = !keepData;
      await restartRedis(redis, options.outageMs, keepData, signal);
    }),
    // The last stretch is cut at the end, with what is under way then.
    each(options.stretchMs, () => (minute() + options.stretchMs / 120_000 < minutes ? cut() : undefined)),
  ];
  await Promise.race([pause(minutes * 60_000, signal), Promise.all(work)]);
  ending.abort();
  await Promise.all(work);
  if (samples.length > 0) cut();
  return { stretches, said: tally.said, logFile, exitCode: await exporter.end() };
}

async function restartRedis(
  redis: RedisServer,
  outageMs: number,
  keepData: boolean,
  signal: AbortSignal,
): Promise<void> {
  await redis.stop();
  await pause(outageMs, signal);
  await redis.restart({ keepData });
}
