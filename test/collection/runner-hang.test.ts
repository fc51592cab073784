import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { collectCost } from '../../plugins/cost/collect.ts';
import { awsError } from '../../src/aws/aws-errors.ts';
import { awsAt, Notebook, type Scope, simulatorOf, tcpServer } from '../aws/helper.ts';
import { eventually } from '../servers/process.ts';
import { brings, capabilityOf, machineOf, NOON } from './runner-helper.ts';

t.setTimeout(30_000);
const alive = setInterval(() => {}, 1_000);
t.teardown(() => clearInterval(alive));

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const SETTINGS = {
  metric: 'BlendedCost' as const,
  windowDays: 1,
  dailyDays: 1,
  settledDays: 1,
  intervalMs: 3_600_000,
};

/** A machine that buys from a simulator which hangs, over a wire that can be watched. */
async function hanging(t: Scope, timeoutMs: number) {
  const simulator = await simulatorOf(t);
  const wire = await tcpServer(t, (socket) => {
    const onwards = connect(simulator.port, '127.0.0.1');
    onwards.on('error', () => socket.destroy());
    socket.pipe(onwards).pipe(socket);
    socket.on('close', () => onwards.destroy());
  });
  const ledger = new Notebook();
  const { aws } = awsAt(t, `http://127.0.0.1:${wire.port}`, { ledger });
  const capability = capabilityOf(
    async (context) => {
      await collectCost({ ...context, previous: undefined, former: undefined }, SETTINGS);
      return brings(1);
    },
    { timeoutMs },
  );
  const machine = machineOf({
    cacheTtlMs: 0,
    capabilities: [capability],
    aws: {
      account: () => aws.accountId(),
      session: (_target, collector, signal) => aws.session(collector, signal),
      classify: (_target, error) => awsError(error, 'ce:*'),
    },
  });
  // The first purchase loads and connects; what hangs afterwards is the call alone.
  await machine.runner.run(machine.state());
  simulator.faults.add({ kind: 'hang', operation: 'GetCostAndUsage' });
  return { ...machine, simulator, wire, ledger, paid: ledger.paid };
}

t.test(
  'a hung call ends at the timeout of its collector: its connection is closed, it counts as paid',
  async (t) => {
    const { runner, state, simulator, wire, ledger, told, paid } = await hanging(t, 1_500);
    const run = runner.run(state());
    await eventually('the hung request', () => simulator.requests.at(-1)?.fault === 'hang' || undefined);
    t.ok(wire.sockets.size > 0);
    const [socket] = [...wire.sockets].slice(-1);
    collectGarbage();
    t.match(await run, { kind: 'failed', paid: true });
    await eventually('the end of the connection', () => socket?.destroyed || undefined, 5_000);
    t.match(state(), { status: 'failed', cause: { code: 'timeout' } });
    t.ok(told.some((text) => text === `attempt cost/default failed ${state().lastAttempt! - NOON}`));
    await eventually('the settlement', () => ledger.paid === paid + 1 || undefined, 5_000);
    t.equal(simulator.requests.at(-1)?.fault, 'hang', 'nothing is sent after it');
    simulator.faults.clear();
    t.match(await runner.run(state()), { kind: 'collected' }, 'the next one works');
  },
);

t.test('so does closing', async (t) => {
  const { runner, state, simulator, wire } = await hanging(t, 20_000);
  const run = runner.run(state());
  await eventually('the hung request', () => simulator.requests.at(-1)?.fault === 'hang' || undefined);
  const [socket] = [...wire.sockets].slice(-1);
  const from = performance.now();
  await runner.close();
  await run;
  await eventually('the end of the connection', () => socket?.destroyed || undefined, 5_000);
  t.ok(performance.now() - from < 2_000, 'a stop takes less than 2 s');
  t.equal(state().status, 'ok', 'a stop is no failure');
});
