import { join } from 'node:path';
import type { Context } from './context.ts';
import { EVERYTHING, REPLICAS } from './everything.ts';
import { type Previous, previousChart } from './previous.ts';
import { Release, type Values } from './release.ts';
import { pods } from './replicas.ts';
import { totalOf } from './rest.ts';
import { compareSums } from './sums.ts';
import { watch } from './watch.ts';

/**
 * Longest times in seconds without a sum. Prometheus scrapes every second here, and sees what is between two scrapes at the chart's own
 * interval: a leader that hands over, or the failed last scrape of an old pod, which ends series that are the new pod's too until its next.
 * A leader that does not hand over is missed for longer: its lease of ten seconds has to run out.
 * REST: what the Service asks a new pod before that has figures is answered with 503.
 */
const GAPS = { prometheus: 8, rest: 2 };

/** What is upgraded: a pod that keeps its figures by itself, and three that share a Redis. */
interface Case {
  readonly name: string;
  readonly values: Values;
  readonly replicas: number;
}

const CASES: readonly Case[] = [
  { name: 'one', values: { serviceMonitor: { interval: '1s', scrapeTimeout: '1s' } }, replicas: 1 },
  { name: 'three', values: EVERYTHING, replicas: REPLICAS },
];

/** From the previous chart to this one and back, watched all the time; all cases at once, as most of it is waiting. */
export async function upgrades(context: Context): Promise<void> {
  const previous = await previousChart(join(process.env.WORK ?? '', 'previous'));
  const ended = await Promise.allSettled(CASES.map((one) => upgrade(one, previous, context)));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

async function upgrade(
  { name, values, replicas }: Case,
  previous: Previous,
  { report, bill, monitoring }: Context,
): Promise<void> {
  const release = new Release(name);

  /** Makes a change, and holds every moment of it to the bill. */
  async function watched(change: () => Promise<void>): Promise<string> {
    const rest = await release.restUrl();
    const promql = `sum(aws_cost_total{${release.series}})`;
    const watchers = [
      {
        name: 'Prometheus',
        read: () => monitoring.prometheus.value(promql),
        everyMs: 1_000,
        gapSeconds: GAPS.prometheus,
      },
      { name: 'REST', read: () => totalOf(rest), everyMs: 200, gapSeconds: GAPS.rest },
    ];
    const sum = (await release.expected(bill)).total.toNumber();
    const note = await watch(watchers, sum, change);
    await monitoring.scrapes(release.job, replicas, 60_000);
    await compareSums(monitoring.prometheus, release.series, await release.expected(bill));
    return note;
  }
  const versions = async () =>
    [
      ...new Set(
        (await pods(release.name)).map(({ metadata }) => metadata.labels['app.kubernetes.io/version']),
      ),
    ].join();

  await report.step(`upgrade of ${name}: the previous chart`, async () => {
    await release.prepare();
    await release.put(values, previous.chart);
    await release.expected(bill);
    await monitoring.scrapes(release.job, replicas, 60_000);
    return previous.what;
  });
  const before = await versions();
  await report.step(`upgrade of ${name}: keeps serving`, async () => {
    const note = await watched(() => release.put(values));
    if ((await versions()) === before) throw new Error(`the pods are still ${before}`);
    return note;
  });
  await report.step(`upgrade of ${name}: rolled back`, async () => {
    const note = await watched(() => release.rollback(1));
    if ((await versions()) !== before) throw new Error(`the pods are ${await versions()}, not ${before}`);
    return note;
  });
}
