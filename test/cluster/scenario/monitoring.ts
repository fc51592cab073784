import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { eventually } from '../../servers/process.ts';
import { background } from './background.ts';
import { apply, createNamespace, kubectl, type Manifest, read } from './kubectl.ts';
import { Prometheus } from './prometheus.ts';

const NAMESPACE = 'monitoring';
const NAME = 'prometheus';
/** What kube-prometheus-stack's Prometheus looks for in an installation of that name. */
const SELECTOR = { matchLabels: { release: 'kube-prometheus-stack' } };
const PORT = 9090;
/** Where the operator's configuration expects its rules; the node's /etc is its own. */
const FOLDER = '/etc/prometheus';

/** As kube-prometheus has it, but with no pod: the same program runs beside the node's others. */
const OBJECTS: Manifest[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: NAMESPACE } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: NAME },
    rules: [
      { apiGroups: [''], resources: ['services', 'endpoints', 'pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: NAME },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
    subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }],
  },
  {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'Prometheus',
    metadata: { name: NAME, namespace: NAMESPACE },
    spec: {
      replicas: 0,
      version: 'v3.5.0',
      serviceAccountName: NAME,
      serviceDiscoveryRole: 'EndpointSlice',
      evaluationInterval: '5s',
      serviceMonitorSelector: SELECTOR,
      serviceMonitorNamespaceSelector: {},
      podMonitorSelector: SELECTOR,
      podMonitorNamespaceSelector: {},
      ruleSelector: SELECTOR,
      ruleNamespaceSelector: {},
    },
  },
];

/** Starts prometheus-operator, and a Prometheus on the configuration that it makes. */
export async function startMonitoring(): Promise<Monitoring> {
  const folder = process.env.PROMETHEUS_OPERATOR ?? '';
  await kubectl('apply', '--server-side', '-f', join(folder, 'crds'));
  await createNamespace(NAMESPACE);
  await background('prometheus-operator', join(folder, 'prometheus-operator'), [
    '--web.listen-address=127.0.0.1:18080',
  ]);
  await apply(...OBJECTS);
  const account = '/run/secrets/kubernetes.io/serviceaccount';
  await mkdir(account, { recursive: true });
  await writeFile(
    join(account, 'token'),
    await kubectl('create', 'token', NAME, '--namespace', NAMESPACE, '--duration=2h'),
  );
  const authority = await kubectl('get', 'configmap', 'kube-root-ca.crt', '-o', 'jsonpath={.data.ca\\.crt}');
  await writeFile(join(account, 'ca.crt'), authority);
  const monitoring = new Monitoring();
  await monitoring.write();
  const program = join(process.env.PROMETHEUS ?? '', 'prometheus');
  await background(
    'prometheus',
    program,
    [
      `--config.file=${FOLDER}/prometheus.yaml`,
      '--storage.tsdb.path=/run/prometheus',
      `--web.listen-address=127.0.0.1:${PORT}`,
      '--web.enable-lifecycle',
    ],
    { KUBERNETES_SERVICE_HOST: '192.168.77.1', KUBERNETES_SERVICE_PORT: '6443' },
  );
  await eventually('Prometheus is ready', async () =>
    (await fetch(`${monitoring.prometheus.url}/-/ready`)).ok ? true : undefined,
  );
  return monitoring;
}

/** The operator's Prometheus. */
export class Monitoring {
  readonly prometheus = new Prometheus(`http://127.0.0.1:${PORT}`);
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Does what a pod of the operator's does: unpacks the configuration and fills in which pod it is, mounts rules and certificates.
   */
  async write(): Promise<string> {
    const secret = await eventually('the operator has made a configuration', () =>
      read<{ data: Record<string, string> }>('secret', `prometheus-${NAME}`, '--namespace', NAMESPACE),
    );
    const config = gunzipSync(Buffer.from(secret.data['prometheus.yaml.gz'] ?? '', 'base64'))
      .toString()
      .replaceAll('$(SHARD)', '0')
      .replaceAll('$(POD_NAME)', `prometheus-${NAME}-0`);
    const { items } = await read<{ items: { metadata: { name: string }; data?: Record<string, string> }[] }>(
      'configmaps',
      ...['--namespace', NAMESPACE, '--selector', `prometheus-name=${NAME}`],
    );
    await rm(join(FOLDER, 'rules'), { recursive: true, force: true });
    for (const { metadata, data = {} } of items) {
      const folder = join(FOLDER, 'rules', metadata.name);
      await mkdir(folder, { recursive: true });
      for (const [name, text] of Object.entries(data)) await writeFile(join(folder, name), text);
    }
    const assets = await read<{ data?: Record<string, string> }>(
      ...['secret', `prometheus-${NAME}-tls-assets-0`, '--namespace', NAMESPACE],
    );
    await mkdir(join(FOLDER, 'certs'), { recursive: true });
    for (const [name, text] of Object.entries(assets.data ?? {})) {
      await writeFile(join(FOLDER, 'certs', name), text, 'base64');
    }
    await writeFile(join(FOLDER, 'prometheus.yaml'), config);
    return config;
  }

  /** Takes over what the operator has made by now; one at a time. @returns the configuration. */
  follow(): Promise<string> {
    const turn = this.#turn.then(async () => {
      const config = await this.write();
      await this.prometheus.reload();
      return config;
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /**
   * Follows the operator until its configuration has this job; resolves when every target of the job has been scraped.
   * @param job as the operator names it: `serviceMonitor/<namespace>/<name>/<endpoint>`.
   * @param targets how many there have to be.
   */
  async scrapes(job: string, targets: number, timeoutMs: number): Promise<void> {
    await eventually(
      `the operator's configuration has ${job}`,
      async () => ((await this.follow()).includes(`job_name: ${job}\n`) ? true : undefined),
      60_000,
    );
    await eventually(
      `${targets} targets of ${job} are up`,
      async () => {
        const found = (await this.prometheus.targets()).filter(({ scrapePool }) => scrapePool === job);
        if (found.length === targets && found.every(({ health }) => health === 'up')) return true;
        throw new Error(
          found.map((one) => `${one.scrapeUrl} ${one.health} ${one.lastError}`).join('; ') || 'no target',
        );
      },
      timeoutMs,
    );
  }
}
