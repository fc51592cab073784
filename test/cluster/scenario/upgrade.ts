import { join } from 'node:path';
import type { Context } from './context.ts';
import { EVERYTHING, REPLICAS } from './everything.ts';
import { previousChart } from './previous.ts';
import { Release, type Values } from './release.ts';
import { pods } from './replicas.ts';
import { totalOf } from './rest.ts';
import { compareSums } from './sums.ts';
import { watch } from './watch.ts';

/** What is upgraded. */
interface Case {
  readonly name: string;
  readonly values: Values;
  readonly replicas: number;
  /** Longest time without an answer of REST; a scrape without figures there is never. */
  readonly restGapSeconds: number;
}

const CASES: readonly Case[] = [
  {
    name: 'one',
    values: { serviceMonitor: { interval: '1s', scrapeTimeout: '1s' } },
    replicas: 1,
    // The new pod answers 503 until it has bought the bill, and the Service leads to it as well as to the old one.
    restGapSeconds: 5,
  },
  { name: 'three', values: EVERYTHING, replicas: REPLICAS, restGapSeconds: 0 },
];

/** From the previous chart to this one and back, watched all the time. */
export async function upgrades({ report, bill, monitoring }: Context): Promise<void> {
  const previous = await previousChart(join(process.env.WORK ?? '', 'previous'));
  for (const { name, values, replicas, restGapSeconds } of CASES) {
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
          gapSeconds: 0,
        },
        { name: 'REST', read: () => totalOf(rest), everyMs: 200, gapSeconds: restGapSeconds },
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
}
