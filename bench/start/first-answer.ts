import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand } from '../../test/e2e/command.ts';
import { freePort, type TestScope } from '../../test/servers/process.ts';
import { cpuSeconds } from '../lib/proc.ts';
import { withScope } from '../lib/scope.ts';

/** How one start went. */
export interface Start {
  /** From the start of the process to the last byte of the first answer that is complete. */
  readonly ms: number;
  /** To the first answer at all. */
  readonly answeredMs: number;
  /** CPU time that the process had used by then; to 10 ms. */
  readonly cpuMs: number;
}

/** Between two attempts to connect, and between two answers that are not complete: to make these takes time from what is measured. */
const RETRY_MS = 2;
const AGAIN_MS = 10;
const PATIENCE_MS = 60_000;

/**
 * Starts a program and asks it for /metrics until the answer is complete; ends it then.
 *
 * @param args - of Node.js.
 * @param isComplete - judges the text of an answer.
 */
export function firstAnswer(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  isComplete: (text: string) => boolean,
): Promise<Start> {
  return withScope(async (scope: TestScope) => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const started = performance.now();
    const command = startCommand(scope, args, {
      env: { ...env, PORT: String(port), METRICS_PORT: String(metricsPort) },
    });
    let ended = false;
    void command.exit.then(() => {
      ended = true;
    });
    let answeredMs: number | undefined;
    while (!ended && performance.now() - started < PATIENCE_MS) {
      const text = await ask(metricsPort);
      const ms = performance.now() - started;
      if (text !== undefined) answeredMs ??= ms;
      if (text !== undefined && isComplete(text)) {
        const cpuMs = cpuSeconds(command.pid) * 1_000;
        await command.end('SIGTERM');
        return { ms, answeredMs: answeredMs ?? ms, cpuMs };
      }
      await sleep(text === undefined ? RETRY_MS : AGAIN_MS);
    }
    throw new Error(`no complete answer: ${command.stdout().slice(-2_000)}${command.stderr().slice(-2_000)}`);
  });
}

/** The body of /metrics; undefined where nobody listens yet. */
function ask(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path: '/metrics', agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve(answer.statusCode === 200 ? text : undefined));
      answer.on('error', () => resolve(undefined));
    });
    sent.on('error', () => resolve(undefined)).end();
  });
}
