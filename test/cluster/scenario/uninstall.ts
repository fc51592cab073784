import { eventually } from '../../servers/process.ts';
import type { Context } from './context.ts';
import { helm } from './kubectl.ts';
import { allObjects } from './objects.ts';
import { Release } from './release.ts';

/** What the namespaces of releases are made with. */
const OF_THE_NAMESPACE =
  /\/(ConfigMap\/kube-root-ca\.crt|ServiceAccount\/default|Secret\/(aws-credentials|web|scrape|tokens))$/;

/** Every release goes, and with it every object that came with it. */
export async function uninstalls({ report }: Context, before: ReadonlySet<string>): Promise<void> {
  await report.step('helm uninstall leaves nothing', async () => {
    const installed = await allObjects();
    const releases = (await helm('list', '--all-namespaces', '--short')).split('\n');
    for (const name of releases) await new Release(name).uninstall();
    const left = await eventually(
      'what ends by itself has ended',
      async () => {
        const after = await allObjects();
        const more = [...after].filter(
          (one) =>
            !before.has(one) &&
            !OF_THE_NAMESPACE.test(one) &&
            !releases.some((name) => one === `/v1/Namespace/${name}`),
        );
        if (more.length > 0) throw new Error(more.join(', '));
        return after.size;
      },
      60_000,
    );
    return `${releases.length} releases: ${installed.size} objects before, ${left} after`;
  });
}
