import { setTimeout as sleep } from 'node:timers/promises';
import { type App, buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { ReplicaJobs } from './jobs.ts';
import { readCost, readForecast, readTags, type Shown } from './shown.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface ReplicaOptions {
  readonly name: string;
  readonly time: VirtualTime;
  /** Environment of the exporter. */
  readonly env: Readonly<Record<string, string>>;
  /** Draws phases: a number in [0, 1). */
  readonly random: () => number;
}

const NOTHING: Shown = { cost: undefined, tags: undefined, forecast: undefined };
const COLLECTORS = ['cost', 'tags', 'forecast'] as const;
/** Real time in which what a run has saved gets to Redis. */
const SAVED_MS = 5;

/** One exporter in this process. It can be killed, and started again. */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #ended: Promise<void>[] = [];
  #running: { app: App; drop(): void } | undefined;
  #published: unknown[] = [];
  #shown = NOTHING;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  /** Starts it; resolves once its first runs have ended. */
  async start(): Promise<void> {
    const { name, time, env, random } = this.#options;
    const config = loadConfig({
      HOST: '127.0.0.1',
      PORT: '0',
      METRICS_PORT: '0',
      LOG_LEVEL: 'silent',
      ...env,
    });
    const timers = time.timersOf(name);
    const app = await buildApp({
      config,
      now: time.now,
      credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }),
      logger: false,
      random,
    });
    this.#running = { app, drop: () => timers.drop() };
    await app.listen();
    await new ReplicaJobs({ app, config, timers, now: time.now, random }).start();
  }

  /**
   * Kills it. Its connection to Redis is cut before anything else, so that nothing of its orderly end gets there: no lease is
   * given back, nothing is saved.
   */
  async kill(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    await sleep(SAVED_MS);
    this.#running = undefined;
    this.#published = [];
    this.#shown = NOTHING;
    running.drop();
    if (running.app.rest.hasDecorator('redis')) running.app.rest.redis.disconnect();
    this.#ended.push(running.app.close());
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    this.#running?.drop();
    await this.#running?.app.close();
    this.#running = undefined;
    await Promise.all(this.#ended);
  }

  /** Whether its /metrics has the business families. */
  async exposes(): Promise<boolean> {
    return this.#running !== undefined && (await readCost(this.#running.app)) !== undefined;
  }

  /** What it shows: read anew where it has published anew. `changed` is false where it is the same as before. */
  async look(): Promise<{ shown: Shown; changed: boolean }> {
    const app = this.#running?.app;
    if (app === undefined) return { shown: NOTHING, changed: false };
    const now = COLLECTORS.map((collector) => app.rest.collections.current(collector, 'default'));
    const [cost, tags, forecast] = now.map((publication, index) => publication !== this.#published[index]);
    if (!cost && !tags && !forecast) return { shown: this.#shown, changed: false };
    this.#published = now;
    this.#shown = {
      cost: cost ? await readCost(app) : this.#shown.cost,
      tags: tags ? await readTags(app) : this.#shown.tags,
      forecast: forecast ? await readForecast(app) : this.#shown.forecast,
    };
    return { shown: this.#shown, changed: true };
  }
}
