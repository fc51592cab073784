// What closes the listeners: mounted, named by settings, and spoken to as it asks.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { run } from '../servers/process.ts';
import { hashOf, pki, startWeb } from '../web/helper.ts';
import { CHART, envOf, mustRender, one, render, requireHelm } from './helm.ts';

t.setTimeout(180_000);

const FILE = join(CHART, 'ci/closed-values.yaml');
const FOLDER = '/etc/aws-cost-exporter-web';

t.test('files are mounted for reading, each Secret in a folder of its own', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const manifests = await mustRender(helm, { file: FILE });
  const env = envOf(manifests) as Record<string, string>;
  t.match(env, {
    WEB_CONFIG_FILE: `${FOLDER}/config/web-config.yml`,
    API_TOKENS_FILE: `${FOLDER}/tokens/tokens`,
  });
  const { containers, volumes } = one(manifests, 'Deployment', 'exporter').spec.template.spec;
  const mounts: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[] =
    containers[0].volumeMounts;
  const secretAt = (path: string) => {
    const mount = mounts.find(({ mountPath }) => mountPath === path);
    t.match(mount, { readOnly: true });
    t.notOk(mount?.subPath, 'which would not be renewed');
    return volumes.find(({ name }: { name: string }) => name === mount?.name)?.secret?.secretName;
  };
  t.equal(secretAt(dirname(env.WEB_CONFIG_FILE ?? '')), 'costs-web');
  t.equal(secretAt(dirname(env.API_TOKENS_FILE ?? '')), 'costs-tokens');
  t.equal(secretAt(`${FOLDER}/secrets/costs-tls`), 'costs-tls');
  t.equal(secretAt(`${FOLDER}/secrets/other.tls`), 'other.tls');
  const paths = mounts.map(({ mountPath }) => `${mountPath}/`);
  for (const path of paths)
    t.notOk(
      paths.some((other) => other !== path && other.startsWith(path)),
      `nothing is mounted below ${path}, which cannot be written to`,
    );
});

t.test('with web.tls everything that asks speaks TLS, without it nothing does', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const seen = async (values: object) => {
    const manifests = await mustRender(helm, { file: FILE, values });
    const [container] = one(manifests, 'Deployment', 'exporter').spec.template.spec.containers;
    const monitor = manifests.find(({ kind }) => /Monitor/.test(kind))?.spec;
    const [pod] = one(manifests, 'Pod').spec.containers;
    const urls = pod.env.filter(({ name }: { name: string }) => name.endsWith('_URL'));
    return {
      probes: ['startupProbe', 'livenessProbe', 'readinessProbe'].map(
        (name) => container[name]?.httpGet?.scheme,
      ),
      scrape: (monitor.endpoints ?? monitor.podMetricsEndpoints)[0].scheme,
      test: urls.map(({ value }: { value: string }) => new URL(value).protocol),
    };
  };
  const closed = { probes: ['HTTPS', 'HTTPS', 'HTTPS'], scrape: 'https', test: ['https:', 'https:'] };
  t.same(await seen({}), closed);
  t.same(await seen({ podMonitor: { enabled: true } }), closed);
  t.same(await seen({ web: { tls: false } }), {
    probes: [undefined, undefined, undefined],
    scrape: undefined,
    test: ['http:', 'http:'],
  });
  const own = { exec: { command: ['true'] }, httpGet: null };
  t.same((await seen({ startupProbe: own })).probes, [undefined, 'HTTPS', 'HTTPS']);
});

t.test('what does not go together is refused', async (t) => {
  const helm = await requireHelm(t);
  if (helm === undefined) return;
  const cases: [object, RegExp][] = [
    [
      { config: { WEB_CONFIG_FILE: '/x' }, web: { configSecret: { name: 'a' } } },
      /config\.WEB_CONFIG_FILE and web\.configSecret\.name are both set: .*unset config\.WEB_CONFIG_FILE/,
    ],
    [
      { config: { API_TOKENS_FILE: '/x' }, web: { tokensSecret: { name: 'a' } } },
      /config\.API_TOKENS_FILE and web\.tokensSecret\.name are both set/,
    ],
    [{ web: { tls: true } }, /web\.tls is true, but .*: write web\.configSecret\.name/],
    [
      { web: { certificateSecrets: ['a'] } },
      /web\.certificateSecrets have no effect .*: write web\.configSecret/,
    ],
    [
      { web: { configSecret: { name: 'a' }, certificateSecrets: ['a', 'b', 'a'] } },
      /web\.certificateSecrets has a name twice/,
    ],
    [
      { web: { configSecret: { name: 'a' }, tls: true }, serviceMonitor: { scheme: 'http' } },
      /serviceMonitor\.scheme is http, .*: write scheme: ""/,
    ],
    [
      { web: { tokensSecret: { name: 'a' } }, extraVolumes: [{ name: 'web-tokens', emptyDir: {} }] },
      /extraVolumes\[0\]\.name is web-tokens, which is taken/,
    ],
    [
      { web: { certificateSecrets: ['A/b'] } },
      /web\.certificateSecrets is \["A\/b"\]: it must be a list of names/,
    ],
  ];
  for (const [values, sentence] of cases) t.match((await render(helm, { values })).refusal, sentence);
  const { refusal } = await render(helm, {
    values: { config: { WEB_CONFIG_FILE: '/x' }, web: { tls: true } },
  });
  t.equal(refusal, undefined, 'a file of your own, by extraVolumes');
});

t.test('helm test asks a closed exporter by TLS, as a user', async (t) => {
  const own = await pki(t);
  if (own === undefined) return;
  const web = `tls_server_config: {cert_file: server.crt, key_file: server.key}\nbasic_auth_users: {scrape: "${hashOf('pass:word')}"}\n`;
  const exporter = await startWeb(t, { folder: own.folder, web });
  t.match(exporter.metricsUrl, /^https:/);
  const script = readFileSync(join(CHART, 'files/test.mjs'), 'utf8');
  const test = (env: Record<string, string>) =>
    run(process.execPath, ['--input-type=module', '--eval', script], {
      env: {
        REST_URL: exporter.restUrl,
        METRICS_URL: exporter.metricsUrl,
        MONITOR: '',
        MONITOR_LABELS: '{}',
        SCRAPE: 'false',
        PATIENCE_SECONDS: '20',
        ...env,
      },
      timeoutMs: 60_000,
    });
  t.match(await test({ USERNAME: 'scrape', PASSWORD: 'pass:word' }), { code: 0, stdout: /\d series in / });
  t.match(await test({}), {
    code: 1,
    stderr: /\/metrics asks for a user: write test\.userSecret\.name/,
  });
  t.match(await test({ USERNAME: 'scrape', PASSWORD: 'wrong' }), {
    code: 1,
    stderr: /does not take the user of test\.userSecret/,
  });
});
