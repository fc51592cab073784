/**
 * Run in the image's build: lays out the compiled program beside the least `package.json` that it needs. The commit that it was built
 * from, from `REVISION`, goes where npm records it.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { normalize } from './tree.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What is of use only in a checkout. */
const FOR_DEVELOPERS = ['scripts', 'devDependencies', 'tap', 'files'];

/** The image's `package.json`: the checkout's, without what is for developers, with the commit where it is known. */
export function manifestFor(packageJson: string, revision: string): string {
  const all = Object.entries(JSON.parse(packageJson)).filter(([field]) => !FOR_DEVELOPERS.includes(field));
  const known = revision === '' ? all : [...all, ['gitHead', revision]];
  return `${JSON.stringify(Object.fromEntries(known), null, 2)}\n`;
}

if (import.meta.main) {
  const [out] = process.argv.slice(2);
  if (out === undefined) throw new Error('usage: node scripts/image/program.ts FOLDER');
  mkdirSync(out, { recursive: true });
  cpSync(join(ROOT, 'dist'), join(out, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'LICENSE'), join(out, 'LICENSE'));
  const packageJson = readFileSync(join(ROOT, 'package.json'), 'utf8');
  writeFileSync(join(out, 'package.json'), manifestFor(packageJson, process.env.REVISION ?? ''));
  normalize(out);
}
