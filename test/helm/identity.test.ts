// Who belongs to whom: selectors find their pods and nothing else, and an upgrade never changes one.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { run } from '../servers/process.ts';
import { CHART, type Manifest, mustRender, one, requireHelm } from './helm.ts';

const PATIENCE = { timeout: 480_000 };
const FILES = readdirSync(join(CHART, 'ci')).map((name) => join(CHART, 'ci', name));

type Labels = Readonly<Record<string, string>>;
const selects = (selector: Labels, labels: Labels = {}) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);
/** Labels of all pods that a release makes, by the names of their owners. */
const podLabels = (manifests: readonly Manifest[]): [string, Labels][] =>
  manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind === 'Pod') return [[metadata.name, metadata.labels ?? {}]];
    return spec?.template ? [[metadata.name, spec.template.metadata.labels]] : [];
  });

t.test('each selector finds the pods of its component, and no others', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  for (const file of FILES) {
    const manifests = await mustRender(helm, { file });
    const pods = podLabels(manifests);
    for (const { kind, metadata, spec } of manifests) {
      const selector: Labels | undefined =
        kind === 'Service'
          ? spec.selector
          : kind === 'NetworkPolicy'
            ? spec.podSelector.matchLabels
            : spec?.selector?.matchLabels;
      if (selector === undefined || /Monitor/.test(kind)) continue;
      const component = metadata.labels?.['app.kubernetes.io/component'];
      const found = pods.filter(([, labels]) => selects(selector, labels));
      t.same(
        found.map(([, labels]) => labels['app.kubernetes.io/component']),
        [component],
        `${kind} ${metadata.name}`,
      );
    }
    for (const { labelSelector } of one(manifests, 'Deployment', 'exporter').spec.template.spec
      .topologySpreadConstraints)
      t.same(labelSelector.matchLabels, one(manifests, 'Deployment', 'exporter').spec.selector.matchLabels);
  }
});

t.test('a monitor finds the Service of the exporter alone, and its port', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const manifests = await mustRender(helm, { file: join(CHART, 'ci/bundled-redis-values.yaml') });
  const { spec } = one(manifests, 'ServiceMonitor');
  const services = manifests.filter(
    ({ kind, metadata }) => kind === 'Service' && selects(spec.selector.matchLabels, metadata.labels),
  );
  t.same(
    services.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/component']),
    ['exporter'],
  );
  const ports = services[0]!.spec.ports.map(({ name }: { name: string }) => name);
  t.ok(ports.includes(spec.endpoints[0].port));
  t.same(spec.namespaceSelector.matchNames, ['finops']);
  const pod = one(await mustRender(helm, { values: { podMonitor: { enabled: true } } }), 'PodMonitor');
  t.same(pod.spec.selector, spec.selector);
  t.same({ ...pod.spec.podMetricsEndpoints[0] }, { ...spec.endpoints[0] });
});

t.test('what is mounted is there, and ports have names', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  for (const file of FILES) {
    const manifests = await mustRender(helm, { file });
    const { spec } = one(manifests, 'Deployment', 'exporter').spec.template;
    const volumes = (spec.volumes ?? []).map(({ name }: { name: string }) => name);
    const mounts = (spec.containers[0].volumeMounts ?? []).map(({ name }: { name: string }) => name);
    t.same(mounts.toSorted(), volumes.toSorted(), file.slice(CHART.length));
    const names = spec.containers[0].ports.map(({ name }: { name: string }) => name);
    for (const { targetPort } of one(manifests, 'Service', 'exporter').spec.ports)
      t.ok(names.includes(targetPort));
  }
});

/** What Kubernetes refuses to change. */
const immutable = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ metadata, spec }) => [metadata.name, spec.selector]);

t.test('an upgrade changes no selector and no name, whatever its values', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const [exporter] = immutable(await mustRender(helm));
  for (const file of FILES.filter((name) => !name.includes('everything'))) {
    t.same(immutable(await mustRender(helm, { file }))[0], exporter, file.slice(CHART.length));
  }
  const next = t.testdir();
  cpSync(CHART, next, { recursive: true });
  const chart = readFileSync(join(next, 'Chart.yaml'), 'utf8');
  writeFileSync(
    join(next, 'Chart.yaml'),
    chart
      .replace(/^version: .*/m, 'version: 9.9.9+build.1')
      .replace(/^appVersion: .*/m, 'appVersion: "9.9.9"'),
  );
  const { stdout } = await run(helm, [
    'template',
    '--kube-version',
    '1.34.0',
    'costs',
    next,
    '--namespace',
    'finops',
    '--show-only',
    'templates/deployment.yaml',
  ]);
  t.match(stdout, 'helm.sh/chart: aws-cost-exporter-9.9.9_build.1');
  const [before, after] = [(await mustRender(helm)).find(({ kind }) => kind === 'Deployment'), stdout];
  for (const [name, value] of Object.entries(before!.spec.selector.matchLabels))
    t.match(after, `${name}: ${value}`);
});

t.test('pods are replaced when, and only when, what they run with changes', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const template = async (values: object) =>
    one(await mustRender(helm, { values }), 'Deployment', 'exporter').spec.template;
  const plain = await template({ targets: [{ name: 'a' }] });
  t.same(await template({ targets: [{ name: 'a' }], service: { restPort: 81 }, replicas: 0 }), plain);
  t.notSame(await template({ targets: [{ name: 'b' }] }), plain, 'another file of targets');
  t.notSame(await template({ targets: [{ name: 'a' }], config: { COST_INTERVAL: '2h' } }), plain);
  t.notMatch(JSON.stringify(plain), 'helm.sh/chart', 'the version of the chart alone replaces nothing');
});

t.test('names stay within what Kubernetes takes', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const release = 'a-release-with-a-name-of-fifty-three-characters-in-al';
  const manifests = await mustRender(helm, {
    release,
    values: { redis: { bundled: { enabled: true } }, targets: [{ name: 'a' }] },
  });
  t.equal(release.length, 53);
  for (const { kind, metadata } of manifests) {
    // A ConfigMap may have a longer one.
    const longest = kind === 'ConfigMap' ? 253 : 63;
    t.match(metadata.name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    t.ok(metadata.name.length <= longest, metadata.name);
    for (const value of Object.values(metadata.labels ?? {})) t.ok(value.length <= 63);
  }
});

t.test('a pod with a claim is replaced, others are followed', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const strategy = async (values: object) =>
    one(await mustRender(helm, { values }), 'Deployment', 'exporter').spec.strategy.type;
  t.equal(await strategy({}), 'RollingUpdate');
  t.equal(await strategy({ state: { kind: 'persistentVolumeClaim' } }), 'Recreate');
});
