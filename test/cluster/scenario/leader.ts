import { eventually } from '../../servers/process.ts';
import type { Context } from './context.ts';
import { REPLICAS } from './everything.ts';
import { kubectl } from './kubectl.ts';
import { Release } from './release.ts';
import { leader, pods, replicas, sumOverReplicas } from './replicas.ts';
import { watch } from './watch.ts';

/** Longest time without figures while the leader changes. */
const GAP_SECONDS = 30;

/** The pod that shows the figures is deleted: first it is asked to end, then it is killed. */
export async function leaderChanges({ report, bill, monitoring }: Context): Promise<void> {
  const release = new Release('full');

  async function changed(...how: string[]): Promise<string> {
    const sum = (await release.expected(bill)).total.toNumber();
    const promql = `sum(aws_cost_total{${release.series}})`;
    const watchers = [
      { name: 'Prometheus', read: () => monitoring.prometheus.value(promql), everyMs: 1_000 },
      { name: 'the pods themselves', read: () => sumOverReplicas(release.name), everyMs: 1_000 },
    ];
    return watch(watchers, { sum, gapSeconds: GAP_SECONDS }, async () => {
      const first = await leader(release.name);
      await kubectl('delete', 'pod', first, '--namespace', release.name, ...how);
      await eventually('another pod leads, and all are there', () => recovered(first), 90_000);
    });
  }

  async function recovered(first: string): Promise<true | undefined> {
    const staying = (await pods(release.name)).filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );
    const answering = await replicas(release.name);
    if (staying.length !== REPLICAS || answering.length < REPLICAS) return undefined;
    return (await leader(release.name)) === first ? undefined : true;
  }

  await report.step('leader deleted', () => changed('--wait=false'));
  await report.step('leader killed', () => changed('--grace-period=0', '--force'));
}
