import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually, type TestScope } from '../servers/process.ts';
import { PATIENCE_MS } from './page.ts';

/** The checkout's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The command line program, as source. */
export const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** How a process has ended. */
export interface Exit {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** When it ended, by `performance.now()`. */
  readonly at: number;
}

/** A running process of the product. */
export interface Command {
  readonly pid: number;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when it has ended and all of its output is there. */
  readonly exit: Promise<Exit>;
  signal(name: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. `ms` is how long that took. */
  end(name: NodeJS.Signals): Promise<Exit & { ms: number }>;
}

/** How a process is started. */
export interface CommandOptions {
  /** Settings of the program; nothing of the test's own environment but what a program needs to run. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Default: this Node.js. */
  readonly program?: string;
}

const NEEDED = /^(PATH|HOME|USER|TMPDIR|LANG|LC_.*|SystemRoot)$|^npm_config_/i;

/**
 * The environment that a process of the product gets: no setting of this machine, credentials for a simulator, free ports. What is
 * undefined in `env` is unset.
 */
export function environment(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const needed = Object.entries(process.env).filter(([name]) => NEEDED.test(name));
  const all = {
    ...Object.fromEntries(needed),
    AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
    AWS_EC2_METADATA_DISABLED: 'true',
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    ...env,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Starts a process in a group of its own; it, and all that it has started, is killed when the test ends. */
export function startCommand(t: TestScope, args: readonly string[], options: CommandOptions = {}): Command {
  const { program = process.execPath, env, cwd = ROOT } = options;
  // As a user starts it: without the hooks that the test runner gives every process that it sees started.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', program, ...args], {
    cwd,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  let at = Number.NaN;
  child.once('exit', () => {
    at = performance.now();
  });
  const exit = once(child, 'close').then(
    ([code, signal]): Exit => ({ code: code as number | null, signal: signal as Exit['signal'], at }),
  );
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} did not start`);
  t.teardown(async () => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nothing is left of it.
    }
    await exit;
  });
  return {
    pid,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exit,
    signal: (name) => void child.kill(name),
    async end(name) {
      const sent = performance.now();
      child.kill(name);
      const ended = await exit;
      return { ...ended, ms: ended.at - sent };
    },
  };
}

/** Runs a process to its end. */
export async function runCommand(t: TestScope, args: readonly string[], options?: CommandOptions) {
  const command = startCommand(t, args, options);
  const { code } = await command.exit;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

/** A running `serve`. */
export interface Served extends Command {
  readonly restUrl: string;
  readonly metricsUrl: string;
  /** Its log lines, parsed. */
  log(): Record<string, unknown>[];
}

/** Starts `serve` on free ports and waits until its listeners (two unless told otherwise) are up. @throws Error with its output where it ends instead. */
export async function startServe(
  t: TestScope,
  env: NodeJS.ProcessEnv,
  options: CommandOptions & { args?: readonly string[]; listeners?: number } = {},
): Promise<Served> {
  const command = startCommand(t, options.args ?? [CLI, 'serve'], { ...options, env });
  let ended = false;
  void command.exit.then(() => {
    ended = true;
  });
  const urls = await eventually(
    'serve listens',
    () => {
      const found = [...command.stdout().matchAll(/Server listening at (https?:\/\/[^"]+)"/g)];
      if (ended) return [];
      // The metrics' listener is the first.
      return found.length >= (options.listeners ?? 2) ? found.map(([, url]) => url) : undefined;
    },
    PATIENCE_MS,
  );
  const [metricsUrl, restUrl = metricsUrl] = urls;
  if (metricsUrl === undefined || restUrl === undefined) {
    throw new Error(`serve ended: ${command.stdout()}${command.stderr()}`);
  }
  return { ...command, metricsUrl, restUrl, log: () => logLines(command.stdout()) };
}

/** JSON lines, parsed; others are passed over. */
export function logLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}

/** Waits until UTC midnight is not near: for tests whose processes have no clock but the system's, and that compare days. */
export async function awayFromMidnight(): Promise<void> {
  const left = 86_400_000 - (Date.now() % 86_400_000);
  if (left < 60_000) await new Promise((resolve) => setTimeout(resolve, left + 1_000));
}
