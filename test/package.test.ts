import { readFileSync } from 'node:fs';
import t from 'tap';

interface Lock {
  readonly packages: Readonly<
    Record<string, { optionalDependencies?: Record<string, string>; resolved?: string } | undefined>
  >;
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

t.test('what npm starts replaces the shell, so that signals reach it', async (t) => {
  const { scripts } = read<{ scripts: Record<string, string> }>('package.json');
  for (const name of ['start', 'demo']) t.match(scripts[name], /^exec node /, name);
});
