import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../servers/process.ts';

/** What is kept from one run to the next: `XDG_CACHE_HOME`, else `~/.cache`. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'aws-cost-exporter/image');

/** Longest time of one step, in milliseconds: an image with a cold npm cache. */
const STEP_TIMEOUT_MS = 600_000;

/**
 * Runs buildah on a storage of our own, so that the user's images are neither seen nor touched. `vfs` works on every file system.
 * @returns what it printed, trimmed. @throws Error with the end of what it said.
 */
export async function buildah(args: readonly string[]): Promise<string> {
  const storage = join(CACHE, 'storage');
  mkdirSync(storage, { recursive: true });
  const where = ['--root', storage, '--runroot', join(CACHE, 'run'), '--storage-driver', 'vfs'];
  return command('buildah', [...where, ...args]);
}

/** Runs a program that must succeed. @returns what it printed, trimmed. @throws Error with the end of what it said. */
export async function command(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, { timeoutMs: STEP_TIMEOUT_MS });
  if (code === 0) return stdout.trim();
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n');
  throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${said}`);
}
