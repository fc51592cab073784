// What is wrong is refused before anything reaches the cluster, with a sentence that says what to write.
import t from 'tap';
import { stringify } from 'yaml';
import { one, render, requireHelm } from './helm.ts';

const PATIENCE = { timeout: 480_000 };
const ROLE = 'arn:aws:iam::111122223333:role/costs';

/** Values, and what is said of them. */
const REFUSALS: readonly (readonly [object, RegExp])[] = [
  [{ replicas: 2 }, /replicas is 2, but .*write redis\.external\.host: .*, or replicas: 1/],
  [
    { config: { COST_METRIC: 'Cost' } },
    /config\.COST_METRIC is "Cost": it must be one of .*; write e\.g\. COST_METRIC: UnblendedCost/,
  ],
  [{ config: { COST_INTERVALL: '1h' } }, /config\.COST_INTERVALL is no setting of the exporter/],
  [{ config: { STATE_DIR: '/x' } }, /config\.STATE_DIR is decided by other values: write state\.kind/],
  [
    { config: { AWS_SECRET_ACCESS_KEY: 'x' } },
    /config\.AWS_SECRET_ACCESS_KEY .* write aws\.credentialsSecret\.name/,
  ],
  [{ config: { HOST: '127.0.0.1' } }, /config\.HOST is "127\.0\.0\.1", .*write HOST: "0\.0\.0\.0"/],
  [
    { serviceMonitor: { basicAuth: { username: {} }, oauth2: { clientId: {} } } },
    /serviceMonitor has basicAuth and oauth2: .* write \{\} for the others/,
  ],
  [{ config: { PORT: 8080 } }, /config\.PORT and config\.METRICS_PORT are the same/],
  [{ config: { TAG_KEYS: { a: 1 } } }, /config\.TAG_KEYS must be a comma-separated list/],
  [
    { config: { PRIORITY_THRESHOLDS: [10, 100] } },
    /two numbers, the greater first; write e\.g\. PRIORITY_THRESHOLDS: 250,50/,
  ],
  [
    { secretConfig: { REDIS_URL: { name: 'a', key: 'b' } } },
    /secretConfig\.REDIS_URL .* write redis\.external\.urlSecret\.name/,
  ],
  [{ secretConfig: { PROXY: { name: 'a', key: 'b' } } }, /secretConfig\.PROXY is no setting/],
  [
    { config: { HTTPS_PROXY: 'http://a:1' }, secretConfig: { HTTPS_PROXY: { name: 'a', key: 'b' } } },
    /secretConfig\.HTTPS_PROXY stands in config too/,
  ],
  [{ service: { restPort: 80, metricsPort: 80 } }, /service\.restPort and service\.metricsPort are the same/],
  [
    { targets: [{ name: 'a', externalId: 'hush' }] },
    /targets\[0\]\.externalId is a secret: .*targetsSecret\.name/,
  ],
  [{ targets: [{ roleArn: ROLE }] }, /targets\[0\]\.name is missing: write e\.g\. name: production/],
  [{ targets: [{ name: 'a' }, { name: 'a' }] }, /targets\[1\]\.name is "a" a second time/],
  [
    { targets: [{ name: 'a', accountId: 111122223333 }] },
    /targets\[0\]\.accountId is 111122223333: it must be 12 digits in quotes/,
  ],
  [{ targets: [{ name: 'a', regions: 'eu-central-1' }] }, /targets\[0\]\.regions .* a list of AWS regions/],
  [{ targets: [{ name: 'a', budget: 1 }] }, /targets\[0\]\.budget is no key of a target/],
  [
    { targets: [{ name: 'a' }], estimates: { ec2: 2 } },
    /estimates\.ec2 is 2: it must be a number from 0 to 1/,
  ],
  [{ estimates: { ec2: 0.2 } }, /estimates stand without targets/],
  [
    { targets: [{ name: 'a' }], targetsSecret: { name: 'b' } },
    /targets and targetsSecret\.name are both set/,
  ],
  [
    { aws: { roleArn: 'role/costs' } },
    /aws\.roleArn is "role\/costs": it must be a role's ARN; write e\.g\. roleArn: arn:/,
  ],
  [
    { aws: { roleArn: ROLE, credentialsSecret: { name: 'a' } } },
    /aws\.roleArn and aws\.credentialsSecret\.name are both set/,
  ],
  [
    { aws: { roleArn: ROLE }, serviceAccount: { create: false } },
    /aws\.roleArn needs serviceAccount\.create: true/,
  ],
  [
    { aws: { roleArn: ROLE }, serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': ROLE } } },
    /say the role twice/,
  ],
  [
    { redis: { bundled: { enabled: true }, external: { host: 'a' } } },
    /redis\.bundled\.enabled and redis\.external are both set/,
  ],
  [
    { redis: { external: { host: 'redis:6379' } } },
    /redis\.external\.host is "redis:6379": .* the port is redis\.external\.port/,
  ],
  [
    { redis: { external: { host: 'a', sentinels: ['b:1'] } } },
    /host and redis\.external\.sentinels are both set/,
  ],
  [
    { redis: { external: { host: 'a', urlSecret: { name: 'b' } } } },
    /host and redis\.external\.urlSecret\.name are both set/,
  ],
  [
    { redis: { external: { tls: true, urlSecret: { name: 'b' } } } },
    /have no effect beside redis\.external\.urlSecret/,
  ],
  [
    { redis: { external: { passwordSecret: { name: 'b' } } } },
    /redis\.external has no host: write e\.g\. redis\.external\.host/,
  ],
  [{ redis: { external: { host: 'a', username: 'b' } } }, /redis\.external\.username needs a password/],
  [
    { redis: { external: { sentinels: ['b'] } } },
    /redis\.external\.sentinels is \["b"\]: it must be a list of host:port/,
  ],
  [
    { redis: { external: { sentinels: ['b:1'], port: 6380 } } },
    /port has no effect beside redis\.external\.sentinels/,
  ],
  [
    { redis: { external: { host: 'a' } }, state: { kind: 'emptyDir' } },
    /state\.kind is emptyDir, but with Redis .* write state\.kind: auto/,
  ],
  [
    { state: { existingClaim: 'a' } },
    /state\.existingClaim has no effect .* write state\.kind: persistentVolumeClaim/,
  ],
  [
    { state: { kind: 'persistentVolumeClaim' }, strategy: { type: 'RollingUpdate' } },
    /strategy\.type is RollingUpdate, .* write strategy\.type: Recreate/,
  ],
  [{ state: { size: 'big' } }, /state\.size is "big": it must be a quantity of bytes/],
  [
    { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } },
    /serviceMonitor\.enabled and podMonitor\.enabled are both true/,
  ],
  [
    { serviceMonitor: { interval: '2 minutes' } },
    /serviceMonitor\.interval is "2 minutes": it must be a duration of Prometheus; write e\.g\. interval: 2m/,
  ],
  [
    { serviceMonitor: { interval: '20s' } },
    /serviceMonitor\.scrapeTimeout is 30s, longer than .*: write at most scrapeTimeout: 20s/,
  ],
  [
    { podLabels: { 'app.kubernetes.io/name': 'a' } },
    /podLabels\.app\.kubernetes\.io\/name is a label of the selector/,
  ],
  [
    { podDisruptionBudget: { maxUnavailable: 0 } },
    /podDisruptionBudget\.maxUnavailable is 0: it must be a number of pods above 0/,
  ],
  [
    { extraEnv: [{ name: 'STATE_DIR', value: '/x' }] },
    /extraEnv\[0\] is STATE_DIR, a setting of the exporter, which other values decide: write state\.kind/,
  ],
  [
    { extraEnv: [{ name: 'AWS_SECRET_ACCESS_KEY', value: 'x' }] },
    /extraEnv\[0\]\.value of AWS_SECRET_ACCESS_KEY is a secret: refer to it/,
  ],
  [
    { extraEnv: [{ name: 'REDIS_URL', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }] },
    /extraEnv\[0\] is REDIS_URL, .* write redis\.external\.urlSecret\.name/,
  ],
  [
    { extraEnv: [{ name: 'COST_INTERVAL', value: 'nonsense' }] },
    /extraEnv\[0\] is COST_INTERVAL, a setting of the exporter, .*: write it under config, or secretConfig\.COST_INTERVAL/,
  ],
  [
    {
      extraEnv: [
        { name: 'TZ', value: 'a' },
        { name: 'TZ', value: 'b' },
      ],
    },
    /extraEnv\[1\] is TZ, which other values have set already/,
  ],
  [
    { serviceMonitor: { interval: '4m1s' } },
    /serviceMonitor\.interval is 4m1s, but Prometheus looks back for 5 minutes.*: write at most interval: 4m/,
  ],
  [
    { podMonitor: { enabled: true }, serviceMonitor: { interval: '1h' } },
    /serviceMonitor\.interval is 1h, but Prometheus/,
  ],
  [
    { serviceMonitor: { authorization: { credentials: { name: 'a' } } } },
    /authorization\.credentials must be a reference to a Secret .*; write e\.g\. credentials: \{name: scrape, key: credentials\}/,
  ],
  [
    { serviceMonitor: { basicAuth: { passwd: { name: 'a', key: 'b' } } } },
    /basicAuth\.passwd is no key of basicAuth: write one of username, password/,
  ],
  [
    { networkPolicy: { enabled: true }, secretConfig: { HTTPS_PROXY: { name: 'a', key: 'b' } } },
    /networkPolicy\.proxyPorts is empty, .* secretConfig\.HTTPS_PROXY .*: write e\.g\. networkPolicy\.proxyPorts: \[3128\]/,
  ],
  [{ config: { AWS_ENDPOINT_URL: 'http://sim:99999' } }, /config\.AWS_ENDPOINT_URL is "http:\/\/sim:99999"/],
  [
    { config: { AWS_ENDPOINT_URL: 'http://1.2.3.999' } },
    /config\.AWS_ENDPOINT_URL is "http:\/\/1\.2\.3\.999"/,
  ],
  [{ config: { HTTPS_PROXY: 'http://h:70000' } }, /config\.HTTPS_PROXY must be an http/],
  [{ redis: { external: { sentinels: ['a:65536'] } } }, /redis\.external\.sentinels is \["a:65536"\]/],
  [
    { config: { AWS_SPEND_BUDGET_USD: 0.0000001 } },
    /config\.AWS_SPEND_BUDGET_USD is 1e-0?7: it must be .* of at most 6 decimals/,
  ],
  [{ extraVolumes: [{ name: 'state', emptyDir: {} }] }, /extraVolumes\[0\]\.name is state, which is taken/],
  [{ ingress: { path: 'costs' } }, /ingress\.path is "costs": it must be a path that begins with `\/`/],
  [{ image: { digest: 'latest' } }, /image\.digest is "latest": it must be `sha256:`/],
  [{ image: { repository: '' } }, /image\.repository .* must be a repository without a tag/],
  [{ fullnameOverride: 'Costs' }, /fullnameOverride is "Costs": it must be lower-case letters/],
  // By Helm, from the schema.
  [{ replicaCount: 2 }, /'replicaCount' not allowed/],
  [{ replicas: 'two' }, /replicas.*(want|expected).* integer/i],
  [{ state: { kind: 'disk' } }, /kind.*must be one of .*persistentVolumeClaim/i],
  [{ secretConfig: { HTTPS_PROXY: 'http://user:hush@proxy' } }, /HTTPS_PROXY.*want object/],
];

