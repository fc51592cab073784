import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../servers/process.ts';

/** What is kept from one run to the next: `XDG_CACHE_HOME`, else `~/.cache`. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'aws-cost-exporter/image');

/** Longest time of one step, in milliseconds: an image with a cold npm cache. */
const STEP_TIMEOUT_MS = 600_000;

/** `f_type` of a folder that is on an overlay itself, as in a container: no second one can stand on it. */
const ON_OVERLAY = 0x794c7630;

/**
 * Runs buildah on a storage of our own, so that the user's images are neither seen nor touched.
 * @returns what it printed, trimmed. @throws Error with the end of what it said.
 */
export async function buildah(args: readonly string[]): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const driver = statfsSync(CACHE).type === ON_OVERLAY ? 'vfs' : 'overlay';
  const where = [
    '--root',
    join(CACHE, driver),
    '--runroot',
    join(CACHE, `${driver}-run`),
    '--storage-driver',
    driver,
  ];
  return command('buildah', [...where, ...args]);
}

/** Does `work` while no other process of this machine uses the storage; what one that was killed left behind goes first. */
export async function withStorage<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync(CACHE, { recursive: true });
  const release = await lock(join(CACHE, 'lock.file'));
  try {
    await buildah(['rm', '--all']);
    await buildah(['rmi', '--prune', '--force']);
    return await work();
  } finally {
    await release();
  }
}

/** Takes the kernel's lock on a file, which ends with its holder, seen from other process and mount namespaces too. */
async function lock(path: string): Promise<() => Promise<void>> {
  const patience = String((3 * STEP_TIMEOUT_MS) / 1_000);
  // It holds the lock for as long as this process lives and leaves its input open.
  const holder = spawn('flock', ['--timeout', patience, path, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exit = once(holder, 'exit');
  const held = await Promise.race([once(holder.stdout, 'data').then(() => true), exit.then(() => false)]);
  if (!held) throw new Error(`${path} is held by another build for more than ${patience} s`);
  return async () => {
    holder.stdin.end();
    await exit;
  };
}

/** Runs a program that must succeed. @returns what it printed, trimmed. @throws Error with the end of what it said. */
export async function command(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, { timeoutMs: STEP_TIMEOUT_MS });
  if (code === 0) return stdout.trim();
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n');
  throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${said}`);
}
