import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { MEMBER, PAYER } from '../../acceptance/bill.ts';
import type { FaultRow } from '../matrix.ts';
import { type Good, recovers, startWell } from './helper.ts';

const ROLE = `arn:aws:iam::${MEMBER}:role/costs`;

/**
 * A shared credentials file of this row's own, where the SDK's chain finds it and nothing else; the environment is put back at
 * the row's end.
 */
function credentialsFile(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  const file = join(folder, 'credentials');
  const before = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'));
  const clear = () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  };
  clear();
  process.env.AWS_SHARED_CREDENTIALS_FILE = file;
  process.env.AWS_CONFIG_FILE = `${file}-none`;
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  t.teardown(() => {
    clear();
    Object.assign(process.env, Object.fromEntries(before));
    rmSync(folder, { recursive: true });
  });
  return {
    write: (key: string) =>
      writeFileSync(file, `[default]\naws_access_key_id = ${key}\naws_secret_access_key = a-secret-word\n`),
  };
}

/** The page's figures, as they were when all was well. */
async function sameFigures(t: Test, { metrics, before }: Good): Promise<void> {
  t.equal((await metrics()).businessText(), before.businessText());
}

/** Who the exporter is to AWS. */
export const rows: readonly FaultRow[] = [
  {
    id: 'aws/no-credentials',
    fault: 'There are no credentials at the start; they come later',
    expected: 'It serves and says what it lacks, asks nobody, and collects once they are there: no restart.',
    async run({ t, fired, state, figures, message }) {
      const file = credentialsFile(t);
      const exporter = await startWell(t, { app: { credentials: undefined } });
      const { sim, log, before } = exporter;
      const skipped = before.value('aws_cost_exporter_collector_skipped_total', {
        collector: 'cost',
        reason: 'no_credentials',
      });
      fired('runs without credentials', skipped ?? 0);
      t.match(await exporter.collector('cost'), { state: 'no_credentials', lastAttempt: null });
      t.equal(sim.requests.length, 0);
      t.same(before.series('aws_cost_exporter_collector_success'), []);
      state('cost no_credentials, no request, success absent');
      t.same(before.business(), []);
      t.match((await exporter.get('/cost/current')).json(), { statusCode: 503, code: 'no_credentials' });
      figures('none, 503; right once they are there');
      const line = log.find(({ code }) => code === 'no_credentials');
      t.match(line?.msg, /No AWS credentials/);
      t.match(line?.advice, /IRSA/);
      message(line?.msg ?? '');
      file.write('AKIATEST');
      t.equal(await exporter.run('cost'), 'collected');
      t.ok((await exporter.metrics()).series('aws_cost_total').length > 0);
    },
  },
  {
    id: 'aws/credentials-rotated',
    fault: 'The key in the credentials file is replaced, and AWS refuses the old one',
    expected: 'The next attempt after the refusal reads the file anew: no restart, the figures stay.',
    async run({ t, fired, state, figures, message }) {
      const file = credentialsFile(t);
      file.write('AKIAOLD');
      const account = { accountId: PAYER, accessKeyId: 'AKIAOLD' as string };
      const exporter = await startWell(t, {
        app: { credentials: undefined },
        simulator: { accounts: [account] },
      });
      const { sim, clock, run, log } = exporter;
      account.accessKeyId = 'AKIANEW';
      clock.advance(60_000);
      t.equal(await run('cost'), 'failed');
      const refused = () =>
        sim.requests.filter(({ error }) => error === 'UnrecognizedClientException').length;
      fired('refusals of the old key', refused());
      const view = await exporter.collector('cost');
      t.match(view, { state: 'failed', stale: true, cause: { code: 'access_denied' } });
      state('cost failed (access_denied), then ok');
      await sameFigures(t, exporter);
      figures('unchanged');
      const line = log.findLast(({ collector }) => collector === 'cost');
      t.match(line?.msg, /refused the credentials/);
      t.match(line?.advice, /resolved anew/);
      message(line?.msg ?? '');
      t.equal(await exporter.spent(), 0);

      const before = refused();
      file.write('AKIANEW');
      await recovers(t, exporter);
      t.equal(refused(), before, 'the old key is not tried again');
    },
  },
  {
    id: 'aws/credentials-expired',
    fault: 'The temporary credentials of a role end before their time',
    expected: 'At the latest the second attempt assumes the role anew; the figures stay.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startWell(t, {
        configFile: `targets: [{name: default, roleArn: "${ROLE}"}]`,
      });
      const { sim, clock, run, log } = exporter;
      const assumed = () => sim.requests.filter(({ operation }) => operation === 'AssumeRole').length;
      t.equal(assumed(), 1);
      sim.expireCredentials();
      clock.advance(60_000);
      t.equal(await run('cost'), 'failed');
      fired(
        'ExpiredTokenException',
        sim.requests.filter(({ error }) => error === 'ExpiredTokenException').length,
      );
      t.match(await exporter.collector('cost'), { state: 'failed', cause: { code: 'access_denied' } });
      await sameFigures(t, exporter);
      figures('unchanged');
      const line = log.findLast(({ collector }) => collector === 'cost');
      t.match(line?.msg, /wrong, expired/);
      message(line?.msg ?? '');
      await recovers(t, exporter);
      t.equal(assumed(), 2);
      state('cost failed (access_denied), then ok with the second AssumeRole');
    },
  },
  {
    id: 'aws/role-denied',
    fault: "A role's trust policy does not know us any more, and its credentials end",
    expected: 'The state names sts:AssumeRole and the trust policy; the other target goes on.',
    async run({ t, fired, state, figures, message }) {
      const accounts = [{ accountId: PAYER, accessKeyId: 'AKIATEST', sees: [PAYER] }, { accountId: MEMBER }];
      const exporter = await startWell(t, {
        configFile: `targets: [{name: own}, {name: member, roleArn: "${ROLE}"}]`,
        simulator: { accounts },
      });
      const { sim, clock, run, log } = exporter;
      sim.faults.add({ kind: 'deny', operation: 'AssumeRole' });
      sim.expireCredentials();
      clock.advance(60_000);
      t.equal(await run('cost', 'member'), 'failed');
      clock.advance(60_000);
      t.equal(await run('cost', 'member'), 'failed');
      t.equal(await run('cost', 'own'), 'collected');
      fired('denials of AssumeRole', exporter.hits('deny'));
      t.match(await exporter.collector('cost', 'member'), {
        state: 'failed',
        cause: { code: 'access_denied' },
      });
      t.match(await exporter.collector('cost', 'own'), { state: 'ok' });
      state('cost of member failed (access_denied), of own ok');
      await sameFigures(t, exporter);
      figures('unchanged');
      const line = log.findLast(({ code }) => code === 'access_denied');
      t.match(line?.msg, /sts:AssumeRole/);
      t.match(line?.advice, /trust policy/);
      message(line?.msg ?? '');
      sim.faults.clear();
      t.equal(await run('cost', 'member'), 'collected');
    },
  },
  {
    id: 'aws/credentials-of-another-account',
    fault: 'The credentials file gets keys of another account than the target says',
    expected: "Nothing of a stranger's bill is bought or shown: the figures are withdrawn.",
    async run({ t, fired, state, figures, message }) {
      const file = credentialsFile(t);
      file.write('AKIAPAYER');
      const accounts = [
        { accountId: PAYER, accessKeyId: 'AKIAPAYER' as string },
        { accountId: MEMBER, accessKeyId: 'AKIAOTHER' },
      ];
      const exporter = await startWell(t, {
        app: { credentials: undefined },
        configFile: `targets: [{name: default, accountId: "${PAYER}", capabilities: [cost]}]`,
        simulator: { accounts },
      });
      const { sim, clock, run, log, paid } = exporter;
      t.ok(exporter.before.business().length > 0);
      file.write('AKIAOTHER');
      // The old key is refused: only then are others looked for.
      accounts[0] = { accountId: PAYER, accessKeyId: 'AKIAGONE' };
      clock.advance(16 * 60_000);
      await run('cost');
      const bought = paid();
      t.equal(await run('cost'), 'failed');
      const asked = sim.requests.filter(
        ({ operation, account }) => operation === 'GetCallerIdentity' && account === MEMBER,
      );
      fired('answers of STS with another account', asked.length);
      t.match(await exporter.collector('cost'), { state: 'failed', cause: { code: 'wrong_account' } });
      t.equal(paid(), bought);
      state('cost failed (wrong_account), nothing bought');
      t.same((await exporter.metrics()).series('aws_cost_total'), []);
      figures('none: withdrawn');
      const line = log.findLast(({ code }) => code === 'wrong_account');
      t.match(line?.msg, `belong to account ${MEMBER}, not to ${PAYER}`);
      message(line?.msg ?? '');
    },
  },
];
