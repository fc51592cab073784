import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../../scripts/image/tree.ts';

const DOCS = join(import.meta.dirname, '../../docs/image.md');
const TABLE = /<!-- sizes:.*?-->(.*?)<!-- end of sizes -->/s;

/** What the image adds, in the order of docs/image.md: files and megabytes. */
export interface Size {
  readonly files: number;
  readonly megabytes: number;
}

/** What docs/image.md says. */
export function documentedSizes(): Size[] {
  const [, table = ''] = TABLE.exec(readFileSync(DOCS, 'utf8')) ?? [];
  return [...table.matchAll(/^\| `.*? \| ([\d,]+) \| ([\d.]+) MB \|/gm)].map(([, files = '', megabytes]) => ({
    files: Number(files.replaceAll(',', '')),
    megabytes: Number(megabytes),
  }));
}

/** What an image's /app has: its packages, and all else. */
export function measuredSizes(app: string): Size[] {
  const all = filesBelow(app);
  const packages = all.filter((path) => path.startsWith('node_modules/'));
  const program = all.filter((path) => !path.startsWith('node_modules/'));
  return [packages, program].map((paths) => ({
    files: paths.length,
    megabytes: paths.reduce((sum, path) => sum + statSync(join(app, path)).size, 0) / 1e6,
  }));
}
