import { setTimeout as sleep } from 'node:timers/promises';
import * as costExplorer from '@aws-sdk/client-cost-explorer';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import t from 'tap';
import { MAX_ATTEMPTS } from '../../src/aws/clients.ts';
import type { Transport } from '../../src/aws/http.ts';
import type { FaultAction } from '../../src/simulator/index.ts';
import { type Buyer, USD_PER_PAGE } from '../../src/spend/ledger.ts';
import { eventually, freePort } from '../servers/process.ts';
import { awsAt, Notebook, type Scope, simulatorOf, someQuery, tcpServer } from './helper.ts';

t.setTimeout(150_000);

/** Buys once at an address. */
async function buy(
  t: Scope,
  endpoint: string,
  { signal = new AbortController().signal, transport }: { signal?: AbortSignal; transport?: Transport } = {},
) {
  const ledger = new Notebook();
  const { aws, attempts } = awsAt(t, endpoint, { ledger, ...(transport ? { transport } : {}) });
  const session = await aws.session('cost', signal);
  const error = await session
    .costExplorer()
    .send(someQuery(), { abortSignal: signal })
    .then(
      () => undefined,
      (thrown: Error) => thrown,
    );
  return { error, lines: ledger.lines, attempts, paidRequests: session.paidRequests };
}

const FREE = ['asked', 'free'];
const PAID = ['asked', 'paid'];
const times = (count: number, lines: string[]) => Array.from({ length: count }, () => lines).flat();

t.test(
  'every attempt passes the door: what AWS answers with 200 is paid, what it refuses is not',
  async (t) => {
    const simulator = await simulatorOf(t);
    const cases: [FaultAction & { times?: number }, lines: string[], succeeds?: boolean][] = [
      [{ kind: 'throttle', times: 1 }, [...FREE, ...PAID], true],
      [{ kind: 'throttle' }, times(MAX_ATTEMPTS, FREE)],
      [{ kind: 'error500', times: 2 }, [...FREE, ...FREE, ...PAID], true],
      [{ kind: 'error503' }, times(MAX_ATTEMPTS, FREE)],
      [{ kind: 'deny' }, FREE],
      [{ kind: 'error', type: 'DataUnavailableException', message: 'none yet' }, FREE],
      [{ kind: 'corrupt' }, PAID],
      [{ kind: 'truncate' }, PAID],
    ];
    t.match(await buy(t, simulator.url), { error: undefined, lines: PAID, paidRequests: 1 });
    for (const [fault, lines, succeeds = false] of cases) {
      simulator.faults.clear();
      simulator.faults.add({ ...fault, operation: 'GetCostAndUsage' });
      const before = simulator.requests.length;
      const result = await buy(t, simulator.url);
      const name = `${fault.kind} ${fault.times ?? ''}`;
      t.same(result.lines, lines, name);
      t.equal(result.error === undefined, succeeds, name);
      t.equal(simulator.requests.length - before, lines.length / 2, `${name}: each request was asked for`);
      t.equal(result.paidRequests, lines.filter((line) => line === 'paid').length, name);
      t.equal(result.attempts.length, lines.length / 2, `${name}: each attempt is measured`);
    }
  },
);

