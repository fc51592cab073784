import { gunzipSync } from 'node:zlib';
import { type App, buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { RedisLeases } from '../../src/replicas/redis-leases.ts';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { type PageSample, parsePage } from '../e2e/page.ts';
import { ask } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { ACCEPT } from '../servers/prometheus.ts';
import { type Bill, firstBill, rowsOf, START } from './bill.ts';
import type { Figures } from './model.ts';
import type { Store } from './stores.ts';

/** How one exporter buys. */
export interface Manner {
  /** `CHANGE_DETECTION`. */
  readonly detects: boolean;
  /** Whether the bill has many pages. */
  readonly paged: boolean;
}

/** What is asked of the exporter at a look. */
export type Look = { readonly format: keyof typeof ACCEPT; readonly encoding: 'gzip' | 'identity' } | 'REST';

const HOUR_MS = 3_600_000;
/** Longer than a lease lasts. */
const LEASE_OVER_MS = 60_000;

/** One exporter with all that is around it: a bill, a simulated AWS, a store, and a clock that goes when it is told to. */
export class World {
  readonly store: Store;
  readonly manner: Manner;
  readonly sim: Simulator;
  bill: Bill = firstBill();
  #now = Date.parse(`${START}T08:00:00Z`);
  #leaseNow = 1_000_000_000;
  #running: { readonly app: App; readonly restUrl: string; readonly metricsUrl: string } | undefined;
  #startedAt = 0;

  private constructor(store: Store, manner: Manner, sim: Simulator) {
    this.store = store;
    this.manner = manner;
    this.sim = sim;
    sim.setClock(() => new Date(this.#now));
  }

  static async create(store: Store, manner: Manner): Promise<World> {
    const sim = await startSimulator({ bill: rowsOf(firstBill()), pageSize: manner.paged ? 40 : 5_000 });
    return new World(store, manner, sim);
  }

  get today(): string {
    return new Date(this.#now).toISOString().slice(0, 10);
  }

  /** After so long in real time a run of its own may have come between. */
  get isOld(): boolean {
    return performance.now() - this.#startedAt > 45_000;
  }

  setBill(bill: Bill): void {
    this.bill = bill;
    this.sim.setBill(rowsOf(bill));
  }

  /** Starts the exporter; resolves when it listens. */
  async start(): Promise<void> {
    // An attempt of this process is not mistaken for one of the last.
    this.#now += 1;
    const app = await buildApp({
      config: loadConfig({
        AWS_ENDPOINT_URL: this.sim.url,
        HOST: '127.0.0.1',
        PORT: '0',
        METRICS_PORT: '0',
        CAPABILITIES: 'cost',
        LOG_LEVEL: 'silent',
        CACHE_TTL_SECONDS: '0',
        AWS_SPEND_BUDGET_USD: '100000',
        CHANGE_DETECTION: this.manner.detects ? 'on' : 'off',
        MAX_SNAPSHOT_AGE: '24d',
        ...this.store.env,
      }),
      now: () => this.#now,
      serverTime: () => this.#leaseNow,
      credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }),
      logger: false,
      random: () => 0.5,
    });
    await app.rest.ready();
    // Its timers are of real time: here a run comes when it is called for.
    app.rest.scheduler.addSimpleIntervalJob = () => {};
    const { leases } = app.rest;
    const start = leases.start.bind(leases);
    leases.start = (events) =>
      start({
        ...events,
        onHeld: (target) => {
          // It is planned anew: until then `quiet` waits.
          for (const state of app.rest.collections.states.all()) state.nextRun = undefined;
          events.onHeld(target);
        },
      });
    this.#startedAt = performance.now();
    this.#running = { app, ...(await app.listen()) };
  }

  /** Resolves when the first run after a start, or after a target was taken over, has ended. */
  async quiet(): Promise<void> {
    await eventually(
      'the first run has ended',
      () => (this.#state.nextRun === undefined || this.#state.nextRun === this.#now ? undefined : true),
      60_000,
    );
  }

  /** Lets the exporter learn what has become of its store. */
  async beat(): Promise<void> {
    const { leases } = this.#app.rest;
    if (leases instanceof RedisLeases) await leases.beat();
  }

  /** Resolves when an attempt of now has ended. */
  async attempted(): Promise<void> {
    const ended = () => [this.#state.lastAttempt, this.#state.lastSuccess].includes(this.#now) || undefined;
    await eventually('the attempt has ended', ended, 60_000);
  }

  /** A little of the leases' own time passes. */
  async leaseTimePasses(): Promise<void> {
    this.#leaseNow += 1_000;
    await this.beat();
  }

  /** Whether it may buy. */
  get holds(): boolean {
    return this.#app.rest.leases.holds('default');
  }

  /** Whether it shows the business families. */
  get exposes(): boolean {
    return this.#app.rest.leases.exposes();
  }

  /** How the exporter stands, in words. */
  toString(): string {
    const { status, cause, lastSuccess, lastAttempt, nextRun } = this.#state;
    const at = (ms: number | undefined) => ms && new Date(ms).toISOString();
    const times = `success ${at(lastSuccess)}, attempt ${at(lastAttempt)}, next ${at(nextRun)}`;
    return `${status} ${cause?.code ?? ''} at ${at(this.#now)}, ${times}, holds ${this.holds}, exposes ${this.exposes}`;
  }

  /** One collection; `kind` of its outcome. */
  async collect(): Promise<string> {
    return (await this.#app.rest.collections.run(this.#state)).kind;
  }

  /** Time passes; a new day is noticed. */
  async pass(hours: number): Promise<void> {
    const before = this.today;
    // A little more: a tick that is over is not mistaken for one that is planned for now.
    this.#now += hours * HOUR_MS + 7;
    if (this.today !== before) await this.#app.rest.collections.newDay();
  }

  async stop(): Promise<void> {
    await this.#running?.app.close();
    this.#running = undefined;
  }

  async kill(): Promise<void> {
    await this.store.kill(this.#app);
    this.#running = undefined;
    this.#leaseNow += LEASE_OVER_MS;
  }

  async end(): Promise<void> {
    await this.store.up();
    await this.stop();
    await this.sim.close();
  }

  /** What one of the pages shows of cost, in cents; undefined where it shows nothing. @throws where it is no right answer. */
  async look(at: Look): Promise<Figures | undefined> {
    return at === 'REST' ? this.#document() : this.#page(at);
  }

  async #page({ format, encoding }: Exclude<Look, 'REST'>): Promise<Figures | undefined> {
    const answer = await ask(`${this.#urls.metricsUrl}/metrics`, {
      headers: { accept: ACCEPT[format], 'accept-encoding': encoding },
    });
    if (answer.status !== 200) throw new Error(`/metrics: ${answer.status}`);
    if ((answer.headers['content-encoding'] ?? 'identity') !== encoding) throw new Error(`not ${encoding}`);
    const text = encoding === 'gzip' ? gunzipSync(answer.bytes).toString() : answer.text;
    if (format === 'openMetrics' && !text.endsWith('# EOF\n')) throw new Error('the page has no end');
    const families =
      /^aws_cost_(total|daily|month_to_date|last_complete_day|settled_day|(trailing|preceding)_week)$/;
    const samples = parsePage(text).filter(({ name }) => families.test(name));
    const figures = new Map(samples.map((sample) => [nameOf(sample), cents(sample.value)]));
    if (figures.size !== samples.length) throw new Error('a series is there twice');
    return figures.size === 0 ? undefined : figures;
  }

  async #document(): Promise<Figures | undefined> {
    const answer = await eventually('REST has time', async () => {
      const one = await ask(`${this.#urls.restUrl}/cost/current`);
      // A busy machine, and several exporters in this process: that says nothing of the figures.
      return one.status === 503 && one.json().code === 'overloaded' ? undefined : one;
    });
    if (answer.status === 503) return undefined;
    if (answer.status !== 200) throw new Error(`/cost/current: ${answer.status} ${answer.text}`);
    const body = answer.json<Document>();
    const { total, monthToDate } = body;
    return new Map([
      ...(total === null ? [] : [['total', cents(total)] as const]),
      ...(monthToDate === null ? [] : [['monthToDate', cents(monthToDate)] as const]),
      ...body.byService.map(({ service, cost }) => [`service ${service}`, cents(cost)] as const),
      ...body.byAccount.map(({ accountId, cost }) => [`account ${accountId}`, cents(cost)] as const),
      ...body.daily.map(({ date, cost }) => [`day ${date}`, cents(cost)] as const),
    ]);
  }

  get #urls() {
    if (this.#running === undefined) throw new Error('the exporter is down');
    return this.#running;
  }

  get #app(): App {
    return this.#urls.app;
  }

  get #state() {
    const state = this.#app.rest.collections.states.get('cost', 'default');
    if (state === undefined) throw new Error('there is no cost');
    return state;
  }
}

interface Document {
  total: number | null;
  monthToDate: number | null;
  byService: { service: string; cost: number }[];
  byAccount: { accountId: string; cost: number }[];
  daily: { date: string; cost: number }[];
}

function nameOf({ name, labels: { service, account_id, date } }: PageSample): string {
  return `${name} ${service}/${account_id}${date === undefined ? '' : ` ${date}`}`;
}

/** Whole cents; what is none is left as it is, and is never found in a bill. */
function cents(amount: number): number {
  const rounded = Math.round(amount * 100);
  return Math.abs(rounded - amount * 100) < 1e-4 ? rounded : amount * 100;
}
