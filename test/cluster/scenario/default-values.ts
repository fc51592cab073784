import type { Context } from './context.ts';
import { Release } from './release.ts';
import { compareSums } from './sums.ts';

const release = new Release('plain');

/** The chart's own values, but for where AWS is. */
export async function installDefaults({ report }: Context): Promise<void> {
  await report.step('default values: helm install --wait', async () => {
    await release.prepare();
    await release.put({});
    return undefined;
  });
}

/** What Prometheus has of them, at the chart's own interval. */
export async function scrapeDefaults({ report, bill, monitoring }: Context): Promise<void> {
  await report.step('default values: sums in Prometheus', async () => {
    const expected = await release.expected(bill);
    // The chart's interval is two minutes.
    await monitoring.scrapes(release.job, 1, 150_000);
    const compared = await compareSums(monitoring.prometheus, release.series, expected);
    return `${compared} sums equal the bill's`;
  });
  await report.step('default values: helm test', async () => {
    await release.test();
    return undefined;
  });
}
