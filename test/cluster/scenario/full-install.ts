import { eventually } from '../../servers/process.ts';
import type { Context } from './context.ts';
import { EVERYTHING, REPLICAS } from './everything.ts';
import { read } from './kubectl.ts';
import { Release } from './release.ts';
import { pods } from './replicas.ts';
import { totalOf } from './rest.ts';
import { compareSums } from './sums.ts';

/** Three replicas over Redis with everything on. */
export async function fullInstall({ report, bill, monitoring }: Context): Promise<void> {
  const { prometheus } = monitoring;
  const release = new Release('full');
  await report.step('everything on: helm install --wait', async () => {
    await release.prepare();
    await release.put(EVERYTHING);
    return `${REPLICAS} replicas`;
  });
  await report.step('everything on: sums of three replicas', async () => {
    const expected = await release.expected(bill);
    await monitoring.scrapes(release.job, REPLICAS, 60_000);
    const compared = await compareSums(prometheus, release.series, expected);
    const total = expected.total.toNumber();
    for (const { status } of await pods(release.name)) {
      const found = await totalOf(`http://${status.podIP}:5000`);
      if (Math.abs(found - total) > 1e-6)
        throw new Error(`a replica's REST says ${found}, the bill ${total}`);
    }
    return `${compared} sums equal the bill's, and REST of each replica`;
  });
  await report.step('everything on: helm test', async () => {
    await release.test();
    return undefined;
  });
  await report.step('everything on: the rules load', async () => {
    type PrometheusRules = {
      items: { spec: { groups: { rules: { alert?: string; record?: string }[] }[] } }[];
    };
    const { items } = await read<PrometheusRules>('prometheusrules', '--namespace', release.name);
    const wanted = items
      .flatMap(({ spec }) =>
        spec.groups.flatMap(({ rules }) => rules.map(({ alert, record }) => alert ?? record)),
      )
      .toSorted();
    if (wanted.length === 0) throw new Error('the release has no rule');
    await monitoring.follow();
    await eventually(
      'every rule was evaluated with success',
      async () => {
        const rules = await prometheus.rules(`/${release.name}-${release.fullname}-`);
        const found = rules.map(({ name }) => name).toSorted();
        if (found.join() !== wanted.join())
          throw new Error(`loaded: ${found.join(', ')}; wanted: ${wanted.join(', ')}`);
        const broken = rules.filter(({ health }) => health !== 'ok');
        if (broken.length > 0)
          throw new Error(broken.map((one) => `${one.name} ${one.health} ${one.lastError}`).join('; '));
        return true;
      },
      60_000,
    );
    return `${wanted.length} rules`;
  });
}
