/**
 * Run in the image's build: takes out of an installed `node_modules` what Node.js does not read at run time, and copies the rest.
 * Licences stay, and every `package.json`: from these Node.js resolves, and scanners count.
 */
import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { filesBelow, normalize, removeEmpty } from './tree.ts';

/** What is read of a `package.json`. */
export interface Manifest {
  readonly [field: string]: unknown;
}

/** Types, source maps, prose, shell scripts: nothing that `import` or `require` reads. */
const UNREAD = /\.([cm]?ts|tsbuildinfo|map|flow|md|markdown|sh)$/i;
const LICENCE = /^(licen[cs]e|copying|notice|copyright|patents)/i;
const README = /^readme\b/i;
/** Folders at the root of a package that are for its own developers. */
const FOR_DEVELOPERS =
  /^(tests?|__tests__|spec|integration|benchmarks?|bench|examples?|samples?|fixtures|docs?|website|coverage|\..+)$/i;
/** Fields of `package.json` that name what is for bundlers and compilers. Node.js reads none of them. */
const FOR_BUNDLERS = ['module', 'jsnext:main', 'es2015', 'esnext', 'types', 'typings'];
/** The conditions of `exports` under which Node.js takes a branch. */
const CONDITIONS = /^([.#].*|node|node-addons|import|require|module-sync|default)$/;

/** Everything that a package offers to Node.js, as paths and patterns relative to it. */
export function offeredToNode(manifest: Manifest): string[] {
  const { main = 'index.js', exports, imports, bin } = manifest;
  const files = [main, ...targets(exports), ...targets(imports)];
  const programs = typeof bin === 'object' && bin !== null ? Object.values(bin) : [bin];
  return [...files, ...programs].flatMap((path) => (typeof path === 'string' ? relative(path) : []));
}

function targets(node: unknown): unknown[] {
  if (Array.isArray(node)) return node.flatMap(targets);
  if (typeof node !== 'object' || node === null) return [node];
  return Object.entries(node).flatMap(([key, value]) => (CONDITIONS.test(key) ? targets(value) : []));
}

const relative = (path: string) => path.replace(/^(\.\/)+/, '');

/** The folders at the root of a package that can go whole. */
export function unusedFolders(manifest: Manifest, folders: readonly string[]): string[] {
  const offered = offeredToNode(manifest);
  const forBundlers = FOR_BUNDLERS.flatMap((field) => {
    const path = manifest[field];
    return typeof path === 'string' && relative(path).includes('/') ? relative(path).split('/')[0] : [];
  });
  return folders.filter(
    (folder) =>
      folder !== 'node_modules' &&
      (FOR_DEVELOPERS.test(folder) || forBundlers.includes(folder)) &&
      !offered.some((path) => path === folder || path.startsWith(`${folder}/`)),
  );
}

/** Prunes one `node_modules` folder and those nested in it. */
export function pruneModules(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    // `.bin` and npm's own notes.
    if (name.startsWith('.')) rmSync(path, { recursive: true });
    else if (name.startsWith('@')) for (const scoped of readdirSync(path)) prunePackage(join(path, scoped));
    else prunePackage(path);
  }
  removeEmpty(folder);
}

function prunePackage(folder: string): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const entries = readdirSync(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (folders.includes('node_modules')) pruneModules(join(folder, 'node_modules'));
  for (const name of unusedFolders(manifest, folders)) rmSync(join(folder, name), { recursive: true });
  // Where a package has no file for its licence, the README says it.
  const notices = entries.some(({ name }) => LICENCE.test(name)) ? [LICENCE] : [LICENCE, README];
  const own = filesBelow(folder).filter((file) => !file.startsWith('node_modules/'));
  for (const file of own) {
    const name = basename(file);
    const atRoot = file === name;
    const unread = UNREAD.test(name) && !(atRoot && notices.some((notice) => notice.test(name)));
    if (unread || (atRoot && name.startsWith('.'))) rmSync(join(folder, file));
  }
}

if (import.meta.main) {
  const [modules, out] = process.argv.slice(2);
  if (modules === undefined || out === undefined)
    throw new Error('usage: node scripts/image/modules.ts NODE_MODULES FOLDER');
  const root = resolve(modules);
  const size = () => filesBelow(root).reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
  const before = size();
  pruneModules(root);
  cpSync(root, join(out, 'node_modules'), { recursive: true });
  normalize(out);
  console.log(`${modules}: ${before} bytes, ${size()} after pruning`);
}
