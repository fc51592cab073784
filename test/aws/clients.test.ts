import t from 'tap';
import { CollectionError } from '../../src/errors.ts';
import { generateBill, startSimulator } from '../../src/simulator/index.ts';
import { VERSION } from '../../src/version.ts';
import { freePort } from '../servers/process.ts';
import { awsAt, simulatorOf, someQuery } from './helper.ts';

t.setTimeout(30_000);

const { signal } = new AbortController();

t.test('every request names the program and its version', async (t) => {
  const simulator = await simulatorOf(t);
  const roleArn = 'arn:aws:iam::500000000001:role/reader';
  const account = generateBill({ seed: 1, today: new Date(), days: 1, accounts: 2, services: 1 })[1]
    ?.SubAccountId;
  const { aws } = awsAt(t, simulator.url, {
    target: { roleArn: roleArn.replace('500000000001', account ?? '') },
  });
  t.equal(await aws.accountId(), account);
  await (await aws.session('cost', signal)).costExplorer().send(someQuery());
  const operations = simulator.requests.map(({ operation }) => operation);
  t.same(operations, ['AssumeRole', 'GetCallerIdentity', 'GetCostAndUsage']);
  for (const { operation, userAgent } of simulator.requests) {
    t.ok(userAgent.split(' ').includes(`aws-cost-exporter/${VERSION}`), `${operation}: ${userAgent}`);
  }
});

t.test("Cost Explorer is signed for the partition's region, STS for the target's", async (t) => {
  const simulator = await simulatorOf(t);
  for (const [region, signed] of [
    ['eu-central-1', 'us-east-1'],
    ['cn-north-1', 'cn-northwest-1'],
  ] as const) {
    const from = simulator.requests.length;
    const { aws } = awsAt(t, simulator.url, { target: { region } });
    await aws.accountId();
    await (await aws.session('cost', signal)).costExplorer().send(someQuery());
    t.same(
      simulator.requests.slice(from).map((record) => [record.service, record.region]),
      [
        ['sts', region],
        ['ce', signed],
      ],
    );
  }
});

t.test('a partition without Cost Explorer says so', async (t) => {
  const { aws } = awsAt(t, 'http://127.0.0.1:1', { target: { region: 'us-gov-west-1' } });
  const session = await aws.session('cost', signal);
  t.throws(() => session.costExplorer(), { name: 'CollectionError', code: 'not_enabled' });
});

t.test('a partition without the Well-Architected Tool says so; GovCloud has it', async (t) => {
  const inRegion = async (region: string) => {
    const { aws } = awsAt(t, 'http://127.0.0.1:1', { target: { region } });
    return aws.session('well-architected', signal);
  };
  const china = await inRegion('cn-north-1');
  t.throws(() => china.wellArchitected('cn-north-1'), {
    name: 'CollectionError',
    code: 'not_enabled',
    message: /aws-cn/,
    advice: /switch this capability off/i,
  });
  const government = await inRegion('us-gov-west-1');
  t.doesNotThrow(() => government.wellArchitected('us-gov-west-1'));
});

t.test('roles: the external id is sent; a refusal is a typed cause that names the role', async (t) => {
  const now = new Date('2026-03-15T12:00:00Z');
  const arn = 'arn:aws:iam::222233334444:role/reader';
  const accounts = [
    { accountId: '111122223333', accessKeyId: 'AKIATEST' },
    { accountId: '222233334444', roles: [{ arn, externalId: 'agreed' }] },
  ];
  const bill = generateBill({ seed: 1, today: now, days: 20 });
  const simulator = await startSimulator({ bill, accounts, now: () => now });
  t.teardown(() => simulator.close());
  const right = awsAt(t, simulator.url, { target: { roleArn: arn, externalId: 'agreed' } });
  t.equal(await right.aws.accountId(), '222233334444');
  t.same(right.attempts, ['default AssumeRole success', 'default GetCallerIdentity success']);
  const wrong = awsAt(t, simulator.url, { target: { roleArn: arn, externalId: 'guessed' } });
  const error = await wrong.aws.accountId().catch((thrown: unknown) => thrown);
  t.ok(error instanceof CollectionError);
  t.match(error, { code: 'access_denied', message: /sts:AssumeRole/, advice: /externalId/ });
  t.same(wrong.attempts, ['default AssumeRole access_denied']);
});

t.test('credentials that AWS refuses are resolved anew at the next attempt', async (t) => {
  const simulator = await simulatorOf(t);
  const account = generateBill({ seed: 1, today: new Date(), days: 1, accounts: 2, services: 1 })[1]
    ?.SubAccountId;
  const { aws } = awsAt(t, simulator.url, { target: { roleArn: `arn:aws:iam::${account}:role/reader` } });
  const query = async () => (await aws.session('cost', signal)).costExplorer().send(someQuery());
  await query();
  simulator.expireCredentials();
  const error = await query().catch((thrown: unknown) => thrown);
  t.match(error, { name: 'ExpiredTokenException' });
  aws.noteFailure(error);
  await query();
  t.equal(simulator.requests.filter(({ operation }) => operation === 'AssumeRole').length, 2);
});

t.test('an endpoint that nobody listens on is no answer', async (t) => {
  const { aws, attempts } = awsAt(t, `http://127.0.0.1:${await freePort()}`);
  const error = await aws.accountId().catch((thrown: unknown) => thrown);
  t.match(error, { code: 'error', message: /did not get an answer/ });
  t.same(new Set(attempts), new Set(['default GetCallerIdentity error']));
});
