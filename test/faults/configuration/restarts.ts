import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { MEMBER, PAYER, plusDays, sum } from '../../acceptance/bill.ts';
import { CHARGES, TODAY } from '../../helper.ts';
import { eventually } from '../../servers/process.ts';
import { startWell } from '../aws/helper.ts';
import type { FaultRow } from '../matrix.ts';

const ROLE = `arn:aws:iam::${MEMBER}:role/costs`;
const OWN = '{name: own, capabilities: [cost]}';
const WINDOW = { start: plusDays(TODAY, -30), end: TODAY };

/** Settings of an exporter whose figures outlast it. */
function keeping(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'state-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return { CACHE_TTL_SECONDS: undefined, STATE_DIR: join(folder, 'state'), CAPABILITIES: 'cost' };
}

/** What changes between two starts, or is seen only once it runs. */
export const rows: readonly FaultRow[] = [
  {
    id: 'configuration/target-removed',
    fault: 'A target is taken out of CONFIG_FILE between two starts',
    expected: "Its figures are gone, the others' stand unbought; what it has spent today still counts.",
    async run({ t, fired, state, figures, message }) {
      const env = keeping(t);
      // The member is heard first; without it the payer tells its cost.
      const both = await startWell(t, {
        env,
        configFile: `targets: [{name: member, roleArn: "${ROLE}", capabilities: [cost]}, ${OWN}]`,
      });
      t.equal(both.paid(), 2);
      await both.app.close();
      const one = await startWell(t, { env, configFile: `targets: [${OWN}]`, settle: false });
      const targets = (await one.get('/ready')).json<{ targets: { target: string }[] }>().targets;
      t.same(
        targets.map(({ target }) => target),
        ['own'],
      );
      fired('targets that are gone', 2 - targets.length);
      const { today } = (await one.get('/spend')).json<{ today: { requests: number; usd: number } }>();
      t.equal(today.requests, 2, 'the budget is of the whole exporter');
      t.equal(one.sim.requests.length, 0, 'what is fresh is not bought');
      t.match(await one.collector('cost'), { state: 'ok', stale: false });
      state(`own ok, member unknown; ${today.requests} requests of today in the ledger`);
      const page = await eventually('what is kept is shown', async () => {
        const shown = await one.metrics();
        return shown.business().length > 0 ? shown : undefined;
      });
      for (const account of [PAYER, MEMBER]) {
        const shown = page.series('aws_cost_total', { account_id: account });
        t.equal(
          shown.reduce((all, { value }) => all + value, 0),
          sum(CHARGES, { ...WINDOW, account }),
          account,
        );
      }
      figures('right: the account of the member is told by the payer now');
      const answer = (await one.get('/cost/current?target=member')).json<{
        statusCode: number;
        message: string;
      }>();
      t.match(answer, { statusCode: 404 });
      message(answer.message);
    },
  },
  {
    id: 'configuration/metric-changed',
    fault: 'COST_METRIC is another at the second start',
    expected: 'What was bought under the old one is not shown under the new one: it is bought anew.',
    async run({ t, fired, state, figures, message }) {
      const env = keeping(t);
      const one = await startWell(t, { env });
      const total = (page: typeof one.before) =>
        page.series('aws_cost_total').reduce((all, { value }) => all + value, 0);
      t.equal(total(one.before), sum(CHARGES, WINDOW));
      await one.app.close();
      const two = await startWell(t, { env: { ...env, COST_METRIC: 'AmortizedCost' } });
      // Amortized cost is twice the blended one in the bills of these tests.
      t.equal(total(two.before), 2 * sum(CHARGES, WINDOW));
      figures('right: those of the new metric');
      fired('purchases of the new metric', two.paid());
      t.match(await two.collector('cost'), { state: 'ok' });
      state('cost ok, bought anew');
      const line = two.log.findLast(({ collector }) => collector === 'cost');
      t.equal(line?.msg, 'collected');
      message(line?.msg ?? '');
    },
  },
  {
    id: 'configuration/one-account-twice',
    fault: 'Two targets turn out to be one account',
    expected: 'The first is heard, the second refused: its bill is not bought twice, no sum is doubled.',
    async run({ t, fired, state, figures, message }) {
      const exporter = await startWell(t, {
        configFile: `targets: [${OWN}, {name: twin, capabilities: [cost]}]`,
      });
      const { before, log, paid } = exporter;
      const line = log.find(({ code }) => code === 'wrong_account');
      fired('targets refused', log.filter(({ code }) => code === 'wrong_account').length);
      t.match(await exporter.collector('cost', 'own'), { state: 'ok' });
      t.match(await exporter.collector('cost', 'twin'), {
        state: 'failed',
        cause: { code: 'wrong_account', advice: /Remove one/ },
      });
      t.equal(paid(), 1);
      state('own ok, twin failed (wrong_account), 1 request');
      t.equal(
        before.series('aws_cost_total').reduce((all, { value }) => all + value, 0),
        sum(CHARGES, WINDOW),
      );
      figures('right, once');
      t.match(line?.msg, /own and twin are both account/);
      message(line?.msg ?? '');
    },
  },
];