t.test('each wrong value has its sentence', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  for (const [values, sentence] of REFUSALS) {
    const { refusal } = await render(helm, { values });
    t.match(refusal, sentence, stringify(values, { collectionStyle: 'flow' }).trim());
  }
});

t.test('all faults are said at once', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const { refusal = '' } = await render(helm, {
    values: { replicas: 3, config: { COST_METRIC: 'x', EXPOSE: 'y' }, image: { digest: 'z' } },
  });
  for (const place of ['replicas', 'config.COST_METRIC', 'config.EXPOSE', 'image.digest'])
    t.ok(refusal.includes(`\n  ${place} is `), place);
});

t.test('a refusal never repeats a secret', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const secret = 'hush-hush';
  const leaky = [
    { config: { REDIS_URL: `redis://:${secret}@redis` } },
    { config: { HTTPS_PROXY: `http://user:${secret}@proxy:3128` } },
    { config: { AWS_SECRET_ACCESS_KEY: secret } },
    { secretConfig: { HTTPS_PROXY: `http://user:${secret}@proxy` } },
    { targets: [{ name: 'a', externalId: secret }] },
    { extraEnv: [{ name: 'AWS_SECRET_ACCESS_KEY', value: secret }] },
    { config: { AWS_ENDPOINT_URL: `http://user:${secret}@sim` } },
    { config: { AWS_ENDPOINT_URL: `http://${secret}@sim` } },
    { redis: { external: { host: `redis://:${secret}@redis` } } },
    { redis: { external: { sentinels: [`user:${secret}@redis:26379`] } } },
    { serviceMonitor: { basicAuth: { password: secret } } },
    { serviceMonitor: { basicAuth: { password: { value: secret } } } },
    { serviceMonitor: { authorization: { credentials: secret } } },
    { serviceMonitor: { authorization: { token: secret } } },
    { serviceMonitor: { oauth2: { clientSecret: secret } } },
    { serviceMonitor: { tlsConfig: { keySecret: secret } } },
    { serviceMonitor: { tlsConfig: { key: secret } } },
    { extraEnv: [{ name: 'HTTPS_PROXY', value: `http://user:${secret}@proxy` }] },
  ];
  for (const values of leaky) {
    const { refusal } = await render(helm, { values });
    t.ok(refusal, stringify(values).trim());
    t.notMatch(refusal, secret);
  }
});

t.test(
  'a name of a release that no Service can have is refused, with one that it can',
  PATIENCE,
  async (t) => {
    const helm = await requireHelm(t);
    if (helm === undefined) return;
    for (const release of ['2024-costs', 'costs.prod', '42', `${'a'.repeat(51)}.b`]) {
      const { refusal = '' } = await render(helm, { release });
      const [, better] = /no Service can be called: write e\.g\. fullnameOverride: (\S+)/.exec(refusal) ?? [];
      t.match(better, /^[a-z]([-a-z0-9]{0,51}[a-z0-9])?$/, release);
      const { manifests } = await render(helm, { release, values: { fullnameOverride: better } });
      t.equal(one(manifests, 'Service', 'exporter').metadata.name, better);
    }
  },
);

t.test('numbers in a file of targets are as exact as they are written', PATIENCE, async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const values = { targets: [{ name: 'a' }], estimates: { ec2: 0.3333333333 } };
  const { text, refusal } = await render(helm, { values });
  t.match(text, 'ec2: 0.3333333333', { refusal });
});
