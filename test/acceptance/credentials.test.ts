// Without credentials it starts, serves, says so, and recovers by itself; and when they end.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startCosts, TODAY } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { MEMBER, PAYER } from './bill.ts';

const SKIPPED = 'aws_cost_exporter_collector_skipped_total';
const ROLE = `arn:aws:iam::${MEMBER}:role/costs`;
const file = join(t.testdir({}), 'credentials');

// The SDK's own chain reads this process's environment; nothing of this machine may be found there.
for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
process.env.AWS_SHARED_CREDENTIALS_FILE = file;
process.env.AWS_CONFIG_FILE = `${file}-none`;
process.env.AWS_EC2_METADATA_DISABLED = 'true';

/** Puts credentials where the SDK's chain finds them, or takes them away. */
function credentials(key: string | undefined): void {
  if (key === undefined) rmSync(file, { force: true });
  else writeFileSync(file, `[default]\naws_access_key_id = ${key}\naws_secret_access_key = hunter2\n`);
}

t.test('no credentials: it serves, says so, buys nothing, and recovers', async (t) => {
  credentials(undefined);
  const exporter = await startCosts(t, { app: { credentials: undefined } });
  const { get, metrics, collector, sim, run } = exporter;
  await eventually('both collectors were tried', async () =>
    (await collector('forecast')).state === 'pending' ? undefined : true,
  );
  t.equal((await get('/health')).status, 200);
  t.equal((await get('/ready')).status, 200);
  for (const name of ['cost', 'forecast']) {
    t.match(await collector(name), {
      state: 'no_credentials',
      cause: { code: 'no_credentials', message: /credentials/, advice: /\w+/ },
      lastAttempt: null,
      lastSuccess: null,
    });
  }
  t.equal((await exporter.target()).accountId, null);
  const answer = await get('/cost/current');
  t.match(answer.json(), { statusCode: 503, code: 'no_credentials', message: /credentials/ });
  t.match(answer.headers['retry-after'], /^[1-9]\d*$/);
  const page = await metrics();
  t.same(page.business(), []);
  t.same(page.series('aws_cost_exporter_collector_success'), [], 'nothing was tried: neither 0 nor 1');
  t.equal(page.value(SKIPPED, { collector: 'cost', reason: 'no_credentials' }), 1);
  t.equal(page.value('aws_cost_exporter_aws_spend_usd_total'), 0);
  t.same(sim.requests, [], 'nobody was asked');
  const { nextRun } = await collector('cost');
  t.ok(Date.parse(nextRun ?? '') > Date.parse(`${TODAY}T08:00:00Z`), 'the next run is named');

  credentials('AKIATEST');
  t.equal(await run('cost'), 'collected', 'credentials have arrived: no restart');
  t.ok((await metrics()).series('aws_cost_total').length > 0);
  t.match(await collector('cost'), { state: 'ok', cause: null });
  t.equal((await exporter.target()).accountId, PAYER);
});

t.setTimeout(170_000);
const slow = process.env.CI ? { timeout: 120_000 } : { skip: 'takes a minute; runs with CI=true' };

t.test('the retry comes by itself, long before the interval', slow, async (t) => {
  credentials(undefined);
  const { metrics } = await startCosts(t, { app: { credentials: undefined } });
  credentials('AKIATEST');
  await eventually(
    'the figures arrive',
    async () => ((await metrics()).series('aws_cost_total').length > 0 ? true : undefined),
    90_000,
  );
});

t.test('credentials go away later: the figures stay', async (t) => {
  credentials('AKIATEST');
  const { metrics, run, clock, collector } = await startCosts(t, {
    app: { credentials: undefined },
    configFile: `targets: [{name: default, roleArn: "${ROLE}"}]`,
  });
  const before = await metrics();
  t.ok(before.business().length > 0);
  credentials(undefined);
  clock.advance(3_600_000);
  await run('cost');
  t.equal((await metrics()).businessText(), before.businessText());
  t.not((await collector('cost')).state, 'pending');
});

t.test('credentials that AWS refuses', async (t) => {
  credentials('AKIAWRONG');
  const { collector, run, metrics, paid } = await startCosts(t, {
    app: { credentials: undefined },
    simulator: { accounts: [{ accountId: PAYER, accessKeyId: 'AKIATEST' }] },
  });
  const { state, cause } = await collector('cost');
  t.equal(state, 'failed');
  t.match(cause?.message, /credentials/);
  t.equal(paid(), 0);
  t.equal((await metrics()).value('aws_cost_exporter_aws_spend_usd_total'), 0);
  credentials('AKIATEST');
  t.equal(await run('cost'), 'collected', 'new ones are taken up without a restart');
});

t.test('temporary credentials that end before their time are replaced', async (t) => {
  credentials('AKIATEST');
  const { run, sim, metrics, clock } = await startCosts(t, {
    app: { credentials: undefined },
    configFile: `targets: [{name: member, roleArn: "${ROLE}", externalId: agreed-word}]`,
  });
  const assumed = () => sim.requests.filter(({ operation }) => operation === 'AssumeRole').length;
  t.equal(assumed(), 1, 'one AssumeRole for all collectors of a target');
  t.equal(await run('cost'), 'collected');
  t.equal(assumed(), 1, 'and for all their runs');
  const before = (await metrics()).businessText();
  sim.expireCredentials();
  clock.advance(60_000);
  if ((await run('cost')) === 'failed')
    t.equal(await run('cost'), 'collected', 'at the latest at the second attempt');
  t.equal((await metrics()).businessText(), before);
  t.equal(assumed(), 2);
});
