import { eventually } from '../../servers/process.ts';
import type { Context } from './context.ts';
import { REPLICAS } from './everything.ts';
import { ctr, kubectl } from './kubectl.ts';
import { Release } from './release.ts';
import { containerId, leader, type Pod, pods, replicas, sumOverReplicas } from './replicas.ts';
import { watch } from './watch.ts';

/** Longest time without figures while the leader changes. */
const GAP_SECONDS = 30;

/** The pod that shows the figures is deleted; then the process that shows them is killed. */
export async function leaderChanges({ report, bill, monitoring }: Context): Promise<void> {
  const release = new Release('full');
  const promql = `sum(aws_cost_total{${release.series}})`;
  const watchers = [
    {
      name: 'Prometheus',
      read: () => monitoring.prometheus.value(promql),
      everyMs: 1_000,
      gapSeconds: GAP_SECONDS,
    },
    {
      name: 'the pods themselves',
      read: () => sumOverReplicas(release.name),
      everyMs: 1_000,
      gapSeconds: GAP_SECONDS,
    },
  ];

  async function changed(change: (pod: Pod) => Promise<unknown>): Promise<string> {
    const sum = (await release.expected(bill)).total.toNumber();
    return watch(watchers, sum, async () => {
      const before = await leader(release.name);
      await change(before);
      await eventually('another process leads, and all are there', () => recovered(before), 90_000);
    });
  }

  /** Whether the process that led is gone, all replicas are there, and one of them leads. */
  async function recovered(before: Pod): Promise<true | undefined> {
    const all = await pods(release.name);
    const gone = !all.some((pod) => containerId(pod) === containerId(before));
    if (!gone || all.length !== REPLICAS || (await replicas(release.name)).length < REPLICAS)
      return undefined;
    await leader(release.name);
    return true;
  }

  await report.step('leader deleted: never a doubled sum', () =>
    changed(({ metadata }) =>
      kubectl('delete', 'pod', metadata.name, '--namespace', release.name, '--wait=false'),
    ),
  );
  await report.step('leader killed: never a doubled sum', () =>
    changed((pod) => ctr('tasks', 'kill', '--signal', 'SIGKILL', containerId(pod))),
  );
}
