import { type Client, type Load, startClient } from '../lib/client.ts';
import { cpuSeconds } from '../lib/proc.ts';
import { buildPromhttp } from '../lib/promhttp.ts';
import { type Goal, progress, publish } from '../lib/report.ts';
import { inTurns } from '../lib/rounds.ts';
import { withScope } from '../lib/scope.ts';
import { median, quantile, ratio, type Spread, spread } from '../lib/stats.ts';
import { megabytes, number, table, withRange } from '../lib/text.ts';
import { SERVERS, type Server, type ServerName, startServers } from './servers.ts';

const SIZES = [1_000, 20_000, 100_000];
const ENCODINGS = ['gzip', 'identity'] as const;
const CLIENTS = [1, 8];
const ROUNDS = 5;
/** How long one server is scraped in one round. */
const FOR_MS = 700;

/** What one server did in one round. */
interface Round {
  readonly milliseconds: readonly number[];
  readonly bytes: number;
  /** CPU time of the server for one scrape, in milliseconds. */
  readonly cpuMs: number;
}

/** One way to scrape, and what the servers did in it. */
interface Case extends Pick<Load, 'encoding' | 'clients'> {
  readonly series: number;
  readonly rounds: Readonly<Record<ServerName, readonly Round[]>>;
}

async function measure(client: Client, server: Server, load: Omit<Load, 'url'>): Promise<Round> {
  const before = cpuSeconds(server.pid);
  const { milliseconds, bytes } = await client.scrape({ ...load, url: server.url });
  const cpuMs = (1_000 * (cpuSeconds(server.pid) - before)) / milliseconds.length;
  return { milliseconds, bytes, cpuMs };
}

async function casesOf(client: Client, servers: Record<ServerName, Server>, series: number): Promise<Case[]> {
  const cases: Case[] = [];
  for (const encoding of ENCODINGS) {
    for (const clients of CLIENTS) {
      progress(`scrape: ${series} series, ${encoding}, ${clients} clients`);
      const load = { encoding, clients, forMs: FOR_MS };
      const of = (name: ServerName) => () => measure(client, servers[name], load);
      // Compiled and warm, as a server is that has been up for a while.
      for (const name of SERVERS) await of(name)();
      const rounds = await inTurns(ROUNDS, {
        exporter: of('exporter'),
        'static buffer': of('static buffer'),
        promhttp: of('promhttp'),
      });
      cases.push({ series, encoding, clients, rounds });
    }
  }
  return cases;
}

const p50s = (rounds: readonly Round[]) => rounds.map(({ milliseconds }) => median(milliseconds));
const cpus = (rounds: readonly Round[]) => rounds.map(({ cpuMs }) => cpuMs);
const slower = ({ rounds }: Case, than: ServerName) => ratio(p50s(rounds.exporter), p50s(rounds[than]));
const cheaper = ({ rounds }: Case) => ratio(cpus(rounds.promhttp), cpus(rounds.exporter));

function rowsOf(one: Case): string[][] {
  return SERVERS.map((name) => {
    const rounds = one.rounds[name];
    const all = rounds.flatMap(({ milliseconds }) => milliseconds);
    const own = name === 'exporter';
    return [
      own ? `${one.series.toLocaleString('en')}, ${one.encoding}, ${one.clients}` : '',
      name,
      megabytes(rounds[0]?.bytes ?? 0),
      ...[0.5, 0.95, 0.99].map((share) => number(quantile(all, share))),
      withRange(spread(cpus(rounds))),
      own ? '' : `${withRange(slower(one, name))}`,
      own ? '' : `${withRange(ratio(cpus(rounds), cpus(one.rounds.exporter)))}`,
    ];
  });
}

/** The case in which a ratio is worst, and that ratio in words. */
function worst(
  cases: readonly Case[],
  of: (one: Case) => Spread,
  sign: 1 | -1,
): { value: Spread; found: string } {
  const [first] = cases
    .map((one) => ({ one, value: of(one) }))
    .toSorted((a, b) => sign * (b.value.median - a.value.median));
  if (first === undefined) throw new Error('nothing was measured');
  const { one, value } = first;
  return { value, found: `${withRange(value)}, ${one.encoding}, ${one.clients} clients` };
}

function goalsOf(cases: readonly Case[]): Goal[] {
  const of = (series: number) => cases.filter((one) => one.series === series);
  const limit = worst(of(100_000), (one) => slower(one, 'static buffer'), 1);
  const cpu = worst(of(100_000), cheaper, -1);
  const small = worst(of(1_000), (one) => slower(one, 'promhttp'), 1);
  return [
    {
      goal: '100,000 series: p50 within 3 times that of the static buffer, in the worst case',
      found: limit.found,
      met: limit.value.median <= 3,
    },
    {
      goal: '100,000 series: CPU of a scrape at least 200 times below that of promhttp, in the worst case',
      found: cpu.found,
      met: cpu.value.median >= 200,
    },
    {
      goal: '1,000 series: p50 no slower than promhttp, in the worst case',
      found: small.found,
      met: small.value.median <= 1,
    },
  ];
}

const cases = await withScope(async (scope) => {
  const promhttp = await buildPromhttp(scope);
  const client = await startClient(scope);
  const all: Case[] = [];
  for (const series of SIZES) {
    all.push(
      ...(await withScope(async (inner) =>
        casesOf(client, await startServers(inner, promhttp, series), series),
      )),
    );
  }
  return all;
});
const head = [
  'series, encoding, clients',
  'server',
  'MB',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'CPU ms a scrape',
  "exporter's p50 to this",
  "this CPU to exporter's",
];
publish({
  name: 'scrape',
  body: `${table(head, cases.flatMap(rowsOf))}\n\nMedians of ${ROUNDS} rounds, in parentheses their range; the quantiles are of all scrapes.`,
  goals: goalsOf(cases),
});
