import { createNamespace } from './kubectl.ts';
import type { Context } from './context.ts';
import { Release } from './release.ts';
import { compareSums } from './sums.ts';

/** The chart's own values, but for where AWS is. */
export async function defaultValues({ report, bill, monitoring }: Context): Promise<void> {
  const release = new Release('cost');
  await createNamespace(release.name);
  await report.step('default values: helm install --wait', async () => {
    await release.put({});
    return undefined;
  });
  await report.step('default values: helm test', async () => {
    await release.test();
    return undefined;
  });
  await report.step('default values: sums in Prometheus', async () => {
    const expected = await release.expected(bill);
    await monitoring.scrapes(`serviceMonitor/${release.name}/${await release.service()}/0`, 1, 200_000);
    const compared = await compareSums(monitoring.prometheus, `namespace="${release.name}"`, expected);
    return `${compared} sums equal the bill's`;
  });
}