t.test('an answer that is cut off, a reset and a silence are of unknown outcome: paid', async (t) => {
  const simulator = await simulatorOf(t);
  simulator.faults.add({ kind: 'cut', operation: 'GetCostAndUsage' });
  const cut = await buy(t, simulator.url);
  t.ok(cut.error);
  t.same(new Set(cut.lines), new Set(PAID), `cut: ${cut.lines}`);

  const reset = await tcpServer(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { error, lines } = await buy(t, `http://127.0.0.1:${reset.port}`);
  t.ok(error);
  t.same(new Set(lines), new Set(PAID), `reset: ${lines}`);

  const silent = await tcpServer(t, () => {});
  const handler = new NodeHttpHandler({ requestTimeout: 100, throwOnRequestTimeout: true });
  const quick: Transport = { handler, close: () => handler.destroy() };
  const timedOut = await buy(t, `http://127.0.0.1:${silent.port}`, { transport: quick });
  t.equal(timedOut.error?.name, 'TimeoutError');
  t.same(new Set(timedOut.lines), new Set(PAID), `timeout: ${timedOut.lines}`);
  t.match(
    timedOut.attempts,
    timedOut.attempts.map(() => 'default GetCostAndUsage timeout'),
  );
});

t.test('an abort in mid-request ends the connection, and is paid', async (t) => {
  const silent = await tcpServer(t, () => {});
  const controller = new AbortController();
  const result = buy(t, `http://127.0.0.1:${silent.port}`, { signal: controller.signal });
  await eventually('a connection', () => silent.sockets.size === 1 || undefined);
  const [socket] = silent.sockets;
  await eventually('the request', () => (socket?.bytesRead ?? 0) > 0 || undefined);
  controller.abort();
  t.match(await result, { error: Error, lines: PAID });
  await eventually('the end of the connection', () => silent.sockets.size === 0 || undefined);
});

t.test('a connection that is refused is free', async (t) => {
  const port = await freePort();
  for (const host of ['127.0.0.1', 'localhost']) {
    const { error, lines, paidRequests } = await buy(t, `http://${host}:${port}`);
    t.ok(error, host);
    t.same(new Set(lines), new Set(FREE), `${host}: ${lines}`);
    t.equal(paidRequests, 0);
  }
});

t.test('what is aborted before it is sent neither asks nor pays', async (t) => {
  const simulator = await simulatorOf(t);
  const { error, lines } = await buy(t, simulator.url, { signal: AbortSignal.abort() });
  t.ok(error);
  t.same(lines, []);
  t.equal(simulator.requests.length, 0);
});

t.test('what is aborted while the ledger thinks is not sent, and free', async (t) => {
  const simulator = await simulatorOf(t);
  for (const handed of [true, false]) {
    const controller = new AbortController();
    const ledger = new Notebook(async () => controller.abort());
    const { aws } = awsAt(t, simulator.url, { ledger });
    const client = (await aws.session('cost', controller.signal)).costExplorer();
    const options = handed ? { abortSignal: controller.signal } : {};
    await t.rejects(client.send(someQuery(), options), handed ? 'signal handed on' : 'signal not handed on');
    t.equal(ledger.paid, 0, 'not paid');
    t.equal(simulator.requests.length, 0, 'not sent');
  }
});

t.test("what stops being this replica's while the ledger thinks is not sent, and free", async (t) => {
  const simulator = await simulatorOf(t);
  let holder = true;
  const ledger = new Notebook(async () => {
    holder = false;
  });
  const mayBuy = (target: string) => target === 'default' && holder;
  const { aws, spent } = awsAt(t, simulator.url, { ledger, mayBuy });
  const session = await aws.session('cost', new AbortController().signal);
  const sent = session.costExplorer().send(someQuery());
  await t.rejects(sent, { code: 'not_leader' });
  t.same(ledger.lines, FREE, 'asked once, and given back');
  t.equal(simulator.requests.length, 0, 'not sent');
  t.same([session.paidRequests, spent], [0, []]);
});

t.test('what the ledger has not entered yet is not sent', async (t) => {
  const simulator = await simulatorOf(t);
  const gate = Promise.withResolvers<void>();
  const { aws } = awsAt(t, simulator.url, { ledger: new Notebook(() => gate.promise) });
  const sent = (await aws.session('cost', new AbortController().signal)).costExplorer().send(someQuery());
  await sleep(50);
  t.equal(simulator.requests.length, 0);
  gate.resolve();
  await sent;
  t.equal(simulator.requests.length, 1);
});

t.test('a ledger that refuses keeps every operation of every client from being sent', async (t) => {
  const simulator = await simulatorOf(t);
  const ledger = new Notebook(async () => {
    throw new Error('the budget is spent');
  });
  const { aws } = awsAt(t, simulator.url, { ledger });
  const session = await aws.session('cost', new AbortController().signal);
  const commands = Object.entries(costExplorer).flatMap(([name, value]) =>
    /^\w+Command$/.test(name) && isCommand(value) ? [value] : [],
  );
  t.ok(commands.length > 30, `${commands.length} operations`);
  for (const Command of commands) {
    const client = session.costExplorer();
    await t.rejects(client.send(new Command(someQuery().input)), /the budget is spent/, Command.name);
  }
  await sleep(20);
  t.equal(simulator.requests.length, 0);
  t.same(ledger.lines, times(commands.length, ['asked']), 'each asked once: a refusal is not retried');
  t.equal(session.paidRequests, 0);
});

function isCommand(value: unknown): value is typeof costExplorer.GetCostAndUsageCommand {
  return typeof value === 'function';
}

t.test('each session counts its own, in the name of its collector', async (t) => {
  const simulator = await simulatorOf(t);
  const asked: (Buyer & { operation: string })[] = [];
  const ledger = new Notebook(async (buyer, operation) => {
    asked.push({ ...buyer, operation });
  });
  const { aws, spent } = awsAt(t, simulator.url, { ledger, target: { name: 'one' } });
  const { signal } = new AbortController();
  const [cost, forecast] = await Promise.all([aws.session('cost', signal), aws.session('forecast', signal)]);
  await cost.costExplorer().send(someQuery());
  await cost.costExplorer().send(someQuery());
  await forecast.costExplorer().send(someQuery());
  simulator.faults.add({ kind: 'deny' });
  await t.rejects(forecast.costExplorer().send(someQuery()));
  t.same([cost.paidRequests, forecast.paidRequests], [2, 1]);
  const query = { target: 'one', operation: 'GetCostAndUsage' };
  t.same(asked, [
    ...times(2, ['cost']).map((collector) => ({ ...query, collector })),
    ...times(2, ['forecast']).map((collector) => ({ ...query, collector })),
  ]);
  t.same(ledger.lines, [...times(3, PAID), ...FREE]);
  t.same(
    spent,
    times(3, ['one']).map((name) => [name, USD_PER_PAGE]),
    'what was refused costs nothing',
  );
});
