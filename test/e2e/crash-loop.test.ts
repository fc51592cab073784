import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { generateBill, startSimulator } from '../../src/simulator/index.ts';
import { CLI, runCommand, startCommand, startServe } from './command.ts';
import { collected, pageWith, readJson, total } from './page.ts';
import { cost } from './redis-helper.ts';

t.setTimeout(600_000);

const KILLS = 100;
const COLLECTORS = ['cost', 'forecast', 'tags', 'optimization', 'well-architected'];

t.test('100 kill -9 in a crash loop buy one round', async (t) => {
  const bill = generateBill({ seed: 1, today: new Date(), days: 50 });
  const simulator = await startSimulator({ bill });
  t.teardown(() => simulator.close());
  const env = { AWS_ENDPOINT_URL: simulator.url, STATE_DIR: `${t.testdir()}/state` };
  const paid = () => simulator.requests.filter(({ service, status }) => service === 'ce' && status === 200);

  const first = await startServe(t, env);
  await collected(first.metricsUrl, COLLECTORS);
  const before = await cost(first);
  // What is written after the page: a crash in between is one of the others.
  await sleep(500);
  await first.end('SIGKILL');
  const round = paid().length;
  t.ok(round > 0, `${round} pages in a round`);

  for (let kill = 1; kill < KILLS; kill++) {
    const command = startCommand(t, [CLI, 'serve'], { env });
    await sleep(Math.random() * 1_500);
    await command.end('SIGKILL');
    if (command.stderr() !== '') t.fail(command.stderr());
  }

  const last = await startServe(t, env);
  await pageWith(last.metricsUrl, 'the kept figures', (page) => total(page, 'aws_cost_total') > 0);
  t.same(await cost(last), before, 'the figures of the first round');
  t.equal(paid().length, round, 'nothing was bought anew');
  const { today } = await readJson<{ today: { requests: number } }>(`${last.restUrl}/spend`);
  t.equal(today.requests, round, 'the ledger says so too');
  const second = await runCommand(t, [CLI, 'serve'], { env });
  t.equal(second.code, 1, 'a second process on the same folder is refused');
  t.match(second.stderr, /^aws-cost-exporter: STATE_DIR .* is in use by another process[^\n]*\n$/);
  t.equal((await last.end('SIGTERM')).code, 0);
});

t.test('a crash loop that never lives to the end of a collection', async (t) => {
  const bill = generateBill({ seed: 1, today: new Date(), days: 50 });
  const simulator = await startSimulator({ bill });
  t.teardown(() => simulator.close());
  // An answer takes longer than the process lives.
  simulator.faults.add({ kind: 'delay', ms: 4_000, operation: 'GetCostAndUsage' });
  const env = { AWS_ENDPOINT_URL: simulator.url, STATE_DIR: `${t.testdir()}/state`, CAPABILITIES: 'cost' };
  for (let kill = 0; kill < 8; kill++) {
    const asked = simulator.requests.length;
    const served = await startServe(t, env);
    for (let wait = 0; wait < 20 && simulator.requests.length < asked + 2; wait++) await sleep(50);
    await served.end('SIGKILL');
  }
  const sent = simulator.requests.filter(({ operation }) => operation === 'GetCostAndUsage').length;
  t.equal(sent, 2, 'tried once more, since there is nothing to show yet, and not again in this round');
});
