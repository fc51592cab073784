/**
 * Stands in for the two base images where no registry can be reached: the same Debian, Node.js, npm, paths, user and environment,
 * put together from Debian's and npm's packages. Made once per version and kept.
 */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildah, command } from './buildah.ts';

const DEBIAN = 'trixie';
const NPM = '11.6.2';
/** Raised when what is made here changes. */
const RECIPE = 2;
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
/** What distroless has of Debian for Node.js: the C and C++ libraries, and the authorities. */
const LIBRARIES = /^(ld-linux|lib(c|m|dl|pthread|rt|resolv|nss_dns|nss_files|stdc\+\+|gcc_s)[.-])/;

/** The Node.js of the devDependency `node`. */
const NODE: string = JSON.parse(
  readFileSync(new URL('../../node_modules/node/package.json', import.meta.url), 'utf8'),
).version;

/** Names of the stand-ins in the local storage. */
export interface Bases {
  readonly build: string;
  readonly runtime: string;
}

/** The stand-ins, made on the first call (about a minute). Call it within `withStorage`. */
export async function standInBases(): Promise<Bases> {
  const version = `${NODE}-${DEBIAN}-${process.arch}-${RECIPE}`;
  const bases = {
    build: `localhost/stand-in/node:${version}`,
    runtime: `localhost/stand-in/distroless-nodejs:${version}`,
  };
  const known = (await buildah(['images', '--format', '{{.Name}}:{{.Tag}}'])).split('\n');
  if (Object.values(bases).every((name) => known.includes(name))) return bases;
  // Of another version: half a gigabyte.
  const old = known.filter((name) => name.startsWith('localhost/stand-in/'));
  if (old.length > 0) await buildah(['rmi', '--force', ...old]);
  const work = mkdtempSync(join(tmpdir(), 'aws-cost-exporter-bases-'));
  try {
    const root = join(work, 'build');
    await makeBuildBase(work, root);
    makeRuntimeBase(root, join(work, 'runtime'));
    await commit(root, bases.build, ['--env', `NODE_EXTRA_CA_CERTS=${BUNDLE}`, '--cmd', 'node']);
    await commit(join(work, 'runtime'), bases.runtime, [
      ...['--env', `SSL_CERT_FILE=${BUNDLE}`, '--user', '65532', '--workingdir', '/home/nonroot'],
      ...['--entrypoint', '["/nodejs/bin/node"]', '--cmd', ''],
    ]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return bases;
}

async function makeBuildBase(work: string, root: string): Promise<void> {
  mkdirSync(root);
  await command('mmdebstrap', [
    ...['--quiet', '--variant=minbase', '--mode=root', '--format=directory'],
    ...['--include=ca-certificates,libstdc++6', DEBIAN, root],
  ]);
  await unpack(work, `node-linux-${process.arch}@${NODE}`, (folder) =>
    cpSync(join(folder, 'bin/node'), join(root, 'usr/local/bin/node')),
  );
  const npm = 'usr/local/lib/node_modules/npm';
  await unpack(work, `npm@${NPM}`, (folder) => cpSync(folder, join(root, npm), { recursive: true }));
  await command('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')]);
  // Where this machine trusts an authority of its own, the registry is behind it.
  cpSync(BUNDLE, join(root, BUNDLE));
}

async function unpack(work: string, what: string, take: (folder: string) => void): Promise<void> {
  const folder = mkdtempSync(join(work, 'package-'));
  await command('npm', ['pack', '--silent', '--pack-destination', folder, what]);
  const [tarball = ''] = readdirSync(folder);
  await command('tar', ['--no-same-owner', '-xzf', join(folder, tarball), '-C', folder]);
  take(join(folder, 'package'));
}

function makeRuntimeBase(from: string, root: string): void {
  const take = (path: string, to = path) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(join(from, path), join(root, to));
  };
  take('usr/local/bin/node', 'nodejs/bin/node');
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const libraries = join('usr/lib', triplet);
  for (const name of readdirSync(join(from, libraries)).filter((one) => LIBRARIES.test(one)))
    take(join(libraries, name), join('lib', triplet, name));
  const loader = process.arch === 'arm64' ? 'lib/ld-linux-aarch64.so.1' : 'lib64/ld-linux-x86-64.so.2';
  take(loader);
  for (const path of ['etc/nsswitch.conf', 'etc/os-release', BUNDLE]) take(path);
  const accounts = { passwd: ':x:65532:65532:nonroot:/home/nonroot:/sbin/nologin', group: ':x:65532:' };
  const rootAccounts = { passwd: 'root:x:0:0:root:/root:/sbin/nologin', group: 'root:x:0:' };
  for (const file of ['passwd', 'group'] as const)
    writeFileSync(join(root, 'etc', file), `${rootAccounts[file]}\nnonroot${accounts[file]}\n`);
  mkdirSync(join(root, 'home/nonroot'), { recursive: true });
  mkdirSync(join(root, 'tmp'), { mode: 0o1777 });
}

async function commit(root: string, name: string, config: readonly string[]): Promise<void> {
  const container = await buildah(['from', 'scratch']);
  try {
    await buildah(['copy', '--quiet', container, root, '/']);
    await buildah(['config', '--os', 'linux', ...config, container]);
    await buildah([
      'commit',
      '--quiet',
      '--format',
      'docker',
      '--timestamp',
      '0',
      '--identity-label=false',
      container,
      name,
    ]);
  } finally {
    await buildah(['rm', container]);
  }
}
