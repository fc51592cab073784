// Several targets, one of which fails, do not touch each other.
import t from 'tap';
import type { SimulatorOptions } from '../../src/simulator/index.ts';
import { startCosts, TODAY } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { billOf, charges, MEMBER, PAYER, plusDays, sum, THIRD } from './bill.ts';

const ALL = charges('2026-09-01', '2026-12-15', [PAYER, MEMBER, THIRD]);
const WINDOW = { start: plusDays(TODAY, -30), end: TODAY };
const role = (account: string) => `arn:aws:iam::${account}:role/costs`;

/** Three accounts that see themselves alone, two of them reached by a role with an ExternalId. */
const ACCOUNTS: SimulatorOptions['accounts'] = [
  { accountId: PAYER, accessKeyId: 'AKIATEST', sees: [PAYER] },
  ...[MEMBER, THIRD].map((accountId) => ({
    accountId,
    roles: [
      { arn: role(accountId), externalId: `word-of-${accountId}` },
      { arn: `${role(accountId)}-too`, externalId: `word-of-${accountId}` },
    ],
  })),
];

const THREE = `targets:
  - {name: own}
  - {name: member, roleArn: "${role(MEMBER)}", externalId: word-of-${MEMBER}, accountId: "${MEMBER}"}
  - {name: third, roleArn: "${role(THIRD)}", externalId: word-of-${THIRD}}
`;

const world = (configFile: string, accounts = ACCOUNTS) => ({
  bill: billOf(ALL),
  configFile,
  simulator: { accounts },
});

t.test('each target is collected with its own credentials', async (t) => {
  const { metrics, target, get, sim } = await startCosts(t, world(THREE));
  const page = await metrics();
  const infos = Object.fromEntries(
    page.series('aws_cost_exporter_info').map(({ labels }) => [labels.target, labels.account_id]),
  );
  t.same(infos, { own: PAYER, member: MEMBER, third: THIRD });
  for (const [name, account] of Object.entries({ own: PAYER, member: MEMBER, third: THIRD })) {
    t.equal((await target(name)).accountId, account);
    const total = page
      .series('aws_cost_total', { account_id: account })
      .reduce((cost, { value }) => cost + value, 0);
    t.equal(total, sum(ALL, { ...WINDOW, account }), `${name}: its own window`);
    t.match((await get(`/cost/current?target=${name}`)).json(), { target: name, accountId: account, total });
    t.ok(page.value('aws_cost_forecast', { account_id: account }), `${name}: its own forecast`);
    t.equal(page.value('aws_cost_exporter_aws_spend_usd_total', { target: name }), 0.02);
  }
  t.match((await get('/cost/current')).json(), { target: 'own' }, 'the first by default');
  const assumed = sim.requests.filter(({ operation }) => operation === 'AssumeRole');
  t.same(
    assumed.map(({ body }) => (body as Record<string, unknown>).ExternalId).toSorted(),
    [`word-of-${MEMBER}`, `word-of-${THIRD}`],
    'once each, with its ExternalId',
  );
});

t.test('a denied, a wrong and a slow target leave the others as they are', async (t) => {
  const configFile = `targets:
  - {name: denied, roleArn: "${role(MEMBER)}", externalId: not-the-word}
  - {name: wrong, roleArn: "${role(MEMBER)}", externalId: word-of-${MEMBER}, accountId: "999999999999"}
  - {name: slow, roleArn: "${role(THIRD)}", externalId: word-of-${THIRD}}
  - {name: own}
`;
  const { metrics, target, get, sim, collector } = await startCosts(t, {
    ...world(configFile),
    settle: false,
    before: ({ faults }) => faults.add({ kind: 'hang', account: THIRD, operation: 'GetCostAndUsage' }),
  });
  await eventually('the last target and the failing ones have been tried', async () => {
    const states = await Promise.all(['denied', 'wrong', 'own'].map((name) => target(name)));
    return states.some(({ collectors }) => collectors.some(({ state }) => state === 'pending'))
      ? undefined
      : true;
  });
  await eventually(
    'the slow one is being asked',
    () => sim.requests.some(({ fault }) => fault === 'hang') || undefined,
  );

  const page = await metrics();
  const own = page.series('aws_cost_total').filter(({ labels }) => labels.account_id !== PAYER);
  t.same(own, [], 'no figure of the others');
  const total = page.series('aws_cost_total').reduce((cost, { value }) => cost + value, 0);
  t.equal(total, sum(ALL, { ...WINDOW, account: PAYER }), 'the last target is right');
  t.equal(page.value('aws_cost_exporter_collector_success', { collector: 'cost', target: 'own' }), 1);

  t.match(await collector('cost', 'denied'), {
    state: 'failed',
    cause: { code: 'access_denied', message: /sts:AssumeRole/, advice: /externalId/i },
  });
  t.equal(page.value('aws_cost_exporter_collector_success', { collector: 'cost', target: 'denied' }), 0);
  t.equal((await get('/cost/current?target=denied')).json().code, 'access_denied');

  t.match(await collector('cost', 'wrong'), { state: 'failed', cause: { code: 'wrong_account' } });
  t.equal(page.value('aws_cost_exporter_collector_success', { collector: 'forecast', target: 'wrong' }), 0);
  const wrong = await get('/cost/current?target=wrong');
  t.equal(wrong.status, 503);
  t.equal(wrong.json().code, 'wrong_account');
  t.same(
    sim.requests.filter(({ account, service }) => account === MEMBER && service === 'ce'),
    [],
    'nothing is bought for a wrong account',
  );

  t.match(await collector('cost', 'slow'), { state: 'pending', cause: null });
  t.same(page.series('aws_cost_exporter_collector_success', { collector: 'cost', target: 'slow' }), []);
  t.equal((await get('/ready')).status, 200);
});

