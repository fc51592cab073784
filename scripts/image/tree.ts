import { chmodSync, lstatSync, lutimesSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a folder the same bytes wherever it was made: files 0644, folders 0755, every time the epoch. The image's user is not the one
 * who owns them, so a checkout with a strict umask must not decide who may read.
 */
export function normalize(path: string): void {
  const stat = lstatSync(path);
  if (stat.isDirectory()) {
    for (const name of readdirSync(path)) normalize(join(path, name));
  }
  if (!stat.isSymbolicLink()) chmodSync(path, stat.isDirectory() ? 0o755 : 0o644);
  lutimesSync(path, 0, 0);
}

/** Every file below a folder, relative to it. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Removes the folders below `folder` that hold nothing; true where it is empty itself at the end. */
export function removeEmpty(folder: string): boolean {
  let left = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && removeEmpty(path)) rmSync(path, { recursive: true });
    else left += 1;
  }
  return left === 0;
}
