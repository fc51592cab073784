import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './process.ts';

/**
 * Takes a lock that other processes of this machine see; one whose holder is gone is taken over.
 * @param path a folder that is there while the lock is held; its parent must exist.
 * @returns gives it back. @throws Error where it is not free within `patienceMs`.
 */
export async function lock(path: string, patienceMs: number): Promise<() => Promise<void>> {
  const owner = join(path, 'pid');
  await eventually(
    `lock ${path}`,
    async () => {
      try {
        await mkdir(path);
        await writeFile(owner, String(process.pid));
        return true;
      } catch {
        const pid = Number(await readFile(owner, 'utf8').catch(() => ''));
        if (pid > 0 && !isAlive(pid)) {
          const grave = `${path}.${process.pid}`;
          await rename(path, grave).catch(() => {});
          await rm(grave, { recursive: true, force: true });
        }
        return undefined;
      }
    },
    patienceMs,
  );
  return () => rm(path, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
