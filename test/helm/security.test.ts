// What runs is restricted, and secrets are referred to, never written.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CHART, envOf, mustRender, one, render, requireHelm } from './helm.ts';
import { podOf, restrictedFaults } from './restricted.ts';

const PATIENCE = { timeout: 480_000 };
const FILES = readdirSync(join(CHART, 'ci')).map((name) => join(CHART, 'ci', name));

t.test('every pod fits the restricted Pod Security Standard', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  for (const file of FILES) {
    for (const manifest of await mustRender(helm, { file })) {
      const pod = podOf(manifest);
      if (pod) t.same(restrictedFaults(pod), [], `${file.slice(CHART.length)} ${manifest.metadata.name}`);
    }
  }
  const loose = await mustRender(helm, {
    values: { containerSecurityContext: { capabilities: { add: ['SYS_ADMIN'] } } },
  });
  t.match(
    restrictedFaults(podOf(one(loose, 'Deployment'))!),
    ['exporter: capabilities'],
    'and the check finds what does not',
  );
});

t.test('no pod has a token of the API, or variables of other Services', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  for (const file of FILES) {
    for (const manifest of await mustRender(helm, { file })) {
      if (podOf(manifest))
        t.match(podOf(manifest), { automountServiceAccountToken: false, enableServiceLinks: false });
      if (manifest.kind === 'ServiceAccount') t.match(manifest, { automountServiceAccountToken: false });
    }
  }
});

t.test('every container asks for CPU, memory and disk, and has limits', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const manifests = await mustRender(helm, { values: { redis: { bundled: { enabled: true } } } });
  for (const { resources } of manifests.flatMap((one) => podOf(one)?.containers ?? []) as {
    resources?: object;
  }[]) {
    t.match(resources, {
      requests: { cpu: /./, memory: /./, 'ephemeral-storage': /./ },
      limits: { memory: /./, 'ephemeral-storage': /./ },
    });
  }
});

t.test('secrets come by reference alone', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  for (const file of FILES) {
    const manifests = await mustRender(helm, { file });
    t.notOk(manifests.some(({ kind }) => kind === 'Secret'));
    for (const [name, value] of Object.entries(envOf(manifests))) {
      // Of a file it is the path.
      if (/PASSWORD|SECRET|TOKEN|ACCESS_KEY/.test(name) && !name.endsWith('_FILE'))
        t.match(value, { secretKeyRef: { name: /./, key: /./ } }, name);
      if (name === 'REDIS_URL' && typeof value === 'string')
        t.match(value, /^rediss?:\/\/([^:@]*:\$\(REDIS_PASSWORD\)@)?[^:@]+(:\d+)?\/\d+$/);
    }
  }
});

t.test('which reference stands where', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const reference = (name: string, key: string) => ({ secretKeyRef: { name, key } });
  const file = (name: string) => ({ file: join(CHART, 'ci', `${name}-values.yaml`) });
  t.match(envOf(await mustRender(helm, file('targets-secret'))), {
    AWS_ACCESS_KEY_ID: reference('costs-aws', 'AWS_ACCESS_KEY_ID'),
    AWS_SECRET_ACCESS_KEY: reference('costs-aws', 'AWS_SECRET_ACCESS_KEY'),
    AWS_SESSION_TOKEN: reference('costs-aws', 'token'),
    HTTPS_PROXY: reference('costs-proxy', 'url'),
    CONFIG_FILE: '/etc/aws-cost-exporter/targets.yml',
  });
  t.match(envOf(await mustRender(helm, file('redis-url'))), { REDIS_URL: reference('costs-redis', 'url') });
  const manifests = await mustRender(helm, file('external-redis'));
  t.match(envOf(manifests), { REDIS_PASSWORD: reference('redis', 'redis-password') });
  // Kubernetes puts a variable in only where it stands before.
  const names = Object.keys(envOf(manifests));
  t.ok(names.indexOf('REDIS_PASSWORD') < names.indexOf('REDIS_URL'));
});

t.test('the test pod has no text that Kubernetes would put variables into', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const [container] = one(await mustRender(helm), 'Pod').spec.containers;
  t.notMatch(container.args.join(' '), '$(');
});

t.test(
  'a network policy is on, and lets out DNS, AWS, Redis and the Pod Identity agent, and nothing else',
  PATIENCE,
  async (t) => {
    const helm = await requireHelm(t);
    if (helm === undefined) return;
    const egress = async (values: object) => {
      const manifests = await mustRender(helm, { values });
      const { spec } = one(manifests, 'NetworkPolicy', 'exporter');
      return spec.egress.map(({ ports, to }: { ports: { port: unknown }[]; to?: object[] }) => [
        ports.map(({ port }) => port),
        to ?? 'anywhere',
      ]);
    };
    const agent = [
      [80],
      [{ ipBlock: { cidr: '169.254.170.23/32' } }, { ipBlock: { cidr: 'fd00:ec2::23/128' } }],
    ];
    const always = [[[53, 53], 'anywhere'], [[443], 'anywhere'], agent];
    t.same(await egress({}), always);
    t.same(await egress({ redis: { external: { host: 'a', port: 6380 } } }), [
      ...always,
      [[6380], 'anywhere'],
    ]);
    const sentinels = { redis: { external: { sentinels: ['a:26379', '[::1]:26380'] } } };
    t.same(await egress(sentinels), [...always, [[6379, 26379, 26380], 'anywhere']]);
    t.match(await egress({ redis: { bundled: { enabled: true } } }), [
      ...always,
      [['redis'], [{ podSelector: {} }]],
    ]);
    const elsewhere = { config: { AWS_ENDPOINT_URL: 'http://simulator', HTTPS_PROXY: 'http://proxy:3128' } };
    t.same(await egress(elsewhere), [always[0], [[443, 80, 3128], 'anywhere'], agent]);
    const hidden = {
      networkPolicy: { proxyPorts: [3128, 443] },
      secretConfig: { HTTPS_PROXY: { name: 'proxy', key: 'url' } },
    };
    t.same(await egress(hidden), [always[0], [[443, 3128], 'anywhere'], agent]);
    const off = await mustRender(helm, { values: { networkPolicy: { enabled: false } } });
    t.notOk(off.some(({ kind }) => kind === 'NetworkPolicy'));
  },
);

t.test('`helm template` without a cluster makes no monitor unless asked to', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const kinds = async (values: object, operator: boolean | readonly string[]) =>
    (await render(helm, { values, operator })).manifests.map(({ kind }) => kind);
  t.notOk((await kinds({}, false)).includes('ServiceMonitor'));
  t.ok((await kinds({}, true)).includes('ServiceMonitor'));
  t.ok((await kinds({ serviceMonitor: { enabled: true } }, false)).includes('ServiceMonitor'));
  t.notOk((await kinds({ serviceMonitor: { enabled: false } }, true)).includes('ServiceMonitor'));
  const monitoring = async (operator: readonly string[]) =>
    (await kinds({}, operator)).filter((kind) => /Monitor|Rule/.test(kind));
  t.same(await monitoring([]), [], 'a cluster with other kinds of the same group and version');
  t.same(await monitoring(['ServiceMonitor']), ['ServiceMonitor']);
  t.same(await monitoring(['PrometheusRule']), ['PrometheusRule']);
  t.same(
    (await kinds({ podMonitor: { enabled: true } }, true)).filter((kind) => /Monitor/.test(kind)),
    ['PodMonitor'],
  );
});
