import t from 'tap';
import { ownSpend } from '../../../routes/home/spend.ts';
import { startCosts, startExporter } from '../../helper.ts';
import { freePort } from '../../servers/process.ts';
import { home } from './page.ts';

const OWN = /This exporter's own spend today: (\S+) of its (\S+) budget/;

t.test('what the exporter spends today stands beside its budget, as /spend says it', async (t) => {
  const configFile = 'targets: [{name: payer}, {name: member, roleArn: "arn:aws:iam::222222222222:role/r"}]';
  const exporter = await startExporter(t, { configFile, env: { AWS_SPEND_BUDGET_USD: '1.50' } });
  const shown = async () => {
    const [{ words }, spend] = [await home(exporter), await exporter.get('/spend')];
    const { today } = spend.json<{ today: { usd: number; requests: number } }>();
    t.match(words, `own spend today: $${today.usd.toFixed(2)} of its $1.50 budget`);
    return today.requests;
  };
  t.equal((await exporter.get('/spend')).json<{ complete: boolean }>().complete, true);
  const first = await shown();
  t.ok(first > 0);
  await exporter.run('cost');
  t.ok((await shown()) > first);

  exporter.clock.set('2026-11-23T00:00:00Z');
  const { words } = await home(exporter);
  t.equal(OWN.exec(words)?.[1], '$0.00', 'a new UTC day, a new budget');
});

t.test('a gauge shows the share', (t) => {
  const cases: [usd: number, budgetUsd: number, width: string | undefined, full: boolean][] = [
    [0, 1, undefined, false],
    [0.5, 1, '48', false],
    [0.79, 1, '75.84', false],
    [0.8, 1, '76.8', true],
    [1, 1, '96', true],
    [3, 1, '96', true],
    [0, 0, '96', true],
  ];
  for (const [usd, budgetUsd, width, full] of cases) {
    const text = String(ownSpend({ usd, budgetUsd, complete: true }));
    t.equal(/class="part" width="([^"]*)"/.exec(text)?.[1], width, `${usd} of ${budgetUsd}`);
    t.equal(text.includes('class="gauge full"'), full, `${usd} of ${budgetUsd}: colour`);
  }
  t.end();
});

t.test('the page is there while Redis is not', async (t) => {
  const env = { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(await freePort()) };
  const exporter = await startCosts(t, { env, settle: false });
  const { status, words } = await home(exporter);
  t.equal(status, 200);
  t.match(words, /own spend today: at least \$0\.00 of its .*Redis cannot be asked/s);
  t.equal((await exporter.get('/spend')).json<{ complete: boolean }>().complete, false);
});
