// Every values file of helm/aws-cost-exporter/ci, linted, and rendered for every version of Kubernetes that the chart is for.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { run } from '../servers/process.ts';
import { pythonWithPackages } from '../servers/python.ts';
import { CHART, type Manifest, MONITORING, mustRender, requireHelm } from './helm.ts';
import { KUBERNETES_SCHEMAS } from './schemas.ts';
import {
  KUBERNETES_VERSIONS,
  kubernetesFaults,
  monitoringFaults,
  type Subject,
  unknownFields,
} from './validate.ts';

const FILES = readdirSync(join(CHART, 'ci'))
  .filter((name) => name.endsWith('-values.yaml'))
  .map((name) => join(CHART, 'ci', name));
/** Making the environment of Python takes a minute, once; fetching helm as long. */
t.setTimeout(480_000);
const PATIENCE = { timeout: 480_000 };

t.test('the chart is linted with each values file', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  t.ok(FILES.length >= 12, `${FILES.length} values files`);
  for (const file of FILES) {
    const { code, stdout, stderr } = await run(helm, ['lint', '--strict', CHART, '--values', file]);
    t.equal(code, 0, basename(file), { output: `${stdout}${stderr}` });
  }
});

async function subjectsOf(helm: string, file: string): Promise<Subject[]> {
  const all: Subject[] = [];
  for (const version of KUBERNETES_VERSIONS) {
    const manifests = await mustRender(helm, { file, kubeVersion: `${version}.0` });
    all.push(...manifests.map((object) => ({ where: file.slice(CHART.length), version, object })));
  }
  return all;
}

t.test(
  'what is rendered fits Kubernetes 1.28 to the newest, and the monitoring CRDs',
  PATIENCE,
  async (t) => {
    const helm = await requireHelm(t);
    const python = await pythonWithPackages(t, KUBERNETES_SCHEMAS);
    if (helm === undefined || python === undefined) return;
    const subjects: Subject[] = [];
    for (const file of FILES) subjects.push(...(await subjectsOf(helm, file)));
    t.same(await kubernetesFaults(python, subjects), []);
    const ofOperator = subjects.filter(({ version }) => version === KUBERNETES_VERSIONS[0]);
    t.same(monitoringFaults(ofOperator), []);
    t.same(await unknownFields(t.testdir(), ofOperator), []);
    const kinds = new Set(subjects.map(({ object }) => object.kind));
    t.same([...kinds].toSorted(), KINDS);
  },
);

/** All that the chart can make. */
const KINDS = [
  'ConfigMap',
  'Deployment',
  'Ingress',
  'NetworkPolicy',
  'PersistentVolumeClaim',
  'Pod',
  'PodDisruptionBudget',
  'PodMonitor',
  'PrometheusRule',
  'Service',
  'ServiceAccount',
  'ServiceMonitor',
];

t.test('the schemas find what is wrong', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  const python = await pythonWithPackages(t, KUBERNETES_SCHEMAS);
  if (helm === undefined || python === undefined) return;
  const manifests = await mustRender(helm);
  const broken = (kind: string, change: (spec: Record<string, unknown>) => void): Subject[] => {
    const object = structuredClone(manifests.find((one) => one.kind === kind)) as Manifest;
    change(object.spec);
    return [{ where: kind, version: '1.34', object }];
  };
  const replicas = broken('Deployment', (spec) => Object.assign(spec, { replicas: 'many' }));
  const unknown = broken('Deployment', (spec) => Object.assign(spec, { replicaCount: 2 }));
  t.match(await kubernetesFaults(python, replicas), [/Deployment spec.replicas: 'many'/]);
  t.match(await kubernetesFaults(python, unknown), [/replicaCount/]);
  const endpoint = (change: object) =>
    broken('ServiceMonitor', ({ endpoints }) => Object.assign((endpoints as object[])[0]!, change));
  t.match(monitoringFaults(endpoint({ interval: 'often' })), [/interval/]);
  t.match(await unknownFields(t.testdir(), endpoint({ intervall: '2m' })), [/ServiceMonitor: .*intervall/]);
  const nameless = [
    { where: 'x', version: '1.34', object: { ...manifests[0]!, apiVersion: MONITORING, kind: 'No' } },
  ];
  await t.rejects(
    unknownFields(t.testdir(), nameless),
    /the compiler has failed/,
    'a fault of the check itself',
  );
});

t.test('before Kubernetes 1.28 nothing is rendered', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  await t.rejects(mustRender(helm, { kubeVersion: '1.27.9' }), /requires kubeVersion: >=1.28/);
});
