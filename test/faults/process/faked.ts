import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Simulator } from '../../../src/simulator/index.ts';
import { type Served, startServe } from '../../e2e/command.ts';
import { howToGet, requireProgram, run } from '../../servers/process.ts';

/** A process whose clock can be set; how fast its time passes, and its monotonic clock, stay the machine's. */
export interface Faked {
  readonly served: Served;
  /** Sets its clock so far from the machine's, and AWS's with it. */
  setOffset(ms: number): void;
  /** How far it is off. */
  offset(): number;
}

/**
 * Starts `serve` under libfaketime. It reads its clock's offset anew each second.
 * @throws Error where libfaketime is absent, or cannot be had.
 */
export async function startFaked(
  t: Test,
  simulator: Simulator,
  env: NodeJS.ProcessEnv,
  offsetMs = 0,
): Promise<Faked> {
  const faketime = requireProgram(t, 'faketime');
  if (faketime === undefined) throw new Error(howToGet('faketime'));
  const library = await libraryOf(faketime);
  const file = join(t.testdir(), 'offset');
  const setOffset = (ms: number) => {
    writeFileSync(file, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1_000}\n`);
    simulator.setClock(() => new Date(Date.now() + ms));
  };
  setOffset(offsetMs);
  const served = await startServe(t, {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_CACHE_DURATION: '1',
    NO_FAKE_STAT: '1',
    ...env,
  });
  t.teardown(() => removeShared(served.pid));
  return {
    served,
    setOffset,
    offset: () => Number(readFileSync(file, 'utf8')) * 1_000,
  };
}

/** How often the program is asked: where one of its number has left something, the next, of another number, answers. */
const ATTEMPTS = 20;

/**
 * The library that `faketime` loads into what it starts. It refuses where a process of its number was killed once, as that has left
 * shared memory under that number.
 * @throws Error with what it says where it does not answer.
 */
async function libraryOf(faketime: string): Promise<string> {
  let said = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { code, stdout, stderr } = await run(faketime, ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD']);
    const library = stdout.trim();
    if (code === 0 && library !== '') return library;
    said = stderr.trim();
  }
  throw new Error(`faketime does not say which library it loads: ${said}`);
}

/** Removes what libfaketime leaves of a process that was killed. */
function removeShared(pid: number): void {
  for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`])
    rmSync(join('/dev/shm', name), { force: true });
}

/** How far the clock of a process is off, as its `/health` says, in milliseconds. */
export async function clockOff({ restUrl }: Pick<Served, 'restUrl'>): Promise<number> {
  const { timestamp } = (await (await fetch(`${restUrl}/health`)).json()) as { timestamp: string };
  return Date.parse(timestamp) - Date.now();
}
