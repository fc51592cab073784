import type { Context } from './context.ts';
import { kubectl } from './kubectl.ts';
import { Release, type Values } from './release.ts';
import { paidRequests } from './simulator.ts';
import { STORAGE_CLASS } from './storage.ts';
import { compareSums } from './sums.ts';

const VALUES: Values = {
  state: { kind: 'persistentVolumeClaim', storageClassName: STORAGE_CLASS, size: '100Mi' },
  serviceMonitor: { enabled: false, interval: '1s', scrapeTimeout: '1s' },
  test: { patienceSeconds: 10 },
};

/** One pod that keeps its figures on a volume: not scraped at first, then by a PodMonitor. */
export async function onePod({ report, bill, monitoring }: Context): Promise<void> {
  const release = new Release('alone');
  const compare = async () =>
    compareSums(monitoring.prometheus, release.series, await release.expected(bill));

  await report.step('one pod with a volume: helm install --wait', async () => {
    await release.prepare();
    await release.put(VALUES);
    await release.expected(bill);
    return undefined;
  });
  await report.step('helm test fails where nobody scrapes', async () => {
    const words = await release.test().then(
      () => '',
      (error: Error) => error.message,
    );
    const sentence = words.split('\n').find((line) => /scrape/i.test(line));
    if (sentence === undefined) throw new Error(`it says: ${words || 'all is well'}`);
    return sentence.trim();
  });
  await report.step('a PodMonitor in place of the ServiceMonitor', async () => {
    await release.put({ ...VALUES, podMonitor: { enabled: true } });
    await monitoring.scrapes(`podMonitor/${release.name}/${release.fullname}/0`, 1, 60_000);
    return `${await compare()} sums equal the bill's`;
  });
  await report.step('a new pod finds what the volume keeps', async () => {
    const before = await paidRequests();
    await kubectl('rollout', 'restart', `deployment/${release.fullname}`, '--namespace', release.name);
    await kubectl(
      ...['rollout', 'status', `deployment/${release.fullname}`, '--namespace', release.name],
      '--timeout=120s',
    );
    await release.expected(bill);
    const bought = (await paidRequests()) - before;
    if (bought > 0) throw new Error(`${bought} requests were bought again`);
    await monitoring.scrapes(`podMonitor/${release.name}/${release.fullname}/0`, 1, 60_000);
    return `${await compare()} sums, none bought again`;
  });
}
