// Whatever right values are put together, what is rendered is right: for Kubernetes, for the operator, for the exporter.
import fc from 'fast-check';
import t from 'tap';
import { loadConfig } from '../../src/config.ts';
import { pythonWithPackages } from '../servers/python.ts';
import { envOf, mustRender, one, requireHelm } from './helm.ts';
import { podOf, restrictedFaults } from './restricted.ts';
import { KUBERNETES_SCHEMAS } from './schemas.ts';
import {
  KUBERNETES_VERSIONS,
  kubernetesFaults,
  monitoringFaults,
  type Subject,
  unknownFields,
} from './validate.ts';

t.setTimeout(480_000);
const PATIENCE = { timeout: 480_000 };

const name = fc.stringMatching(/^[a-z]([-a-z0-9]{0,10}[a-z0-9])?$/);
const labels = fc.dictionary(
  fc.constantFrom('team', 'example.com/owner', 'cost-center'),
  fc.constantFrom('finops', '42', 'true', ''),
);
const peers = fc.constantFrom([], [{ podSelector: {} }], [{ ipBlock: { cidr: '10.0.0.0/8' } }]);
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Redis, or state on disk, and as many replicas as go with it. */
const store = fc.oneof(
  fc.record({ state: fc.record({ kind: fc.constantFrom('auto', 'none', 'emptyDir') }) }),
  fc.record({
    state: fc.record({
      kind: fc.constant('persistentVolumeClaim'),
      existingClaim: fc.oneof(fc.constant(''), name),
      size: fc.constantFrom('1Gi', '500Mi'),
      accessMode: fc.constantFrom('ReadWriteOnce', 'ReadWriteOncePod'),
      keep: fc.boolean(),
    }),
  }),
  fc.record({
    replicas: fc.integer({ min: 0, max: 5 }),
    redis: fc.oneof(
      fc.constant({ bundled: { enabled: true } }),
      fc.record({
        external: fc.record(
          {
            host: name,
            port: fc.integer({ min: 1, max: 65_535 }),
            db: fc.integer({ min: 0, max: 15 }),
            tls: fc.boolean(),
            passwordSecret: fc.record({ name }),
          },
          { requiredKeys: ['host'] },
        ),
      }),
      fc.record({ external: fc.record({ urlSecret: fc.record({ name, key: fc.constant('url') }) }) }),
      fc.record({
        external: fc.record(
          {
            sentinels: fc.array(
              name.map((host) => `${host}:26379`),
              { minLength: 1, maxLength: 3 },
            ),
            db: fc.integer({ min: 0, max: 3 }),
            tls: fc.boolean(),
            passwordSecret: fc.record({ name }),
          },
          { requiredKeys: ['sentinels'] },
        ),
      }),
    ),
  }),
);

const identity = fc.oneof(
  fc.constant({}),
  fc.constant({ aws: { roleArn: 'arn:aws-us-gov:iam::111122223333:role/path/costs' } }),
  fc.record({
    aws: fc.record({ credentialsSecret: fc.record({ name, sessionTokenKey: fc.constantFrom('', 'token') }) }),
  }),
  fc.record({
    serviceAccount: fc.record({
      create: fc.boolean(),
      name: fc.oneof(fc.constant(''), name),
      annotations: labels,
    }),
  }),
);

const targets = fc.oneof(
  fc.constant({}),
  fc.record({ targetsSecret: fc.record({ name }) }),
  fc.record({
    targets: fc.uniqueArray(
      fc.record(
        {
          name,
          region: fc.constantFrom('eu-central-1', 'us-gov-west-1'),
          accountId: fc.constantFrom('000000000001', '111122223333'),
          tagKeys: fc.constant(['Team', 'cost: center']),
          capabilities: fc.constant(['cost']),
          spendBudgetUsd: fc.constantFrom(0, 0.5, 100_000),
        },
        { requiredKeys: ['name'] },
      ),
      { minLength: 1, maxLength: 3, selector: (target) => target.name },
    ),
    estimates: some(
      fc.record({ ec2: fc.constantFrom(0, 0.333333, 1), maxResources: fc.constantFrom(1, 10_000_000) }),
    ),
  }),
);

const config = fc.record(
  {
    PORT: fc.integer({ min: 1, max: 30_000 }),
    METRICS_PORT: fc.integer({ min: 30_001, max: 65_535 }),
    COST_INTERVAL: fc.constantFrom('1h', '90m', '24d'),
    CHANGE_DETECTION: fc.boolean(),
    MAX_SERIES: fc.integer({ min: 0, max: 10_000_000 }),
    AWS_SPEND_BUDGET_USD: fc.constantFrom(0, 0.01, 2.5, 100_000),
    TAG_KEYS: fc.constantFrom(['Team'], 'Team,Env', ['cost: center', '#1', '- x']),
    AWS_ENDPOINT_URL: fc.constantFrom('http://simulator:4566', 'https://[::1]/'),
    REDIS_KEY_PREFIX: fc.constantFrom('finops:', '"', '{{ x }}'),
  },
  { requiredKeys: [] },
);

