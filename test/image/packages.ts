import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { command } from './buildah.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The packages that lie in the `node_modules` of a folder, nested ones too: place to `name@version`. */
export function installed(root: string): ReadonlyMap<string, string> {
  return new Map(
    packageFolders(join(root, 'node_modules')).map((path) => {
      const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
      return [relative(root, path), `${name}@${version}`];
    }),
  );
}

function packageFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name.startsWith('.')) return [];
    return name.startsWith('@')
      ? packageFolders(path)
      : [path, ...packageFolders(join(path, 'node_modules'))];
  });
}

/** Places of the packages that production needs, by the lock file: `node_modules/a/node_modules/b` to `name@version`. */
export function locked(): ReadonlyMap<string, string> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; dev?: boolean; name?: string }>;
  };
  const places = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  return new Map(
    places.map(([path, { name, version }]) => [
      path,
      `${name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`,
    ]),
  );
}

/**
 * The components of npm's own bill of materials of what is installed in a folder, which it refuses to make where a package is missing or
 * has a wrong version. One that is installed in several places is one component.
 */
export async function billOfMaterials(root: string): Promise<string[]> {
  const sbom = await command('npm', ['sbom', '--sbom-format=cyclonedx', '--prefix', root]);
  const { components } = JSON.parse(sbom) as { components: { name: string; version: string }[] };
  return components.map(({ name, version }) => `${name}@${version}`).toSorted();
}

/**
 * Every file of a package that the program can reach by `import` and `require`, lazily too, as a bundler finds them in the checkout,
 * where nothing is pruned. Packages that production has not are left out: others try them and go on without.
 */
export async function reachable(): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['./src/cli.ts', './src/health-check.ts'],
    outdir: 'unwritten',
    write: false,
    bundle: true,
    metafile: true,
    logLevel: 'silent',
    platform: 'node',
    format: 'esm',
    // Node.js' own conditions, without `module`, which is for bundlers.
    conditions: ['node'],
  });
  const places = [...locked().keys()];
  return Object.keys(metafile.inputs)
    .map((path) => relative(ROOT, join(ROOT, path)))
    .filter((path) => places.some((place) => path.startsWith(`${place}/`)));
}
