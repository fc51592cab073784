import { readFileSync } from 'node:fs';
import t from 'tap';
import { ALLOWED, type LockedPackage, licencesPage, shippedBy } from '../scripts/licences.ts';

interface Lock {
  readonly packages: Readonly<Record<string, Entry | undefined>>;
}

interface Entry extends LockedPackage {
  readonly optionalDependencies?: Record<string, string>;
  readonly resolved?: string;
  readonly integrity?: string;
}

const read = <Content>(path: string): Content =>
  JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));

t.test('the lock file is whole: `npm ci` refuses one that lacks an optional package', async (t) => {
  const { packages } = read<Lock>('package-lock.json');
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry?.optionalDependencies ?? {}).filter(
      (name) =>
        packages[`${path}/node_modules/${name}`] === undefined &&
        packages[`node_modules/${name}`] === undefined,
    ),
  );
  t.strictSame(missing, []);
});

t.test('the lock file names no download address', async (t) => {
  const { packages } = read<Lock>('package-lock.json');
  t.strictSame(
    Object.keys(packages).filter((path) => packages[path]?.resolved?.startsWith('http')),
    [],
  );
});

t.test('the lock file pins every package by its SHA-512', async (t) => {
  const { packages } = read<Lock>('package-lock.json');
  const installed = Object.entries(packages).filter(([path]) => path !== '');
  t.ok(installed.length > 200);
  for (const [path, entry] of installed) t.match(entry?.integrity, /^sha512-[A-Za-z0-9+/]{86}==$/, path);
});

t.test('the licences of what is shipped are listed as the packages say them, and are allowed', async (t) => {
  const lock = read<{ packages: Record<string, LockedPackage> }>('package-lock.json');
  const page = readFileSync(new URL('../docs/licences.md', import.meta.url), 'utf8');
  for (const { name, version, licence } of shippedBy(lock)) {
    t.ok(ALLOWED.has(licence), `${name}: ${licence}`);
    t.ok(page.includes(`| \`${name}\` | ${version} | ${licence} |`), `${name} is listed`);
  }
  for (const [path, { version, dev }] of Object.entries(lock.packages)) {
    if (path === '' || dev) continue;
    const own = read<{ version: string; license?: string }>(`${path}/package.json`);
    t.match({ ...own }, { version, license: lock.packages[path]?.license }, `${path} says so itself`);
  }
});

t.test('a licence that is not allowed is refused by name', async (t) => {
  const table = () => '';
  const of = (license?: string, dev?: boolean) => () =>
    licencesPage(
      {
        packages: {
          '': {},
          'node_modules/a/node_modules/@b/c': { version: '1.0.0', license, dev } as LockedPackage,
        },
      },
      '',
      table,
    );
  t.match(of('MIT')(), 'come 1 packages');
  for (const license of ['GPL-3.0-only', 'SSPL-1.0', 'UNLICENSED', 'SEE LICENSE IN x', '(MIT OR GPL-2.0)'])
    t.throws(of(license), new RegExp(`@b/c@1\\.0\\.0 \\(${license.replaceAll(/[()]/g, '\\$&')}\\)`));
  t.throws(of(undefined), /@b\/c@1\.0\.0 \(none\)/);
  t.doesNotThrow(of('GPL-3.0-only', true), 'of what only builds and tests it may be any');
});

t.test('what npm starts replaces the shell, so that signals reach it', async (t) => {
  const { scripts } = read<{ scripts: Record<string, string> }>('package.json');
  for (const name of ['start', 'demo']) t.match(scripts[name], /^exec node /, name);
});
