import { type IncomingHttpHeaders, request } from 'node:http';
import { request as requestTls, type RequestOptions as TlsOptions } from 'node:https';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type App, type AppOptions, buildApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import type { FocusRow } from '../src/focus.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../src/simulator/index.ts';
import { billOf, charges } from './acceptance/bill.ts';
import { type MetricsPage, parseMetrics } from './acceptance/parse-metrics.ts';
import { eventually } from './servers/process.ts';

/** The day on which exporters of tests live unless they say otherwise. */
export const TODAY = '2026-11-22';
/** The charges behind the bill that an exporter of a test has unless it says otherwise. */
export const CHARGES = charges('2026-09-01', '2026-12-15');

const SUCCESS = 'aws_cost_exporter_collector_success';

/** A clock that stands still until it is set; exporter and simulator read the same one. */
export interface Clock {
  /** Sets it to an ISO 8601 instant. */
  set(instant: string): void;
  /** Moves it on. */
  advance(ms: number): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** An HTTP answer; the body as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body, parsed. @throws where it is not JSON. */
  json<Body = Record<string, unknown>>(): Body;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For an `https:` URL: whom to trust, and what to show. */
  readonly tls?: Pick<TlsOptions, 'ca' | 'cert' | 'key' | 'agent' | 'minVersion' | 'maxVersion' | 'ciphers'>;
}

/** How one collector stands, as `/ready` shows it. */
export interface CollectorView {
  readonly collector: string;
  readonly state: string;
  readonly stale: boolean;
  readonly cause: { code: string; message: string; advice: string } | null;
  readonly failed: readonly unknown[];
  readonly lastSuccess: string | null;
  readonly lastAttempt: string | null;
  readonly nextRun: string | null;
}

/** How one target stands, as `/ready` shows it. */
export interface TargetView {
  readonly target: string;
  readonly accountId: string | null;
  readonly collectors: readonly CollectorView[];
}

/** How a test wants its exporter. */
export interface ExporterOptions {
  /** Settings beside those that point at the simulator and take free ports. `undefined` unsets one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Content of a `CONFIG_FILE`. */
  readonly configFile?: string;
  readonly bill?: readonly FocusRow[];
  /** Where the clock stands at first, ISO 8601. Default 08:00 of {@link TODAY}. */
  readonly at?: string;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Called before the exporter listens, and so before its first collection: the place to add faults. */
  readonly before?: (sim: Simulator) => void;
  /** Further options of `buildApp`; `credentials: undefined` leaves them to the SDK's own chain. */
  readonly app?: Partial<AppOptions>;
  /** Whether it listens, default true. */
  readonly listen?: boolean;
  /** Whether the first attempts are waited for, default true. */
  readonly settle?: boolean;
}

/** An exporter in this process, and the simulator that it buys from. */
export interface Exporter {
  readonly sim: Simulator;
  readonly app: App;
  readonly clock: Clock;
  readonly restUrl: string;
  readonly metricsUrl: string;
  /** Asks the REST listener. */
  get(path: string, options?: RequestOptions): Promise<Answer>;
  /** Asks the metrics listener for /metrics. */
  scrape(options?: RequestOptions): Promise<Answer>;
  /** The page of /metrics in text format, parsed. */
  metrics(): Promise<MetricsPage>;
  /** How a target stands; by default the first. */
  target(name?: string): Promise<TargetView>;
  /** How a collector stands; by default that of the first target. */
  collector(collector: string, target?: string): Promise<CollectorView>;
  /** Runs one collector now, unless its figures are fresh; resolves when the run has ended. */
  run(collector: string, target?: string): Promise<string>;
  /** Resolves once every collector's first attempt has ended. */
  settled(): Promise<void>;
  /** Cost Explorer requests that the simulator has received. */
  paid(): number;
}

/** The same with cost and forecast alone, where the test does not say otherwise. */
export function startCosts(t: Test, options: ExporterOptions = {}): Promise<Exporter> {
  return startExporter(t, { ...options, env: { CAPABILITIES: 'cost,forecast', ...options.env } });
}

/** Starts a simulator and an exporter that buys from it; both end with the test. */
export async function startExporter(t: Test, options: ExporterOptions = {}): Promise<Exporter> {
  let now = Date.parse(options.at ?? `${TODAY}T08:00:00Z`);
  const clock: Clock = {
    set: (instant) => {
      now = Date.parse(instant);
    },
    advance: (ms) => {
      now += ms;
    },
    now: () => now,
  };
  const sim = await startSimulator({
    bill: options.bill ?? billOf(CHARGES),
    now: () => new Date(now),
    ...options.simulator,
  });
  t.teardown(() => sim.close());
  options.before?.(sim);
  const env = {
    AWS_ENDPOINT_URL: sim.url,
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    LOG_LEVEL: 'silent',
    // A test decides when something is bought.
    CACHE_TTL_SECONDS: '0',
    CHANGE_DETECTION: 'off',
    AWS_SPEND_BUDGET_USD: '100000',
    ...(options.configFile === undefined
      ? {}
      : { CONFIG_FILE: join(t.testdir({ 'targets.yaml': options.configFile }), 'targets.yaml') }),
    ...options.env,
  };
  const app = await buildApp({
    config: loadConfig(env),
    now: clock.now,
    credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }),
    ...options.app,
  });
  t.teardown(() => app.close());
  const { restUrl, metricsUrl } =
    options.listen === false ? { restUrl: '', metricsUrl: '' } : await app.listen();

  const get = (path: string, how?: RequestOptions) => ask(`${restUrl}${path}`, how);
  const scrape = (how?: RequestOptions) => ask(`${metricsUrl}/metrics`, how);
  const targets = async () => (await get('/ready')).json<{ targets: TargetView[] }>().targets;
  const target = async (name?: string) => {
    const all = await targets();
    const found = name === undefined ? all[0] : all.find((one) => one.target === name);
    if (found === undefined) throw new Error(`/ready has no target ${name}`);
    return found;
  };
  const exporter: Exporter = {
    sim,
    app,
    clock,
    restUrl,
    metricsUrl,
    get,
    scrape,
    metrics: async () => parseMetrics((await scrape()).text),
    target,
    async collector(collector, name) {
      const found = (await target(name)).collectors.find((one) => one.collector === collector);
      if (found === undefined) throw new Error(`/ready has no collector ${collector}`);
      return found;
    },
    async run(collector, name = app.rest.collections.states.all()[0]?.target.name ?? '') {
      const state = app.rest.collections.states.get(collector, name);
      if (state === undefined) throw new Error(`no collector ${collector} of target ${name}`);
      return (await app.rest.collections.run(state)).kind;
    },
    async settled() {
      // `/ready` shows how an attempt has ended a moment before the run is over; the metric comes last.
      await eventually('every first attempt has ended', async () => {
        const [all, page] = [await targets(), await exporter.metrics()];
        const ended = all.every(({ target: name, collectors }) =>
          collectors.every(
            ({ collector, state }) =>
              state === 'no_credentials' || page.series(SUCCESS, { collector, target: name }).length > 0,
          ),
        );
        return ended ? true : undefined;
      });
    },
    paid: () => sim.requests.filter(({ service }) => service === 'ce').length,
  };
  if (options.listen !== false && options.settle !== false) await exporter.settled();
  return exporter;
}

/** One HTTP request on a connection of its own, unless an agent is given; nothing is decompressed or followed. */
export function ask(
  url: string,
  { method = 'GET', headers = {}, tls = {} }: RequestOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? requestTls : request;
    const sent = send(url, { agent: false, ...tls, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, headers: answered, bytes, text, json: () => JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
