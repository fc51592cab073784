import { GetCostAndUsageCommand } from '@aws-sdk/client-cost-explorer';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
} from '@aws-sdk/client-sts';
import t from 'tap';
import type { SimulatorOptions } from '../../src/simulator/index.ts';
import { costExplorer, type Keys, now, row, type Scope, SOME_KEYS, start, stsClient } from './helper.ts';

const PAYER = '111122223333';
const MEMBER = '222233334444';
const LONG = '1234567890123';
const bill = [
  row('2026-03-01', '1', { SubAccountId: PAYER }),
  row('2026-03-01', '10', { SubAccountId: MEMBER }),
  row('2026-03-01', '100', { SubAccountId: LONG }),
];

async function setUp(t: Scope, options: Partial<SimulatorOptions> = {}) {
  const simulator = await start(t, { bill, now, ...options });
  return {
    simulator,
    whoIs: (keys: Keys = SOME_KEYS) => stsClient(t, simulator, keys).send(new GetCallerIdentityCommand({})),
    async assume(input: Partial<AssumeRoleCommandInput>, keys: Keys = SOME_KEYS) {
      const answer = await stsClient(t, simulator, keys).send(
        new AssumeRoleCommand({
          RoleArn: `arn:aws:iam::${MEMBER}:role/path/reader`,
          RoleSessionName: 'test',
          ...input,
        }),
      );
      const {
        AccessKeyId = '',
        SecretAccessKey = '',
        SessionToken = '',
        Expiration,
      } = answer.Credentials ?? {};
      const keysGiven = {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      };
      return { answer, keys: keysGiven, expiration: Expiration };
    },
    async costOf(keys: Keys) {
      const answer = await costExplorer(t, simulator, keys).send(
        new GetCostAndUsageCommand({
          TimePeriod: { Start: '2026-03-01', End: '2026-03-02' },
          Granularity: 'DAILY',
          Metrics: ['BlendedCost'],
        }),
      );
      return answer.ResultsByTime?.[0]?.Total?.BlendedCost?.Amount;
    },
  };
}

t.test('without accounts any access key is the payer', async (t) => {
  const { whoIs, costOf } = await setUp(t);
  const { $metadata, ...identity } = await whoIs();
  t.strictSame(identity, {
    Account: PAYER,
    Arn: `arn:aws:iam::${PAYER}:user/simulator`,
    UserId: `AIDA0000${PAYER}`,
  });
  t.match($metadata.requestId, /^[0-9a-f-]{36}$/);
  t.equal(await costOf(SOME_KEYS), '111');
});

t.test('an assumed role is its account and sees it alone, the payer sees all', async (t) => {
  const { assume, whoIs, costOf, simulator } = await setUp(t);
  const { keys, answer, expiration } = await assume({ DurationSeconds: 900 });
  t.match(keys.accessKeyId, /^ASIA/);
  const seconds = ((expiration?.getTime() ?? 0) - Date.now()) / 1000;
  t.ok(seconds > 880 && seconds <= 900, `expires in ${seconds} s`);
  t.match(answer.AssumedRoleUser, { Arn: `arn:aws:sts::${MEMBER}:assumed-role/reader/test` });
  t.match(await whoIs(keys), { Account: MEMBER, Arn: `arn:aws:sts::${MEMBER}:assumed-role/reader/test` });
  t.equal(await costOf(keys), '10');
  t.equal(simulator.requests.at(-1)?.account, MEMBER);
  t.equal(await costOf((await assume({ RoleArn: `arn:aws:iam::${PAYER}:role/r` })).keys), '111');
  const long = await assume({ RoleArn: `arn:aws-cn:iam::${LONG}:role/r` });
  t.equal(await costOf(long.keys), '100', 'an account id of 13 digits');
  t.match((await whoIs(long.keys)).Arn, /^arn:aws-cn:sts:/);
  const chained = await assume({ RoleArn: `arn:aws:iam::${LONG}:role/r` }, keys);
  t.equal(await costOf(chained.keys), '100', 'a role assumed from a role');
});

