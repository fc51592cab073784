import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';

/** Starts a program that ends with the node; what it says goes to `<name>.log` of the node's logs. */
export async function background(
  name: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const log = openSync(join(process.env.LOGS ?? '', `${name}.log`), 'a');
  const child = spawn(program, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  await once(child, 'spawn');
  child.unref();
}
