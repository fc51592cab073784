import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where built tools are kept between runs: outside the checkout, for whoever runs as this user. */
export const CACHE = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'aws-cost-exporter',
  'cluster',
);

/** A folder of files that is made once for each version. */
export interface Cached {
  readonly folder: string;
  /** Whether it was there already. */
  readonly warm: boolean;
}

/**
 * The folder of a version of a tool; where it is absent, `make` fills it. It appears whole or not at all: one whose making was
 * broken off is never taken for it.
 * @param recipe the file that says how it is made: where it has changed, the tool is made anew.
 */
export async function cached(
  name: string,
  version: string,
  recipe: string,
  make: (out: string) => Promise<void>,
): Promise<Cached> {
  const digest = createHash('sha256')
    .update(await readFile(recipe))
    .digest('hex');
  const folder = join(CACHE, `${name}-${version}-${digest.slice(0, 8)}`);
  if (existsSync(folder)) return { folder, warm: true };
  await mkdir(CACHE, { recursive: true });
  const partial = await mkdtemp(join(CACHE, `.partial-${process.pid}-`));
  try {
    await make(partial);
    await rename(partial, folder).catch((error: NodeJS.ErrnoException) => {
      // Another run was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return { folder, warm: false };
}

/** Removes what runs that were killed have left half made. */
export async function removePartials(): Promise<void> {
  if (!existsSync(CACHE)) return;
  for (const name of await readdir(CACHE)) {
    const [, pid] = /^\.partial-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      await rm(join(CACHE, name), { recursive: true, force: true });
    }
  }
}
