// The real process: exit codes, `check`, and what it says.
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/index.ts';
import { ask, CHARGES } from '../helper.ts';
import { eventually, freePort, launch, type Ran, run } from '../servers/process.ts';
import { billOf, MEMBER, PAYER } from './bill.ts';

t.setTimeout(120_000);

const CLI = join(import.meta.dirname, '../../src/cli.ts');
const ROLE = `arn:aws:iam::${MEMBER}:role/costs`;

/** An environment of its own: no credentials or settings of this machine get in. */
function cleanEnv(t: Test, env: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: t.testdirName,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(t.testdirName, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(t.testdirName, 'none'),
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    ...env,
  };
}

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'hunter2-secret-key' };

function cli(t: Test, args: readonly string[], env?: Record<string, string>): Promise<Ran> {
  return run(process.execPath, [CLI, ...args], { env: cleanEnv(t, env), timeoutMs: 60_000 });
}

t.test('a wrong configuration ends with 2, all faults on standard error, no secret', async (t) => {
  const dir = t.testdir({ 'targets.yaml': 'targets: [{name: a}, {name: a}]' });
  for (const command of ['serve', 'check']) {
    const { code, stdout, stderr } = await cli(t, [command], {
      PORT: '99999',
      COST_INTERVAL: 'soon',
      REDIS_URL: 'hunter2',
      CONFIG_FILE: join(dir, 'targets.yaml'),
    });
    t.equal(code, 2, command);
    for (const name of ['PORT="99999"', 'COST_INTERVAL="soon"', 'REDIS_URL', 'CONFIG_FILE targets.1.name']) {
      t.ok(stderr.includes(name), `${command} names ${name}`);
    }
    t.notMatch(stdout + stderr, 'hunter2');
    t.notMatch(stderr, /^ +at /m, 'no stack');
  }
});

t.test('wrong usage ends with 2', async (t) => {
  for (const args of [['nonsense'], ['serve', '--nonsense'], ['check', 'extra']]) {
    const { code, stderr } = await cli(t, args);
    t.equal(code, 2, args.join(' '));
    t.notMatch(stderr, /^ +at /m, 'no stack');
  }
});

t.test('a port in use ends with 1 and a line that names it', async (t) => {
  const taken = await startSimulator({ bill: [] });
  t.teardown(() => taken.close());
  for (const name of ['PORT', 'METRICS_PORT']) {
    const { code, stderr } = await cli(t, ['serve'], {
      [name]: String(taken.port),
      AWS_ENDPOINT_URL: taken.url,
      LOG_LEVEL: 'silent',
    });
    t.equal(code, 1, name);
    t.match(stderr, String(taken.port));
    t.match(stderr, /in use/);
    t.notMatch(stderr, /^ +at /m, 'no stack');
  }
});

t.test('SIGTERM ends with 0', async (t) => {
  const sim = await startSimulator({ bill: billOf(CHARGES) });
  t.teardown(() => sim.close());
  sim.faults.add({ kind: 'hang', operation: 'GetCostAndUsage' });
  const port = await freePort();
  const env = cleanEnv(t, {
    ...KEYS,
    AWS_ENDPOINT_URL: sim.url,
    PORT: String(port),
    METRICS_PORT: String(port),
  });
  const server = await launch(process.execPath, [CLI, 'serve'], { env });
  t.teardown(() => server.end());
  await eventually('a collection is under way', async () =>
    sim.requests.some(({ operation }) => operation === 'GetCostAndUsage') ? true : undefined,
  );
  t.equal((await ask(`http://127.0.0.1:${port}/health`)).status, 200);
  const asked = performance.now();
  server.signal('SIGTERM');
  await server.exit;
  t.ok(performance.now() - asked < 2_000, 'in under 2 s, in the middle of a collection');
  t.notMatch(server.output(), KEYS.AWS_SECRET_ACCESS_KEY);
});

t.test('check: the configuration with its secrets masked, and whose the credentials are; free', async (t) => {
  const sim = await startSimulator({
    bill: billOf(CHARGES),
    accounts: [
      { accountId: PAYER, accessKeyId: KEYS.AWS_ACCESS_KEY_ID },
      { accountId: MEMBER, roles: [{ arn: ROLE, externalId: 'agreed-hunter2' }] },
    ],
  });
  t.teardown(() => sim.close());
  const dir = t.testdir({
    'good.yaml': `targets: [{name: payer}, {name: member, roleArn: "${ROLE}", externalId: agreed-hunter2, capabilities: [cost]}]`,
    'bad.yaml': `targets:
  - {name: payer, accountId: "999999999999"}
  - {name: member, roleArn: "${ROLE}", externalId: wrong-hunter2}
`,
  });
  const secrets = {
    ...KEYS,
    REDIS_URL: 'redis://user:hunter2@127.0.0.1:1',
    HTTPS_PROXY: 'http://user:hunter2@127.0.0.1:1',
  };
  const env = { ...secrets, AWS_ENDPOINT_URL: sim.url, COST_WINDOW_DAYS: '14' };

  const [good, bad, none] = await Promise.all([
    cli(t, ['check'], { ...env, CONFIG_FILE: join(dir, 'good.yaml') }),
    cli(t, ['check'], { ...env, CONFIG_FILE: join(dir, 'bad.yaml') }),
    cli(t, ['check'], { AWS_ENDPOINT_URL: sim.url }),
  ]);
  t.equal(good.code, 0, good.stderr);
  const shown = good.stdout.split('\n');
  for (const [name, value] of Object.entries({
    COST_WINDOW_DAYS: '14',
    COST_DAILY_DAYS: '30',
    COST_METRIC: 'BlendedCost',
    AWS_ENDPOINT_URL: sim.url,
    MAX_SERIES: '100000',
  })) {
    t.ok(
      shown.some((line) => line.includes(name) && line.includes(value)),
      `${name} is ${value}`,
    );
  }
  t.ok(
    shown.some((line) => line.includes('REDIS_URL')),
    'that a secret is set is said',
  );
  t.match(good.stdout, new RegExp(`payer.*${PAYER}.*member.*${MEMBER}`, 's'), 'the account of each target');
  t.notMatch(good.stdout + good.stderr, /hunter2/);

  t.equal(bad.code, 1);
  t.match(bad.stdout, new RegExp(`payer.*wrong_account.*${PAYER}`, 's'));
  t.match(bad.stdout, /member.*access_denied.*sts:AssumeRole/s);
  t.notMatch(bad.stdout + bad.stderr, /hunter2/);
  t.notMatch(bad.stdout + bad.stderr, /not authorized to perform/, "no text of AWS's");

  t.equal(none.code, 1);
  t.match(none.stdout, /no_credentials/);
  t.same(
    sim.requests.filter(({ service }) => service !== 'sts'),
    [],
    'nothing but STS was asked',
  );
});
