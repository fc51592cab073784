import { setTimeout as delay } from 'node:timers/promises';
import type { TestScope } from '../../test/servers/process.ts';
import { seriesOf, shapeFor, startAws } from '../lib/aws.ts';
import { type Client, startClient } from '../lib/client.ts';
import { startExporter } from '../lib/exporter.ts';
import { forgetPeak, memoryOf } from '../lib/proc.ts';
import { buildPromhttp, startPromhttp } from '../lib/promhttp.ts';
import { type Goal, progress, publish } from '../lib/report.ts';
import { withScope } from '../lib/scope.ts';
import { ratio, type Spread, spread } from '../lib/stats.ts';
import { table, withRange } from '../lib/text.ts';

const SERIES = 100_000;
const ROUNDS = 3;
/** How long both are left alone after the load. */
const REST_MS = 15_000;
/** Scrapes at leisure afterwards, one each `LEISURE_MS`. */
const SCRAPES = 12;
const LEISURE_MS = 2_500;

interface Server {
  readonly pid: number;
  readonly url: string;
}

/** Resident memory in bytes. */
interface Memory {
  /** After the load and a while without any. */
  readonly loaded: number;
  /** After scrapes at leisure: the state in which a server is that one Prometheus scrapes. */
  readonly settled: number;
}

/** The load: what `scrape` does at this size, one client and then eight, gzip and identity. */
async function load(client: Client, { url }: Server): Promise<void> {
  for (const clients of [1, 8]) {
    for (const encoding of ['gzip', 'identity'] as const) {
      await client.scrape({ url, encoding, clients, forMs: 1_500 });
    }
  }
}

async function memoryAfterLoad(client: Client, server: Server): Promise<Memory> {
  await load(client, server);
  await delay(REST_MS);
  const { rss: loaded } = memoryOf(server.pid);
  const samples: number[] = [];
  for (let scrape = 0; scrape < SCRAPES; scrape++) {
    await client.scrape({ url: server.url, encoding: 'gzip', clients: 1, forMs: 0 });
    await delay(LEISURE_MS);
    samples.push(memoryOf(server.pid).rss);
  }
  return { loaded, settled: spread(samples.slice(-4)).median };
}

/** What one round has found. */
interface Round {
  readonly exporter: Memory;
  readonly promhttp: Memory;
  /** The most that the exporter had resident until its first collection was published. */
  readonly first: number;
  /** The most over three more collections of everything, which it is scraped in. */
  readonly again: number;
}

async function measure(scope: TestScope, promhttp: string): Promise<Round> {
  const shape = shapeFor(SERIES);
  const aws = await startAws(scope, shape);
  const served = await startExporter(scope, aws.url, seriesOf(shape), {
    CACHE_TTL_SECONDS: '0',
    COST_INTERVAL: '5s',
  });
  const own = { pid: served.pid, url: served.metricsUrl };
  const first = memoryOf(own.pid).peak;
  const peer = await startPromhttp(scope, promhttp, own.url);
  const client = await startClient(scope);
  // A bill that stays is only probed: each new one is bought whole, once.
  const bought = () =>
    served.log().filter(({ msg, requests }) => msg === 'collected' && Number(requests) > 2).length;
  forgetPeak(own.pid);
  for (const seed of [2, 3, 4]) {
    const before = bought();
    await aws.setBill(seed);
    while (bought() === before)
      await client.scrape({ url: own.url, encoding: 'gzip', clients: 2, forMs: 500 });
  }
  const again = memoryOf(own.pid).peak;
  const exporter = await memoryAfterLoad(client, own);
  return {
    first,
    again,
    exporter,
    promhttp: await memoryAfterLoad(client, { pid: peer.pid, url: peer.metricsUrl }),
  };
}

const rounds: Round[] = [];
await withScope(async (scope) => {
  const promhttp = await buildPromhttp(scope);
  for (let number = 1; number <= ROUNDS; number++) {
    progress(`memory: round ${number} of ${ROUNDS}`);
    rounds.push(await withScope((inner) => measure(inner, promhttp)));
  }
});

const settled = rounds.map(({ promhttp }) => promhttp.settled);
const row = (what: string, own: readonly number[], peer?: readonly number[]) => [
  what,
  withRange(spread(own), 1e6),
  peer === undefined ? '' : withRange(spread(peer), 1e6),
  withRange(ratio(own, peer ?? settled)),
];
const of = (pick: (round: Round) => number) => rounds.map(pick);
const rows = [
  row(
    'peak until the first collection is published',
    of(({ first }) => first),
  ),
  row(
    'peak over three more collections, while scraped',
    of(({ again }) => again),
  ),
  row(
    '15 s after the load, left alone',
    of(({ exporter }) => exporter.loaded),
    of(({ promhttp }) => promhttp.loaded),
  ),
  row(
    'settled: after 30 s more with a scrape each 2.5 s',
    of(({ exporter }) => exporter.settled),
    settled,
  ),
];
const goal = (text: string, found: Spread, most: number): Goal => ({
  goal: text,
  found: withRange(found),
  met: found.median <= most,
});
const own = of(({ exporter }) => exporter.settled);
const rested = of(({ exporter }) => exporter.loaded);
const peerRested = of(({ promhttp }) => promhttp.loaded);
const peaks = of(({ first, again }) => Math.max(first, again));
publish({
  name: 'memory',
  body: `${table(['resident memory, 100,000 series', 'exporter, MB', 'promhttp, MB', "to promhttp's, of a peak to its settled"], rows)}

Medians of ${ROUNDS} rounds, in parentheses their range; every round starts both anew. The load is that of \`scrape\`: gzip and identity, one client
and then eight.`,
  goals: [
    goal("15 s after the load: at most half of promhttp's", ratio(rested, peerRested), 0.5),
    goal("settled under scrapes at leisure: at most half of promhttp's", ratio(own, settled), 0.5),
    goal('peak while collecting: at most what promhttp has 15 s after the load', ratio(peaks, peerRested), 1),
    goal(
      'peak while collecting: at most what promhttp settles at under scrapes at leisure',
      ratio(peaks, settled),
      1,
    ),
  ],
});
