import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { BASES, faultsOfBases } from '../../scripts/image/check-bases.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const BUILD = `docker.io/library/node:24-trixie-slim@${digestOf('a')}`;
const RUNTIME = `gcr.io/distroless/nodejs24-debian13:nonroot@${digestOf('b')}`;

/** The value of an `ARG` before the first stage. */
const defaultOf = (name: string) => new RegExp(`^ARG ${name}=(.+)$`, 'm').exec(DOCKERFILE)?.[1] ?? '';

t.test('a tag with a digest is accepted', async (t) => {
  t.same(faultsOfBases([`BUILD_IMAGE=${BUILD}`, 'VERSION=1.2.3', `RUNTIME_IMAGE=${RUNTIME}`]), []);
  const local = `localhost:5000/a/b_c:1@${digestOf('c')}`;
  t.same(faultsOfBases([`BUILD_IMAGE=${local}`, `RUNTIME_IMAGE=${local}`]), []);
});

t.test("the Dockerfile's own defaults are not: they are tags", async (t) => {
  for (const name of BASES) {
    t.match(defaultOf(name), /^[a-z.]+\/[a-z0-9/-]+:[a-z0-9-]+$/, `${name}, a whole name with a tag`);
    t.match(faultsOfBases([`${name}=${defaultOf(name)}`])[BASES.indexOf(name)], /must be registry/);
  }
});

t.test('each fault is told, with the argument that it is of', async (t) => {
  const wrong: [value: string, fault: RegExp][] = [
    ['', /must be/],
    ['node:24', /must be/],
    [`docker.io/library/node@${digestOf('a')}`, /must be/],
    ['docker.io/library/node:24@sha256:', /must be/],
    [`docker.io/library/node:24@${digestOf('a').slice(0, -1)}`, /must be/],
    [`docker.io/library/node:24@${digestOf('a')}0`, /must be/],
    [`docker.io/library/node:24@${digestOf('a').toUpperCase()}`, /must be/],
    [`docker.io/library/node:24@${digestOf('a').replace('sha256', 'sha512')}`, /must be/],
    [`docker.io/library/node:24 @${digestOf('a')}`, /must be/],
    [`docker.io/library/node:24@${digestOf('a')}\n`, /must be/],
    [`docker.io/library/node:24@sha256:${'0'.repeat(64)}`, /no image's digest/],
    [`docker.io/library/node:24@sha256:${'f'.repeat(64)}`, /no image's digest/],
  ];
  for (const [value, fault] of wrong) {
    const faults = faultsOfBases([`RUNTIME_IMAGE=${value}`, `BUILD_IMAGE=${BUILD}`]);
    t.equal(faults.length, 1, JSON.stringify(value));
    t.match(faults[0], fault);
    t.match(faults[0], /^RUNTIME_IMAGE/);
  }
  t.match(faultsOfBases([]), [/^BUILD_IMAGE is not given/, /^RUNTIME_IMAGE is not given/]);
  t.match(faultsOfBases([`BUILD_IMAGE=${BUILD}`, 'BUILD_IMAGE=x:1', `RUNTIME_IMAGE=${RUNTIME}`]), [
    /^BUILD_IMAGE is given 2 times/,
  ]);
});

t.test('whatever is accepted ends with a digest that is written out', async (t) => {
  const hostile = fc.oneof(
    fc.string(),
    fc.string().map((text) => `docker.io/library/node:24${text}@${digestOf(text)}`),
    fc.string().map((text) => `docker.io/library/node:24@${digestOf(text)}${text}`),
  );
  let accepted = 0;
  fc.assert(
    fc.property(hostile, (value) => {
      if (faultsOfBases([`BUILD_IMAGE=${value}`, `RUNTIME_IMAGE=${RUNTIME}`]).length > 0) return true;
      accepted += 1;
      return /^[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/.test(value);
    }),
  );
  t.ok(accepted > 0, `${accepted} accepted`);
});

t.test('the script fails a release', async (t) => {
  const check = (...args: string[]) =>
    spawnSync(process.execPath, [join(ROOT, 'scripts/image/check-bases.ts'), ...args], { encoding: 'utf8' });
  t.equal(check(`BUILD_IMAGE=${BUILD}`, `RUNTIME_IMAGE=${RUNTIME}`).status, 0);
  const refused = check(`BUILD_IMAGE=${BUILD}`, `RUNTIME_IMAGE=${defaultOf('RUNTIME_IMAGE')}`);
  t.equal(refused.status, 1);
  t.match(refused.stderr, /^RUNTIME_IMAGE=gcr\.io.*must be/);
});

t.test("the image's version is the package's", async (t) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  t.equal(defaultOf('VERSION'), version);
});