t.test('an answer that changes hands: the account of a target is checked at each collection', async (t) => {
  const { metrics, run, clock, sim, collector, get } = await startCosts(t, world(THREE));
  t.ok((await metrics()).series('aws_cost_total', { account_id: MEMBER }).length > 0);
  clock.advance(3_600_000);
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCallerIdentity',
    account: MEMBER,
    mutate: (body) => ({ ...body, Account: '444444444444' }),
  });
  t.equal(await run('cost', 'member'), 'failed');
  t.equal((await collector('cost', 'member')).cause?.code, 'wrong_account');
  const page = await metrics();
  t.same(page.series('aws_cost_total', { account_id: MEMBER }), [], 'nothing is published for it');
  t.equal((await get('/cost/current?target=member')).status, 503);
  t.ok(page.series('aws_cost_total', { account_id: PAYER }).length > 0, 'the others stay');
});

t.test('two targets of one account: the second is refused', async (t) => {
  const configFile = `targets:
  - {name: one, roleArn: "${role(MEMBER)}", externalId: word-of-${MEMBER}}
  - {name: two, roleArn: "${role(MEMBER)}-too", externalId: word-of-${MEMBER}}
`;
  const { metrics, collector, sim, get } = await startCosts(t, world(configFile));
  t.equal((await collector('cost', 'one')).state, 'ok');
  for (const name of ['cost', 'forecast']) {
    const { state, cause } = await collector(name, 'two');
    t.match(
      { state, cause },
      { state: 'failed', cause: { code: 'wrong_account', message: /one.*two|two.*one/ } },
    );
  }
  t.equal((await get('/cost/current?target=two')).status, 503);
  t.equal(sim.requests.filter(({ service }) => service === 'ce').length, 2, 'bought once');
  t.equal(
    (await metrics()).value('aws_cost_exporter_collector_success', { collector: 'cost', target: 'two' }),
    0,
  );
});

t.test("capabilities of a target's own", async (t) => {
  const configFile = `targets:
  - {name: own, capabilities: [cost]}
  - {name: member, roleArn: "${role(MEMBER)}", externalId: word-of-${MEMBER}, capabilities: [forecast]}
`;
  const { metrics, target, get } = await startCosts(t, world(configFile));
  t.same(
    (await target('own')).collectors.map(({ collector }) => collector),
    ['cost'],
  );
  t.same(
    (await target('member')).collectors.map(({ collector }) => collector),
    ['forecast'],
  );
  t.equal((await get('/cost/current?target=own')).status, 200);
  t.match((await get('/cost/forecast?target=own')).json(), { statusCode: 404, error: 'Not Found' });
  t.equal((await get('/cost/current?target=member')).status, 404);
  t.equal((await get('/cost/forecast?target=member')).status, 200);
  const page = await metrics();
  t.equal(page.value('aws_cost_exporter_info', { target: 'own', features: 'cost' }), 1);
  t.equal(page.value('aws_cost_exporter_info', { target: 'member', features: 'forecast' }), 1);
  t.same(page.series('aws_cost_exporter_collector_success', { collector: 'forecast', target: 'own' }), []);
  t.same(
    page.series('aws_cost_exporter_aws_requests_total', { operation: 'GetCostForecast', target: 'own' }),
    [],
  );
});

t.test('a capability that is off everywhere has neither route nor family', async (t) => {
  const { get, metrics, sim } = await startCosts(t, { env: { CAPABILITIES: 'cost' } });
  t.match((await get('/cost/forecast')).json(), { statusCode: 404, error: 'Not Found' });
  t.equal((await get('/cost/current')).status, 200);
  const page = await metrics();
  t.same(
    [...page.families.keys()].filter((name) => /^aws_cost_forecast/.test(name)),
    [],
  );
  t.equal(page.value('aws_cost_exporter_info', { features: 'cost' }), 1);
  t.same(
    sim.requests.filter(({ operation }) => operation === 'GetCostForecast'),
    [],
  );
});
