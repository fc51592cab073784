/**
 * What a scrape and a publication cost as the bill grows.
 *
 *   npm run bench:scale
 */

import { shapeFor, startAws } from '../lib/aws.ts';
import { startChild } from '../lib/child.ts';
import { startClient } from '../lib/client.ts';
import { asImage } from '../lib/exporter.ts';
import { cpuSeconds, memoryOf } from '../lib/proc.ts';
import { type Goal, progress, publish } from '../lib/report.ts';
import { inTurns } from '../lib/rounds.ts';
import { withScope } from '../lib/scope.ts';
import { type Spread, spread } from '../lib/stats.ts';
import { megabytes, number, table, withRange } from '../lib/text.ts';
import type { Published, Started } from './messages.ts';

const SIZES = [1_000, 10_000, 30_000, 100_000, 300_000];
/** The size that the larger ones are held against: below it what does not grow is the most of it. */
const YARDSTICK = 30_000;
const ROUNDS = 5;
const FOR_MS = 500;
/** How much more a byte may cost than at the yardstick: what measuring again may change. */
const TOLERANCE = 1.15;

/** What one size costs; times are CPU time in milliseconds. */
interface Cost extends Omit<Started, 'metricsUrl'> {
  /** The most that was resident, in bytes. */
  readonly peak: number;
  readonly publication: Spread;
  readonly gzip: Spread;
  readonly identity: Spread;
}

function measure(series: number): Promise<Cost> {
  progress(`scale: ${series} series`);
  return withScope(async (scope) => {
    const aws = await startAws(scope, shapeFor(series));
    const program = new URL('./exporter-process.ts', import.meta.url);
    const { child, hello } = await startChild<Started>(scope, program, [aws.url], asImage().flags);
    const client = await startClient(scope);
    const scrape = (encoding: 'gzip' | 'identity') => async () => {
      const before = cpuSeconds(child.pid);
      const load = { url: hello.metricsUrl, encoding, clients: 1, forMs: FOR_MS };
      const { milliseconds } = await client.scrape(load);
      return ((cpuSeconds(child.pid) - before) * 1_000) / milliseconds.length;
    };
    const measures = {
      publication: async () => (await child.ask<Published>('publish')).cpuMs,
      gzip: scrape('gzip'),
      identity: scrape('identity'),
    };
    await inTurns(1, measures);
    const { publication, gzip, identity } = await inTurns(ROUNDS, measures);
    const { metricsUrl: _, ...started } = hello;
    return {
      ...started,
      peak: memoryOf(child.pid).peak,
      publication: spread(publication),
      gzip: spread(gzip),
      identity: spread(identity),
    };
  });
}

const costs: Cost[] = [];
for (const size of SIZES) costs.push(await measure(size));
const yardstick = costs[SIZES.indexOf(YARDSTICK)]!;
const larger = costs.filter(({ series }) => series > yardstick.series);

/** How many times as much a byte costs as at the yardstick. */
function perByte(cost: Cost, of: 'publication' | 'gzip' | 'identity'): number {
  return cost[of].median / cost.bytes / (yardstick[of].median / yardstick.bytes);
}

function goal(what: string, of: 'publication' | 'gzip' | 'identity'): Goal {
  const found = larger.map((cost) => `${number(perByte(cost, of))} at ${cost.series.toLocaleString('en')}`);
  return {
    goal: `${what}: a byte costs no more than at ${yardstick.series.toLocaleString('en')} series (to a factor of ${TOLERANCE})`,
    found: found.join(', '),
    met: larger.every((cost) => perByte(cost, of) <= TOLERANCE),
  };
}

const head = [
  'series',
  'page, MB',
  'publication, CPU ms',
  'us per kB',
  'scrape gzip, CPU ms',
  'scrape identity, CPU ms',
  'us per kB',
  'first collection, ms',
  'peak memory, MB',
];
const rows = costs.map((cost) => [
  cost.series.toLocaleString('en'),
  megabytes(cost.bytes),
  withRange(cost.publication),
  number((cost.publication.median * 1e6) / cost.bytes),
  withRange(cost.gzip),
  withRange(cost.identity),
  number((cost.identity.median * 1e6) / cost.bytes),
  number(cost.collectMs),
  megabytes(cost.peak),
]);
publish({
  name: 'scale',
  body: `${table(head, rows)}\n\nMedians of ${ROUNDS} rounds, in parentheses their range. A publication writes, packs and swaps in all series of a kept bill, as at midnight.`,
  goals: [
    goal('publication', 'publication'),
    goal('scrape, gzip', 'gzip'),
    goal('scrape, identity', 'identity'),
  ],
});
