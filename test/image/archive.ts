import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './buildah.ts';

/** What a docker archive says of its one image. */
interface ArchiveManifest {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

/** The parts of an image's configuration that matter here. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly WorkingDir: string;
    readonly ExposedPorts: Readonly<Record<string, object>>;
    readonly Healthcheck: { readonly Test: readonly string[] };
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/** An image that was unpacked. */
export interface UnpackedImage {
  /** `sha256:...` of the configuration's bytes. */
  readonly id: string;
  readonly tags: readonly string[];
  readonly config: ImageConfig;
  /** Paths of the layers, tar files, the base's first. */
  readonly layers: readonly string[];
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

function readManifest(folder: string): ArchiveManifest {
  const [manifest] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as ArchiveManifest[];
  if (manifest === undefined) throw new Error('an archive without an image');
  return manifest;
}

/** Unpacks a docker archive into a folder; each layer is checked against the configuration. */
export async function unpackArchive(archive: string, folder: string): Promise<UnpackedImage> {
  mkdirSync(folder, { recursive: true });
  await command('tar', ['-xf', archive, '-C', folder]);
  const { Config, RepoTags, Layers } = readManifest(folder);
  const bytes = readFileSync(join(folder, Config));
  const config = JSON.parse(bytes.toString('utf8')) as ImageConfig;
  const layers = Layers.map((name) => join(folder, name));
  const digests = layers.map((path) => `sha256:${sha256(readFileSync(path))}`);
  if (JSON.stringify(digests) !== JSON.stringify(config.rootfs.diff_ids))
    throw new Error(`layers ${digests} are not those of the configuration, ${config.rootfs.diff_ids}`);
  return { id: `sha256:${sha256(bytes)}`, tags: RepoTags, config, layers };
}

/**
 * Writes buildah's docker archive anew without what it notes of its working container (random names, the local parent), which no user
 * of an image reads and which would give each build an id of its own.
 * @returns the image's id.
 */
export async function sealArchive(raw: string, archive: string, tag: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'aws-cost-exporter-archive-'));
  try {
    await command('tar', ['-xf', raw, '-C', folder]);
    const { Config, Layers } = readManifest(folder);
    const { container, container_config, parent, ...rest } = JSON.parse(
      readFileSync(join(folder, Config), 'utf8'),
    );
    const config = JSON.stringify({ ...rest, config: { ...rest.config, Hostname: '' } });
    const id = sha256(config);
    writeFileSync(join(folder, `${id}.json`), config);
    writeFileSync(
      join(folder, 'manifest.json'),
      JSON.stringify([{ Config: `${id}.json`, RepoTags: [tag], Layers }]),
    );
    await command('tar', [
      ...['-cf', `${archive}.new`, '-C', folder, '--format=gnu', '--mtime=@0'],
      ...['--owner=0', '--group=0', '--numeric-owner', '--mode=0644'],
      ...['manifest.json', `${id}.json`, ...new Set(Layers)],
    ]);
    renameSync(`${archive}.new`, archive);
    return `sha256:${id}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
