import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  findProgram,
  freePort,
  howToGet,
  type Launched,
  launch,
  requireProgram,
  run,
  type TestScope,
} from './process.ts';

/** One page that the test's Prometheus scrapes. */
export interface ScrapeTarget {
  /** Where the metrics are, e.g. `http://127.0.0.1:8080/metrics`; the path is `/metrics` where the URL has none. */
  readonly url: string;
  /** Labels that Prometheus adds to every series. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The `job` label. Default `job-0`, `job-1`, ... in order. */
  readonly job?: string;
  /** More keys of Prometheus' scrape_config, e.g. `{honor_labels: true}`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** How a test wants its Prometheus. */
export interface PrometheusOptions {
  readonly targets: readonly ScrapeTarget[];
  /** Default 500. */
  readonly scrapeIntervalMs?: number;
  /** More keys of the configuration file, e.g. `{rule_files: [path]}`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** One series of an instant query's answer. */
export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
  /** Unix seconds. */
  readonly time: number;
}

/** A real Prometheus of one test. */
export interface Prometheus {
  readonly url: string;
  /** An instant query. @throws Error with Prometheus' own words. */
  query(promql: string): Promise<QueryResult[]>;
  /** Resolves once every target has been scraped with success. @throws Error with the targets' last errors after `timeoutMs` (20 s). */
  waitForTargetsUp(timeoutMs?: number): Promise<void>;
  /** Polls a query until `accept` is true of its answer, and gives that answer. @throws Error after `timeoutMs` (20 s). */
  waitFor(
    promql: string,
    accept: (answer: QueryResult[]) => boolean,
    timeoutMs?: number,
  ): Promise<QueryResult[]>;
  stop(): Promise<void>;
}

interface ApiAnswer<Data> {
  status: string;
  error?: string;
  data: Data;
}

/**
 * Starts a Prometheus with an empty database in a folder of its own; both end with the test. Whatever the interval, its first scrape
 * comes 5 s after its start: service discovery has that period built in.
 * @returns undefined, with a visible skip, where prometheus is absent.
 * @throws Error where it is absent and CI=true, or where it does not come up.
 */
export async function startPrometheus(
  t: TestScope,
  options: PrometheusOptions,
): Promise<Prometheus | undefined> {
  const program = requireProgram(t, 'prometheus');
  if (program === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-test-'));
  let server: Launched | undefined;
  t.teardown(async () => {
    await server?.end();
    await rm(folder, { recursive: true, force: true });
  });
  // YAML takes JSON as it is.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration(options)));
  let url = '';

  async function api<Data>(path: string): Promise<Data> {
    const response = await fetch(`${url}/api/v1/${path}`);
    const answer = (await response.json()) as ApiAnswer<Data>;
    if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error ?? response.status}`);
    return answer.data;
  }

  for (let attempt = 1; ; attempt++) {
    const address = `127.0.0.1:${await freePort()}`;
    url = `http://${address}`;
    const started = await launch(program, [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ]);
    server = started;
    const state = await eventually('prometheus is ready', async () => {
      if (started.ended()) return 'ended';
      return (await fetch(`${url}/-/ready`)).ok ? 'ready' : undefined;
    }).catch((error: unknown) => {
      throw new Error(`prometheus is not up: ${started.output()}`, { cause: error });
    });
    if (state === 'ready') break;
    if (attempt === 5 || !started.output().includes('address already in use')) {
      throw new Error(`prometheus ended: ${started.output()}`);
    }
  }

  async function query(promql: string): Promise<QueryResult[]> {
    type Vector = { metric: Record<string, string>; value: [number, string] }[];
    const { resultType, result } = await api<{ resultType: string; result: Vector | [number, string] }>(
      `query?${new URLSearchParams({ query: promql })}`,
    );
    const vector =
      resultType === 'vector' ? (result as Vector) : [{ metric: {}, value: result as [number, string] }];
    return vector.map(({ metric, value: [time, value] }) => ({ metric, value: sampleValue(value), time }));
  }

  return {
    url,
    query,
    async waitForTargetsUp(timeoutMs) {
      type Targets = { activeTargets: { health: string; lastError: string; scrapeUrl: string }[] };
      await eventually(
        'all targets up',
        async () => {
          const { activeTargets } = await api<Targets>('targets?state=active');
          const down = activeTargets.filter((target) => target.health !== 'up');
          if (activeTargets.length === options.targets.length && down.length === 0) return true;
          throw new Error(down.map((one) => `${one.scrapeUrl} ${one.health} ${one.lastError}`).join('; '));
        },
        timeoutMs,
      );
    },
    async waitFor(promql, accept, timeoutMs) {
      return eventually(
        promql,
        async () => {
          const answer = await query(promql);
          return accept(answer) ? answer : undefined;
        },
        timeoutMs,
      );
    },
    stop: async () => server?.end(),
  };
}

function sampleValue(text: string): number {
  return text.endsWith('Inf') ? Number(`${text}inity`) : Number(text);
}

function configuration({ targets, scrapeIntervalMs = 500, config }: PrometheusOptions): object {
  const interval = `${scrapeIntervalMs}ms`;
  return {
    ...config,
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    scrape_configs: targets.map(({ url, labels = {}, job, extra }, index) => {
      const { protocol, host, pathname, searchParams } = new URL(url);
      return {
        job_name: job ?? `job-${index}`,
        scheme: protocol.slice(0, -1),
        metrics_path: pathname === '/' ? '/metrics' : pathname,
        params: Object.fromEntries(
          [...new Set(searchParams.keys())].map((key) => [key, searchParams.getAll(key)]),
        ),
        static_configs: [{ targets: [host], labels }],
        ...extra,
      };
    }),
  };
}

/** The path of promtool; undefined, with a visible skip, where it is absent. */
export function requirePromtool(t: TestScope): string | undefined {
  return requireProgram(t, 'promtool');
}

/**
 * Runs `promtool check metrics` over a page in text format 0.0.4.
 * @returns its complaints, a line each; a page that it cannot parse is a complaint too. None: the page is clean.
 * @throws Error where promtool is absent.
 */
export async function promtoolCheckMetrics(text: string): Promise<string[]> {
  const promtool = findProgram('promtool');
  if (promtool === undefined) throw new Error(howToGet('promtool'));
  const { code, stdout, stderr } = await run(promtool, ['check', 'metrics'], { input: text });
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  if (code !== 0 && lines.length === 0) throw new Error(`promtool: exit code ${code} without a word`);
  return lines;
}

/** What a scraper would send to be given each of the two text formats. */
export const ACCEPT = {
  text: 'text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  openMetrics: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
} as const;

/**
 * A proxy that puts its own `Accept` in place of the scraper's: Prometheus before 2.49 cannot be told which format to ask for.
 * Everything else, compressed bodies too, passes as it is. Closed with the test.
 * @param target URL whose origin the proxy stands for; its path is kept.
 * @returns the URL to scrape in place of `target`, and the content types that passed.
 */
export async function startAcceptProxy(
  t: TestScope,
  target: string,
  accept: string,
): Promise<{ url: string; contentTypes: Set<string> }> {
  const upstream = new URL(target);
  const contentTypes = new Set<string>();
  const server = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, accept, host: upstream.host };
    const forward = request(
      new URL(incoming.url ?? '/', upstream),
      { method: incoming.method ?? 'GET', headers, agent: false },
      (answer) => {
        contentTypes.add(answer.headers['content-type'] ?? '');
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forward.on('error', () => outgoing.destroy());
    incoming.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return { url: `http://127.0.0.1:${address.port}${upstream.pathname}${upstream.search}`, contentTypes };
}
