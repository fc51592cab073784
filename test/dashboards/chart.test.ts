// The dashboards as the chart brings them: one ConfigMap each, as Grafana's sidecar looks for them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CHART, type Manifest, mustRender, render, requireHelm } from '../helm/helm.ts';

t.setTimeout(300_000);

const FILES = readdirSync(join(CHART, 'dashboards'));
/** What Kubernetes takes for one object. */
const MOST_BYTES = 1024 * 1024;

const dashboardsOf = (manifests: readonly Manifest[]) =>
  manifests.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'dashboard');

t.test('each dashboard is a ConfigMap', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const found = dashboardsOf(await mustRender(helm));
  t.equal(found.length, FILES.length);
  t.equal(new Set(found.map(({ metadata }) => metadata.name)).size, FILES.length, 'no two of one name');
  const files = new Map(found.flatMap(({ data = {} }) => Object.entries(data)));
  for (const file of FILES) {
    const text = readFileSync(join(CHART, 'dashboards', file), 'utf8');
    // Files of all ConfigMaps meet in one folder of Grafana: their names say whose they are.
    t.equal(files.get(`aws-cost-exporter-${file}`), text, `${file}, byte for byte`);
  }
  for (const manifest of found) {
    const { kind, metadata } = manifest;
    t.equal(kind, 'ConfigMap');
    t.equal(metadata.namespace, 'finops');
    t.equal(metadata.labels?.grafana_dashboard, '1', `${metadata.name}: the sidecar finds it`);
    t.equal(metadata.annotations?.grafana_folder, 'AWS cost', `${metadata.name}: its folder`);
    t.ok(Buffer.byteLength(JSON.stringify(manifest)) < MOST_BYTES / 2, `${metadata.name} is small`);
  }
});

t.test('where and how they are found is for the user to say', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const labels = { grafana_dashboard: null, pick: 'me' };
  const dashboards = {
    namespace: 'grafana',
    labels,
    annotations: { a: 'b' },
    folder: 'Bills',
    folderAnnotation: 'k8s/folder',
  };
  for (const { metadata } of dashboardsOf(await mustRender(helm, { values: { dashboards } }))) {
    t.equal(metadata.namespace, 'grafana');
    t.equal(metadata.labels?.pick, 'me');
    t.notOk(metadata.labels?.grafana_dashboard);
    t.same(metadata.annotations, { a: 'b', 'k8s/folder': 'Bills' });
  }
  const [plain] = dashboardsOf(await mustRender(helm, { values: { dashboards: { folder: '' } } }));
  t.equal(plain?.metadata.annotations, undefined, 'no folder, no annotation');
  t.same(dashboardsOf(await mustRender(helm, { values: { dashboards: { enabled: false } } })), []);
});

t.test('a wrong value is refused', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const wrong = {
    namespace: 'A b',
    folderAnnotation: '',
    labels: { grafana_dashboard: 1 },
    folder: 7,
    enable: true,
  };
  for (const [name, value] of Object.entries(wrong)) {
    const { refusal } = await render(helm, { values: { dashboards: { [name]: value } } });
    t.match(refusal, name, `dashboards.${name}`);
  }
});
