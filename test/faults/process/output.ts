import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { CLI, type Command, startCommand, startServe } from '../../e2e/command.ts';
import { eventually, freePort } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';
import { billOf, buyingOften, costQueries, costState, figuresAre, showsBill, startAws } from '../subject.ts';

const CRASH = fileURLToPath(new URL('crash.ts', import.meta.url));
const CANARY = 'canary-of-the-password';

/** A row about an error that nothing catches. */
const crashes = (name: string, how: 'rejection' | 'exception', what: string): FaultRow => ({
  id: `process/${name}`,
  fault: `${what} whose fields hold a password`,
  expected: 'The process says where it failed and ends with exit code 1; the fields are shown nowhere.',
  async run({ t, fired, state, figures, message }) {
    const simulator = await startAws(t);
    const served = await startServe(
      t,
      { ...buyingOften(simulator), CRASH_BY: how, CANARY },
      { args: ['--import', CRASH, CLI, 'serve'] },
    );
    await showsBill(served, 1);
    await figuresAre(t, served, 1);
    figures('unchanged until the end');
    const { code, signal } = await served.end('SIGUSR2');
    t.equal(code, 1);
    t.equal(signal, null);
    state(`exit code ${code}`);
    t.match(served.stderr(), /^aws-cost-exporter: Error: something went wrong\n {4}at .*crash\.ts/);
    message(served.stderr().split('\n')[0] ?? '');
    fired('errors on standard error', served.stderr().split('something went wrong').length - 1);
    t.notMatch(served.stderr() + served.stdout(), CANARY);
  },
});

/** Starts `serve` by a line of shell, `$0` being Node.js and `$1` the program, and waits until it answers. */
async function startByShell(t: Test, line: string, env: NodeJS.ProcessEnv) {
  const [restPort, metricsPort] = [await freePort(), await freePort()];
  const command: Command = startCommand(t, ['-c', line, process.execPath, CLI], {
    program: 'sh',
    env: { ...env, PORT: String(restPort), METRICS_PORT: String(metricsPort) },
  });
  const served = {
    ...command,
    restUrl: `http://127.0.0.1:${restPort}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}`,
  };
  await eventually(
    'it answers',
    async () => (await fetch(`${served.restUrl}/health`)).ok || undefined,
    60_000,
  );
  return served;
}

export const rows: readonly FaultRow[] = [
  crashes('uncaught-exception', 'exception', 'An exception that nothing catches,'),
  crashes('unhandled-rejection', 'rejection', 'A rejection that nothing handles,'),
  {
    id: 'process/log-on-a-full-disk',
    fault: 'Standard output is /dev/full: each line of the log is refused with ENOSPC',
    expected: 'The lines are lost and nothing else: it collects, answers, and stops on SIGTERM.',
    async run({ t, fired, state, figures, message }) {
      const simulator = await startAws(t);
      const served = await startByShell(t, 'exec "$0" "$1" serve >/dev/full', buyingOften(simulator));
      await showsBill(served, 1);
      const before = costQueries(simulator);
      simulator.setBill(billOf(2));
      await showsBill(served, 2);
      await figuresAre(t, served, 2);
      figures('right');
      fired('collections whose line was refused', costQueries(simulator) - before);
      t.equal((await costState(served)).state, 'ok');
      const { code } = await served.end('SIGTERM');
      t.equal(code, 0);
      state(`cost ok; SIGTERM: exit code ${code}`);
      t.equal(served.stderr(), '');
      message('none: there is no place for one');
    },
  },
  {
    id: 'process/log-without-a-reader',
    fault: 'The reader of standard output has gone after one line (EPIPE)',
    expected: 'The lines are lost and nothing else: it collects and answers.',
    async run({ t, fired, state, figures, message }) {
      const simulator = await startAws(t);
      const served = await startByShell(t, '"$0" "$1" serve | head -n 1', buyingOften(simulator));
      await showsBill(served, 1);
      await eventually('the reader has read its line', () => served.stdout().endsWith('\n') || undefined);
      const before = costQueries(simulator);
      simulator.setBill(billOf(2));
      await showsBill(served, 2);
      await figuresAre(t, served, 2);
      figures('right');
      t.equal(served.stdout().trim().split('\n').length, 1);
      fired('collections whose line nobody could read', costQueries(simulator) - before);
      state(`cost ${(await costState(served)).state}`);
      t.equal(served.stderr(), '');
      message(`the line that was read: ${(JSON.parse(served.stdout()) as { msg: string }).msg}`);
    },
  },
];
