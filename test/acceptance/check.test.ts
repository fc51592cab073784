// `check`: what is in force for each target, and the reason itself where its credentials do not resolve.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/index.ts';
import { run } from '../servers/process.ts';
import { hashOf, pki, tokenLine } from '../web/helper.ts';
import { MEMBER, PAYER } from './bill.ts';

t.setTimeout(60_000);

const CLI = join(import.meta.dirname, '../../src/cli.ts');
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'hunter2-secret-key' };

/** What `check` prints of each target, and its exit code. */
async function check(t: Test, env: Record<string, string>) {
  const { code, stdout, stderr } = await run(process.execPath, [CLI, 'check'], {
    env: {
      PATH: process.env.PATH,
      HOME: t.testdirName,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: join(t.testdirName, 'aws-config'),
      AWS_SHARED_CREDENTIALS_FILE: join(t.testdirName, 'none'),
      ...env,
    },
    timeoutMs: 30_000,
  });
  t.notMatch(stdout + stderr, /hunter2/);
  const [, ...blocks] = stdout.slice(stdout.indexOf('Targets:')).split(/^ {2}(?=\S)/m);
  return { code, targets: blocks.map((block) => block.trim()) };
}

t.test('what is in force for each target', async (t) => {
  const sim = await startSimulator({
    bill: [],
    accounts: [{ accountId: PAYER, accessKeyId: KEYS.AWS_ACCESS_KEY_ID }],
  });
  t.teardown(() => sim.close());
  const dir = t.testdir({
    'aws-config': '[default]\nregion = eu-west-3\n',
    'targets.yaml': `targets:
  - {name: plain}
  - name: own
    roleArn: arn:aws:iam::${MEMBER}:role/costs
    externalId: agreed-hunter2
    accountId: "${MEMBER}"
    region: eu-central-1
    regions: [eu-central-1, us-east-1]
    tagKeys: [Team, Owner]
    capabilities: [tags, cost]
    spendBudgetUsd: 0.5
`,
  });
  const env = { ...KEYS, AWS_ENDPOINT_URL: sim.url, CONFIG_FILE: join(dir, 'targets.yaml') };
  const { code, targets } = await check(t, { ...env, TAG_KEYS: 'Project', AWS_SPEND_BUDGET_USD: '2' });
  t.equal(code, 1);
  t.equal(targets.length, 2);
  const [plain = '', own = ''] = targets;
  for (const said of [
    'plain:',
    'region eu-west-3 (of the shared AWS configuration file)',
    'regions eu-west-3 (its own region)',
    'capabilities cost,forecast,tags,optimization,well-architected',
    'tagKeys Project',
    'budget USD 2 a day, shared by all targets',
    `ok: account ${PAYER}`,
  ]) {
    t.ok(plain.split(/\n */).includes(said), said);
  }
  for (const said of [
    'own:',
    `role arn:aws:iam::${MEMBER}:role/costs`,
    'externalId (set, not shown)',
    `expects account ${MEMBER}`,
    'region eu-central-1',
    'regions eu-central-1,us-east-1',
    'capabilities cost,tags',
    'tagKeys Team,Owner',
    'budget USD 0.5 a day of its own, within USD 2 for all targets',
    'reason: AWS answered AccessDenied (HTTP 403)',
  ]) {
    t.ok(own.split(/\n */).includes(said), said);
  }
});

t.test('the default region, and regions for all', async (t) => {
  t.testdir({});
  const { targets } = await check(t, {
    ...KEYS,
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_REGIONS: 'us-west-2',
  });
  t.match(targets[0], /region us-east-1 \(the default\)\n *regions us-west-2\n/);
});

t.test('the reason itself', async (t) => {
  t.testdir({});
  const refused = await check(t, { ...KEYS, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  t.equal(refused.code, 1);
  t.match(refused.targets[0], /error: .*\n *reason: .*ECONNREFUSED 127\.0\.0\.1:1/);
  t.notMatch(refused.targets[0], /the log/, 'there is none');
  const none = await check(t, { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  t.match(none.targets[0], /no_credentials: .*\n *reason: .*credentials/);
});

t.test('what the listeners ask for', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { folder } = made;
  const files = { WEB_CONFIG_FILE: join(folder, 'web.yaml'), API_TOKENS_FILE: join(folder, 'tokens') };
  const listeners = async (env: Record<string, string>) => {
    const { stdout } = await run(process.execPath, [CLI, 'check'], {
      env: {
        PATH: process.env.PATH,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
        ...env,
      },
      timeoutMs: 30_000,
    });
    const [, block = ''] = /^Listeners:\n([\s\S]*?)\n\n/m.exec(stdout) ?? [];
    return block.split('\n').map((line) => line.trim());
  };
  t.same(await listeners({}), ['REST is open to the network without authentication']);
  t.same(await listeners({ HOST: '::1' }), ['open, to this machine alone']);
  writeFileSync(files.API_TOKENS_FILE, tokenLine('grafana', 'hunter2') + tokenLine('finops', 'hunter3'));
  writeFileSync(
    files.WEB_CONFIG_FILE,
    `tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [a, b]}\nbasic_auth_users: {alice: ${hashOf('hunter2')}}`,
  );
  t.match(await listeners(files), [
    /^TLS 1\.2 to 1\.3, certificate of DNS:localhost, IP Address:127\.0\.0\.1 until 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/,
    'client certificates required, verified, of a or b',
    'users alice (both listeners)',
    'tokens grafana,finops (REST)',
  ]);
});
