// A linked account that two targets see is reported once, by the first in file order.
import t, { type Test } from 'tap';
import { type Exporter, startCosts, TODAY } from '../helper.ts';
import { billOf, charges, MEMBER, PAYER, plusDays, sum, THIRD } from './bill.ts';
import type { MetricsPage } from './parse-metrics.ts';

const ALL = charges('2026-09-01', '2026-12-15', [PAYER, MEMBER, THIRD]);
const WINDOW = { start: plusDays(TODAY, -30), end: TODAY };
const ROLE = `arn:aws:iam::${MEMBER}:role/costs`;
const PAYER_FIRST = `targets: [{name: payer}, {name: member, roleArn: "${ROLE}"}]`;
const MEMBER_FIRST = `targets: [{name: member, roleArn: "${ROLE}"}, {name: payer}]`;

/** A payer that sees three accounts, and a member that sees itself and, by a mutation, at half the cost. */
function start(t: Test, configFile: string, before?: (exporter: Exporter['sim']) => void): Promise<Exporter> {
  return startCosts(t, {
    bill: billOf(ALL),
    configFile,
    simulator: {
      accounts: [
        { accountId: PAYER, accessKeyId: 'AKIATEST', sees: [PAYER, MEMBER, THIRD] },
        { accountId: MEMBER, sees: [MEMBER] },
      ],
    },
    before: (sim) => {
      before?.(sim);
      sim.faults.add({
        kind: 'mutate',
        operation: 'GetCostAndUsage',
        account: MEMBER,
        mutate: (body) =>
          JSON.parse(
            JSON.stringify(body).replaceAll(
              /"Amount":"([^"]*)"/g,
              (_, amount) => `"Amount":"${Number(amount) / 2}"`,
            ),
          ),
      });
    },
  });
}

/** Window cost of an account on the page, all services. */
function costOf(page: MetricsPage, account: string): number | undefined {
  const series = page.series('aws_cost_total', { account_id: account });
  return series.length === 0 ? undefined : series.reduce((total, { value }) => total + value, 0);
}

const full = (account: string) => sum(ALL, { ...WINDOW, account });

t.test("the first in file order is heard: the payer's view", async (t) => {
  const { metrics, get } = await start(t, PAYER_FIRST);
  const page = await metrics();
  t.equal(costOf(page, MEMBER), full(MEMBER));
  t.equal(costOf(page, PAYER), full(PAYER));
  t.equal(page.series('aws_account_info', { account_id: MEMBER }).length, 1);
  t.equal(page.series('aws_cost_forecast').length, 2, 'what is by target stays by target');
  t.same(
    page
      .series('aws_cost_currency_info')
      .map(({ labels }) => labels.account_id)
      .toSorted(),
    [PAYER, MEMBER],
  );
  t.equal(
    (await get('/cost/current?target=member')).json().total,
    full(MEMBER) / 2,
    'REST answers for its target',
  );
  t.ok((page.value('aws_cost_exporter_collector_series', { collector: 'cost', target: 'member' }) ?? 9) <= 2);
});

t.test("the first in file order is heard: the member's view", async (t) => {
  const page = await (await start(t, MEMBER_FIRST)).metrics();
  t.equal(costOf(page, MEMBER), full(MEMBER) / 2);
  t.equal(costOf(page, PAYER), full(PAYER), "the payer's other accounts are its own");
  t.equal(costOf(page, THIRD), full(THIRD));
});

t.test('a target that never succeeded hides nothing; once it does, it is heard', async (t) => {
  const { metrics, run, sim } = await start(t, PAYER_FIRST, ({ faults }) =>
    faults.add({ kind: 'deny', account: PAYER, operation: 'GetCostAndUsage', times: 1 }),
  );
  t.equal(costOf(await metrics(), MEMBER), full(MEMBER) / 2, 'the later target is heard meanwhile');
  t.equal(costOf(await metrics(), PAYER), undefined);
  t.equal(await run('cost', 'payer'), 'collected');
  t.equal(costOf(await metrics(), MEMBER), full(MEMBER), 'then the first one is');
  sim.faults.add({ kind: 'deny', account: PAYER, operation: 'GetCostAndUsage' });
  t.equal(await run('cost', 'payer'), 'failed');
  t.equal(costOf(await metrics(), MEMBER), full(MEMBER), 'and with its last good snapshot it still is');
});

t.test('an account that the first target no longer sees comes back under the other', async (t) => {
  const { metrics, run, sim } = await start(t, PAYER_FIRST);
  t.equal(costOf(await metrics(), MEMBER), full(MEMBER));
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    account: PAYER,
    mutate: (body) => {
      type Group = { Keys: string[] };
      const days = body.ResultsByTime as { Groups: Group[] }[];
      return {
        ...body,
        ResultsByTime: days.map((day) => ({
          ...day,
          Groups: day.Groups.filter(({ Keys }) => Keys[1] !== MEMBER),
        })),
      };
    },
  });
  t.equal(await run('cost', 'payer'), 'collected');
  const page = await metrics();
  t.equal(costOf(page, MEMBER), full(MEMBER) / 2);
  t.equal(costOf(page, PAYER), full(PAYER));
});

t.test('a target that turns out to be of a wrong account hides nothing any more', async (t) => {
  const configFile = `targets: [{name: payer, accountId: "${PAYER}"}, {name: member, roleArn: "${ROLE}"}]`;
  const { metrics, run, sim, clock } = await start(t, configFile);
  t.equal(costOf(await metrics(), MEMBER), full(MEMBER));
  clock.advance(3_600_000);
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCallerIdentity',
    account: PAYER,
    mutate: (body) => ({ ...body, Account: '444444444444' }),
  });
  t.equal(await run('cost', 'payer'), 'failed');
  t.equal(costOf(await metrics(), MEMBER), full(MEMBER) / 2);
});

t.test('one log line says what was left out', async (t) => {
  const lines: string[] = [];
  const { run } = await startCosts(t, {
    bill: billOf(ALL),
    configFile: PAYER_FIRST,
    simulator: {
      accounts: [
        { accountId: PAYER, accessKeyId: 'AKIATEST', sees: 'all' },
        { accountId: MEMBER, sees: [MEMBER] },
      ],
    },
    app: { logger: { level: 'info', stream: { write: (line: string) => lines.push(line) } } },
  });
  await run('cost', 'payer');
  await run('cost', 'member');
  const said = lines.filter((line) => line.includes(MEMBER) && /left out/.test(line));
  t.equal(said.length, 1, 'one, however often they are collected');
});
