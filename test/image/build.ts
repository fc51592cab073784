/**
 * Builds the image from this checkout with buildah and stand-ins for its bases, and writes it as a docker archive:
 * `node test/image/build.ts --out FOLDER [--tag NAME]`. It needs root, and on Debian and Ubuntu installs what it lacks.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { VERSION } from '../../src/version.ts';
import { sealArchive } from './archive.ts';
import { standInBases } from './bases.ts';
import { buildah, withStorage } from './buildah.ts';
import { ensureTools } from './tools.ts';

const ROOT = join(import.meta.dirname, '../..');

/** How an image is built. */
export interface BuildOptions {
  /** Folder for the archive; made where it is absent. */
  readonly out: string;
  /** Name of the image inside the archive; default `localhost/aws-cost-exporter:<version>`. */
  readonly tag?: string | undefined;
  /** Build arguments beside the two bases. */
  readonly args?: Readonly<Record<string, string>>;
  /** Folder to build from; default: this checkout. */
  readonly context?: string;
}

/** An image that was built. */
export interface BuiltImage {
  /** `sha256:...` of its configuration: what `docker images` calls the image's id. */
  readonly id: string;
  readonly tag: string;
  /** The docker archive, for `docker load`, `ctr images import` and the like. */
  readonly archive: string;
}

/**
 * Builds the image, always anew: nothing of an earlier build is used but npm's cache and the stand-in bases.
 * @throws Error that says in one line what this machine lacks, or with the end of what the build said.
 */
export async function buildImage({ out, tag, args = {}, context = ROOT }: BuildOptions): Promise<BuiltImage> {
  ensureTools(['buildah', 'mmdebstrap']);
  const name = tag ?? `localhost/aws-cost-exporter:${VERSION}`;
  mkdirSync(out, { recursive: true });
  const archive = resolve(out, 'aws-cost-exporter.tar');
  const raw = `${archive}.raw`;
  try {
    await withStorage(async () => {
      const bases = await standInBases();
      const all = { BUILD_IMAGE: bases.build, RUNTIME_IMAGE: bases.runtime, ...args };
      const printed = await buildah([
        ...['build', '--quiet', '--isolation', 'chroot', '--pull-never', '--no-cache', '--timestamp', '0'],
        // Docker's format, because OCI's has no health check.
        ...['--format', 'docker', '--identity-label=false'],
        ...Object.entries(all).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
        context,
      ]);
      const built = printed.split('\n').at(-1) ?? '';
      await buildah(['push', '--quiet', built, `docker-archive:${raw}`]);
      await buildah(['rmi', '--force', built]);
    });
    return { id: await sealArchive(raw, archive, name), tag: name, archive };
  } finally {
    rmSync(raw, { force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: 'string' }, tag: { type: 'string' } } });
  if (values.out === undefined) {
    console.error('usage: node test/image/build.ts --out FOLDER [--tag NAME]');
    process.exit(2);
  }
  try {
    const { id, tag, archive } = await buildImage({ out: values.out, tag: values.tag });
    console.log(`image    ${id}\ntag      ${tag}\narchive  ${archive} (${statSync(archive).size} bytes)`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