const reach = fc.record(
  {
    service: fc.record({
      type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'),
      ipFamilyPolicy: fc.constantFrom('', 'PreferDualStack'),
      annotations: labels,
    }),
    ingress: fc.record({
      enabled: fc.boolean(),
      className: fc.constantFrom('', 'nginx'),
      hosts: fc.constantFrom([], ['a.example.com', '*.example.org']),
      path: fc.constantFrom('/', '/costs', '/costs(/|$)(.*)'),
      pathType: fc.constantFrom('Prefix', 'ImplementationSpecific'),
    }),
    networkPolicy: fc.record({
      enabled: fc.boolean(),
      metricsFrom: peers,
      restFrom: peers,
      awsTo: peers,
      redisTo: peers,
      instanceMetadata: fc.boolean(),
    }),
    podMonitor: fc.record({ enabled: fc.boolean() }),
    serviceMonitor: fc.record({
      labels,
      interval: fc.constantFrom('30s', '2m', '1m30s', '4m'),
      stableSeries: fc.boolean(),
      honorLabels: fc.boolean(),
      metricRelabelings: fc.constantFrom([], [{ action: 'labeldrop', regex: 'x' }]),
      sampleLimit: fc.constantFrom(0, 10_000_000),
    }),
    monitorLabels: labels,
  },
  { requiredKeys: [] },
);

const pods = fc.record(
  {
    fullnameOverride: fc.oneof(fc.constant(''), name),
    commonLabels: labels,
    podLabels: labels,
    podAnnotations: labels,
    extraArgs: fc.constant(['--help']),
    extraEnv: fc.constantFrom([], [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=300' }]),
    strategy: fc.constantFrom({}, { type: 'Recreate' }),
    priorityClassName: fc.constantFrom('', 'high'),
    minReadySeconds: fc.integer({ min: 0, max: 60 }),
    test: fc.record({ scrape: fc.boolean() }),
  },
  { requiredKeys: [] },
);

t.test('right values together make right manifests', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  const python = await pythonWithPackages(t, KUBERNETES_SCHEMAS);
  if (helm === undefined || python === undefined) return;
  const subjects: Subject[] = [];
  const values = fc
    .tuple(store, identity, targets, reach, pods, fc.record({ config }))
    .map((parts): object => Object.assign({}, ...parts));
  await fc.assert(
    fc.asyncProperty(values, fc.constantFrom(...KUBERNETES_VERSIONS), async (all, version) => {
      const manifests = await mustRender(helm, { values: all, kubeVersion: `${version}.3` });
      const where = JSON.stringify(all);
      subjects.push(...manifests.map((object) => ({ where, version, object })));
      for (const manifest of manifests) {
        const pod = podOf(manifest);
        if (pod) t.same(restrictedFaults(pod), [], where);
      }
      t.ok(one(manifests, 'Service', 'exporter'));
      t.doesNotThrow(() => loadConfig(inPod(envOf(manifests), manifests, t)), where);
    }),
    { numRuns: 60 },
  );
  t.same(await kubernetesFaults(python, subjects), []);
  t.same(monitoringFaults(subjects), []);
  t.same(await unknownFields(t.testdir(), subjects), []);
});

/** The environment as the exporter would see it in the pod: Secrets looked up, the file of targets in its place. */
function inPod(
  env: Record<string, unknown>,
  manifests: Parameters<typeof envOf>[0],
  t: { testdir(files: Record<string, string>): string },
): Record<string, string> {
  const secrets: Record<string, string> = { REDIS_URL: 'rediss://user:password@redis:6380/0' };
  const read = ([variable, value]: [string, unknown]) => [
    variable,
    typeof value === 'string' ? value : (secrets[variable] ?? 'secret'),
  ];
  const seen: Record<string, string> = Object.fromEntries(Object.entries(env).map(read));
  if (seen.REDIS_URL) seen.REDIS_URL = seen.REDIS_URL.replace('$(REDIS_PASSWORD)', 'p%40ss');
  const file = manifests.find(({ data }) => data?.['targets.yaml'])?.data?.['targets.yaml'];
  if (file !== undefined) seen.CONFIG_FILE = `${t.testdir({ 'targets.yaml': file })}/targets.yaml`;
  else delete seen.CONFIG_FILE;
  return seen;
}
