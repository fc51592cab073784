import { execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** What the helpers of this folder need of a tap test. */
export interface TestScope {
  /** Runs `clean` when the test has ended. */
  teardown(clean: () => unknown): void;
  /** Writes an assertion; with `skip` one that the report shows as skipped. */
  pass(message: string, extra: { skip: boolean }): unknown;
}

/** The programs that tests start, and how Debian and Ubuntu name their packages. */
export const PROGRAMS: readonly { program: string; debianPackage: string; elsewhere: string }[] = [
  { program: 'redis-server', debianPackage: 'redis-server', elsewhere: 'brew install redis' },
  { program: 'redis-cli', debianPackage: 'redis-tools', elsewhere: 'brew install redis' },
  { program: 'prometheus', debianPackage: 'prometheus', elsewhere: 'brew install prometheus' },
  { program: 'promtool', debianPackage: 'prometheus', elsewhere: 'brew install prometheus' },
  { program: 'openssl', debianPackage: 'openssl', elsewhere: 'brew install openssl' },
  { program: 'python3', debianPackage: 'python3', elsewhere: 'brew install python' },
  { program: 'faketime', debianPackage: 'faketime', elsewhere: 'brew install libfaketime' },
];

/** One line: what is absent and how to get it. */
export function howToGet(program: string): string {
  const known = PROGRAMS.find((one) => one.program === program);
  const how = known ? `apt-get install ${known.debianPackage}, or ${known.elsewhere}` : 'install it';
  return `${program} is absent: ${how}`;
}

/** The path of a program on `PATH`, or undefined. */
export function findProgram(program: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * Says in the test's report that something it needs is absent.
 * @throws Error with CI=true, where nothing may be absent.
 */
export function absent(t: TestScope, message: string): undefined {
  if (process.env.CI === 'true') throw new Error(message);
  t.pass(message, { skip: true });
  return undefined;
}

/** The path of a program that a test needs; undefined, with a visible skip, where it is absent. */
export function requireProgram(t: TestScope, program: string): string | undefined {
  return findProgram(program) ?? absent(t, howToGet(program));
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

/** A running server process. */
export interface Launched {
  readonly pid: number;
  /** What it has written so far, both streams. */
  output(): string;
  /** Whether it has ended. */
  ended(): boolean;
  /** Its exit code; null where it has not ended, or a signal ended it. */
  code(): number | null;
  /** Sends a signal; does nothing where it has ended. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended, with its exit code; null where a signal ended it. */
  readonly exit: Promise<number | null>;
  /** Asks it to end (SIGTERM, and SIGCONT should it be paused), kills it after `graceMs`; resolves when it has ended. */
  end(graceMs?: number): Promise<void>;
}

/** Starts a server. Where Linux can do it, the server dies with this process, however that ends. */
export async function launch(
  path: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Launched> {
  const guard = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  const [command, all] = guard ? [guard, ['--pdeathsig', 'KILL', path, ...args]] : [path, [...args]];
  const child = spawn(command, all, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${path} did not start`);
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid,
    output: () => output,
    ended,
    code: () => child.exitCode,
    signal: (name) => {
      if (!ended()) child.kill(name);
    },
    exit,
    async end(graceMs = 5_000) {
      if (ended()) return;
      child.kill('SIGTERM');
      child.kill('SIGCONT');
      const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exit;
      clearTimeout(killer);
    },
  };
}

/** How a program that was run to its end has ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A command that runs without what tap puts into the environment of each child, past any `env`: under it TypeScript's compiler
 * does not start.
 */
export function outsideTap(program: string, args: readonly string[]): [program: string, args: string[]] {
  return ['env', ['-u', 'NODE_OPTIONS', program, ...args]];
}

/** Runs a program to its end; never rejects because of its exit code. */
export function run(
  path: string,
  args: readonly string[],
  options: { input?: string | Buffer; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const { input, env = process.env, timeoutMs = 0 } = options;
    const child = execFile(
      path,
      [...args],
      { env, timeout: timeoutMs, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error && typeof error.code === 'string') reject(error);
        else resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
      },
    );
    // A program that ends before it has read everything must not end this process.
    child.stdin?.on('error', () => {}).end(input);
  });
}

/** Polls until `probe` gives a value; throws with `what` and the last error after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const message = `${what}: not within ${timeoutMs} ms`;
      throw last === undefined ? new Error(message) : new Error(message, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