t.test('temporary credentials need their token, their secret, and time', async (t) => {
  const { assume, costOf, whoIs, simulator } = await setUp(t);
  const { keys } = await assume({});
  await t.rejects(costOf({ ...keys, sessionToken: 'x' }), { name: 'UnrecognizedClientException' });
  const { sessionToken: _, ...bare } = keys;
  await t.rejects(costOf(bare), { name: 'UnrecognizedClientException' });
  await t.rejects(whoIs(bare), { name: 'InvalidClientTokenId' });
  await t.rejects(costOf({ ...keys, secretAccessKey: 'wrong' }), { name: 'InvalidSignatureException' });
  await t.rejects(whoIs({ ...keys, secretAccessKey: 'wrong' }), { name: 'SignatureDoesNotMatch' });
  t.equal(await costOf(keys), '10');
  simulator.expireCredentials();
  await t.rejects(costOf(keys), { name: 'ExpiredTokenException' });
  await t.rejects(whoIs(keys), { name: /^ExpiredToken/ });
});

t.test('configured accounts', async (t) => {
  const arn = `arn:aws:iam::${MEMBER}:role/exporter`;
  const { assume, costOf, whoIs } = await setUp(t, {
    accounts: [
      { accountId: PAYER, accessKeyId: 'AKIAPAYER', secretAccessKey: 'secret' },
      { accountId: LONG, accessKeyId: 'AKIALONG', sees: [LONG, MEMBER] },
      { accountId: MEMBER, roles: [{ arn, externalId: 'shared' }] },
    ],
  });
  const payer = { accessKeyId: 'AKIAPAYER', secretAccessKey: 'secret' };
  t.equal(await costOf(payer), '111');
  t.equal(await costOf({ accessKeyId: 'AKIALONG', secretAccessKey: 'any' }), '110', 'what it is told to see');
  await t.rejects(costOf({ ...payer, secretAccessKey: 'guess' }), { name: 'InvalidSignatureException' });
  await t.rejects(costOf(SOME_KEYS), { name: 'UnrecognizedClientException' });
  await t.rejects(whoIs(SOME_KEYS), { name: 'InvalidClientTokenId' });

  const denied = { name: /^AccessDenied/, message: /sts:AssumeRole/ };
  await t.rejects(assume({ RoleArn: arn }, payer), denied, 'no external id');
  await t.rejects(assume({ RoleArn: arn, ExternalId: 'other' }, payer), denied, 'another external id');
  await t.rejects(assume({ RoleArn: `${arn}2`, ExternalId: 'shared' }, payer), denied, 'another role');
  t.equal(await costOf((await assume({ RoleArn: arn, ExternalId: 'shared' }, payer)).keys), '10');
});

t.test('AssumeRole refuses', async (t) => {
  const { assume } = await setUp(t);
  const role = (account: string) => ({ RoleArn: `arn:aws:iam::${account}:role/r` });
  await t.rejects(assume(role('999999999999')), { name: /^AccessDenied/ }, 'an account that is not there');
  await t.rejects(assume({ RoleArn: 'arn:aws:iam::nobody:user/somebody' }), { name: /^AccessDenied/ });
  await t.rejects(assume({ RoleArn: 'short' }), { name: 'ValidationError', message: /roleArn/ });
  await t.rejects(assume({ RoleSessionName: 'with space' }), {
    name: 'ValidationError',
    message: /roleSessionName/,
  });
  await t.rejects(assume({ DurationSeconds: 60 }), { name: 'ValidationError', message: /durationSeconds/ });
  await t.rejects(assume({ ExternalId: 'x' }), { name: 'ValidationError', message: /externalId/ });
  const { keys } = await assume({});
  await t.rejects(assume({ DurationSeconds: 7200 }, keys), { name: 'ValidationError', message: /1 hour/ });
});

t.test('the query protocol', async (t) => {
  const { simulator } = await setUp(t);
  const ask = (body: string) =>
    fetch(simulator.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
  const unsigned = await ask('Action=GetCallerIdentity&Version=2011-06-15');
  t.equal(unsigned.status, 403);
  t.match(await unsigned.text(), /<Code>MissingAuthenticationToken<\/Code>/);
  const unknown = await ask('Action=Get%3CX%3E&Version=2011-06-15');
  t.equal(unknown.status, 400);
  t.match(await unknown.text(), /<Code>InvalidAction<\/Code><Message>Unknown operation: Get&lt;X&gt;</);
  t.equal((await ask('Action=GetCallerIdentity&Version=2000-01-01')).status, 400, 'another version');
});
