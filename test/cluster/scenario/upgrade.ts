import { join } from 'node:path';
import type { Context } from './context.ts';
import { EVERYTHING, REPLICAS } from './everything.ts';
import { type Previous, previousChart } from './previous.ts';
import { Release, type Values } from './release.ts';
import { pods } from './replicas.ts';
import { totalOf } from './rest.ts';
import { compareSums } from './sums.ts';
import { watch } from './watch.ts';

/** What is upgraded, and the longest time in seconds without a sum, as each side sees it. */
interface Case {
  readonly name: string;
  readonly values: Values;
  readonly replicas: number;
  readonly gaps: { readonly prometheus: number; readonly rest: number };
}

const CASES: readonly Case[] = [
  {
    name: 'one',
    values: { serviceMonitor: { interval: '1s', scrapeTimeout: '1s' } },
    replicas: 1,
    // The old pod is there until the new one shows figures. What the Service asks the new one before that is answered with 503.
    gaps: { prometheus: 0, rest: 2 },
  },
  {
    name: 'three',
    values: EVERYTHING,
    replicas: REPLICAS,
    // The leader hands over within a second or two: scrapes that come each second may fall into that.
    gaps: { prometheus: 5, rest: 2 },
  },
];

/** From the previous chart to this one and back, watched all the time; all cases at once, as most of it is waiting. */
export async function upgrades(context: Context): Promise<void> {
  const previous = await previousChart(join(process.env.WORK ?? '', 'previous'));
  const ended = await Promise.allSettled(CASES.map((one) => upgrade(one, previous, context)));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

async function upgrade(
  { name, values, replicas, gaps }: Case,
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
        gapSeconds: gaps.prometheus,
      },
      { name: 'REST', read: () => totalOf(rest), everyMs: 200, gapSeconds: gaps.rest },
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
