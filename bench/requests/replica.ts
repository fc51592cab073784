import { type App, buildApp } from '../../src/app.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { RedisLeases } from '../../src/replicas/redis-leases.ts';
import { perDayOf, planOf } from '../../src/spend/plan.ts';
import { Ticks } from './jobs.ts';
import { readCost, readForecast, readTags, type Shown } from './shown.ts';
import type { VirtualTime } from './virtual-time.ts';
import { idle } from './watch.ts';

export interface ReplicaOptions {
  readonly time: VirtualTime;
  /** Environment of the exporter. */
  readonly env: Readonly<Record<string, string>>;
  /** Draws phases: a number in [0, 1). */
  readonly random: () => number;
}

/** What a replica shows that shows nothing. */
export const NOTHING: Shown = { cost: undefined, tags: undefined, forecast: undefined };
const COLLECTORS = ['cost', 'tags', 'forecast'] as const;

/** One exporter in this process. It can be killed, and started again. */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #ended: Promise<void>[] = [];
  #running: { readonly app: App; readonly config: Config; readonly ticks: Ticks } | undefined;
  #published: unknown[] = [];
  #shown = NOTHING;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  /** Whether it buys now. */
  get holds(): boolean {
    return this.#running?.app.rest.leases.holds('default') ?? false;
  }

  /** Whether it shows the business families now. */
  get exposes(): boolean {
    return this.#running?.app.rest.leases.exposes() ?? false;
  }

  /** Paid pages a day that `plan` foretells from what it has kept; undefined while it is down. */
  get planned(): number | undefined {
    if (this.#running === undefined) return undefined;
    const { app, config } = this.#running;
    const rows = planOf(app.rest.collections.states.all(), config.changes, this.#options.time.now());
    return perDayOf(rows).configured;
  }

  /** Starts it; resolves once its first runs have ended. */
  async start(): Promise<void> {
    const { time, env, random } = this.#options;
    const config = loadConfig({
      HOST: '127.0.0.1',
      PORT: '0',
      METRICS_PORT: '0',
      LOG_LEVEL: 'silent',
      ...env,
    });
    const app = await buildApp({
      config,
      now: time.now,
      serverTime: time.leaseNow,
      credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }),
      logger: false,
      random,
    });
    const ticks = new Ticks(app, time);
    this.#running = { app, config, ticks };
    await ticks.start();
  }

  /** Renews its leases, takes what is free and hears the news: what each second does in real time. */
  async beat(): Promise<void> {
    const leases = this.#running?.app.rest.leases;
    if (leases instanceof RedisLeases) await leases.beat();
    await idle();
    this.#running?.ticks.follow();
  }

  /** Its publications: others than before where anything of them is. */
  publications(): unknown[] {
    const app = this.#running?.app;
    return COLLECTORS.map((collector) => app?.rest.collections.current(collector, 'default'));
  }

  /** What it does at midnight UTC. */
  async newDay(): Promise<void> {
    await this.#running?.app.rest.collections.newDay();
  }

  /**
   * Kills it. Its connection to Redis is cut before anything else, so that nothing of its orderly end gets there: no lease is
   * given back, nothing is saved.
   */
  kill(): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#published = [];
    this.#shown = NOTHING;
    running.ticks.stop();
    if (running.app.rest.hasDecorator('redis')) running.app.rest.redis.disconnect();
    this.#ended.push(running.app.close());
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    this.#running?.ticks.stop();
    await this.#running?.app.close();
    this.#running = undefined;
    await Promise.all(this.#ended);
  }

  /** What it shows: read anew where it has published anew, else the very object as before. */
  async look(): Promise<Shown> {
    const app = this.#running?.app;
    if (app === undefined) return NOTHING;
    const now = this.publications();
    const [cost, tags, forecast] = now.map((publication, index) => publication !== this.#published[index]);
    if (!cost && !tags && !forecast) return this.#shown;
    this.#published = now;
    this.#shown = {
      cost: cost ? await readCost(app) : this.#shown.cost,
      tags: tags ? await readTags(app) : this.#shown.tags,
      forecast: forecast ? await readForecast(app) : this.#shown.forecast,
    };
    return this.#shown;
  }
}
