import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { MAX_STORED_BYTES } from '../../src/collection/snapshot-codec.ts';
import { readStateDir } from '../../src/disk/state-dir.ts';
import { recorder } from '../collection/store-helper.ts';
import { openFolder } from './helper.ts';

t.setTimeout(120_000);

const NAME = 'snapshot+cost+default';
const PAYLOAD = Buffer.from('{"some":"state"}\nand a second line, gr\u00fcn');
const asideIn = (folder: string) => readdirSync(folder).filter((name) => name.includes('.unreadable-'));

t.test('what is written is read, by the next one too', async (t) => {
  const folder = t.testdir();
  const first = await openFolder(t, folder);
  t.equal(first.dir.path, folder);
  t.equal(await first.dir.read(NAME), undefined);
  t.same(await first.dir.names(), []);
  const contents: [string, Buffer][] = [
    [NAME, PAYLOAD],
    ['empty', Buffer.alloc(0)],
    ['ends+with%0A', Buffer.from('\n\n')],
    ['large', Buffer.alloc(5_000_000, 'large')],
  ];
  for (const [name, bytes] of contents) {
    await first.dir.write(name, Buffer.from('before'));
    await first.dir.write(name, bytes);
    t.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
  }
  await first.dir.close();

  const second = await openFolder(t, folder);
  for (const [name, bytes] of contents) t.ok((await second.dir.read(name))?.equals(bytes), name);
  t.same(await second.dir.names(), contents.map(([name]) => name).toSorted());
  t.match(
    readFileSync(join(folder, NAME), 'utf8'),
    /^\{"format":1,"sha256":"[0-9a-f]{64}","bytes":41\}\n\{"some"/,
  );
  t.same(first.lines.concat(second.lines), []);
});

t.test('writes of one name are in order, whatever comes between; the last wins', async (t) => {
  const { dir } = await openFolder(t, t.testdir());
  const text = async () => (await dir.read('a'))?.toString();
  const written = Array.from({ length: 50 }, (_, index) => dir.write('a', Buffer.from(`${index}`)));
  t.equal(await text(), '49');
  await Promise.all(written);
  const [, one, , none] = await Promise.all([
    dir.write('a', Buffer.from('x')),
    dir.read('a'),
    dir.setAside('a', 'for the test'),
    dir.read('a'),
    dir.write('a', Buffer.from('y')),
  ]);
  t.same([one?.toString(), none, await text()], ['x', undefined, 'y']);
  void dir.write('a', Buffer.from('z'));
  await dir.close();
  await t.rejects(dir.write('a', Buffer.from('late')), /closed/);
  await t.rejects(dir.read('a'), /closed/);
  t.equal(await (await openFolder(t, dir.path)).dir.read('a').then(String), 'z');
});

t.test('what is not, or not wholly, what was written is set aside and said', async (t) => {
  const good = await sealed(t);
  const line = good.indexOf('\n') + 1;
  const header = (fields: object) =>
    Buffer.concat([
      Buffer.from(`${JSON.stringify({ ...JSON.parse(good.toString('utf8', 0, line)), ...fields })}\n`),
      good.subarray(line),
    ]);
  const flipped = Buffer.from(good);
  flipped[line + 3]! ^= 4;
  const values: [string, Buffer | ((file: string) => void), string][] = [
    ['empty', Buffer.alloc(0), 'empty'],
    ['zeros, as after a power failure', Buffer.alloc(good.length), 'not a file of state'],
    ['a header alone', good.subarray(0, line), '0 bytes, not the 41 that were written'],
    ['half a header', good.subarray(0, 20), 'not a file of state'],
    ['half', good.subarray(0, good.length - 5), '36 bytes, not the 41 that were written'],
    [
      'something behind it',
      Buffer.concat([good, Buffer.from('x')]),
      '42 bytes, not the 41 that were written',
    ],
    ['a bit', flipped, 'damaged: the checksum is another'],
    ['another program', Buffer.from('{"name":"foreign"}\n{}'), 'not a file of state'],
    ['no text', Buffer.from([0xff, 0xfe, 0, 10, 1]), 'not a file of state'],
    ['JSON that is no object', Buffer.from('null\n'), 'not a file of state'],
    ['a later version', header({ format: 2 }), 'format 2, not 1'],
    ['a negative size', header({ bytes: -1 }), 'not a file of state'],
    ['huge', (file) => truncateSync(file, 200 * 2 ** 30), `${200 * 2 ** 30} bytes, more than `],
    ['a folder', (file) => mkdirSync(join(file, 'with'), { recursive: true }), 'not a regular file'],
    ['a link', (file) => symlinkSync('/etc/hostname', file), 'not a regular file'],
    ['a pipe', (file) => execFileSync('mkfifo', [file]), 'not a regular file'],
  ];
  for (const [name, content, reason] of values) {
    await t.test(name, async (t) => {
      const folder = t.testdir();
      const file = join(folder, NAME);
      if (name === 'huge') writeFileSync(file, '');
      if (typeof content === 'function') content(file);
      else writeFileSync(file, content);
      const { dir, lines } = await openFolder(t, folder);
      t.equal(await dir.read(NAME), undefined);
      t.equal(await dir.read(NAME), undefined);
      t.equal(lines.length, 1);
      t.ok(lines[0]?.startsWith('warn A file of state cannot be read: set aside'), String(lines));
      t.ok(lines[0]?.includes(`"file":"${file}","reason":"${reason}`), String(lines));
      t.match(asideIn(folder), [/^snapshot\+cost\+default\.unreadable-\d{8}T\d{6}\.\d{3}Z$/]);
      t.same(await dir.names(), []);
      await dir.write(NAME, PAYLOAD);
      t.same(await dir.read(NAME), PAYLOAD);
    });
  }
});

t.test('property: no truncated, changed or foreign file is taken for a good one', async (t) => {
  const good = await sealed(t);
  const folder = t.testdir();
  const { dir } = await openFolder(t, folder);
  const damaged = fc.oneof(
    fc.nat(good.length - 1).map((end) => good.subarray(0, end)),
    fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
      const bytes = Buffer.from(good);
      bytes[at]! ^= flip;
      return bytes;
    }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      writeFileSync(join(folder, NAME), bytes);
      const found = await dir.read(NAME);
      // A change that leaves the header's meaning as it was (white space) is none.
      return found === undefined || found.equals(PAYLOAD);
    }),
    { numRuns: 400 },
  );
  t.ok(asideIn(folder).length <= 5, 'and few are kept');
});

t.test('the last few that were set aside are kept, of all names', async (t) => {
  const folder = t.testdir({ mine: 'not of state', 'a.txt': 'nor this' });
  const { dir } = await openFolder(t, folder);
  const old = 'x.unreadable-20200101T000000.000Z';
  for (const name of [old, `b${old}`, `folder${old}`]) mkdirSync(join(folder, name));
  for (let index = 0; index < 12; index++) {
    const name = `file${11 - index}`;
    writeFileSync(join(folder, name), `rubbish ${index}`);
    await dir.read(name);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  const kept = asideIn(folder).filter((name) => !name.includes('.unreadable-2020'));
  t.same(
    kept.map((name) => name.replace(/\..*/, '')),
    ['file0', 'file1', 'file2', 'file3', 'file4'],
  );
  t.equal(asideIn(folder).length, 8, 'folders are not removed');
  t.same(await dir.names(), ['a.txt', 'mine']);
});

t.test('what a crash has left is removed, what others have put there stays', async (t) => {
  const folder = t.testdir({ '.tmp-0': 'half', '.tmp-17': '', '.hidden': '', notes: '' });
  const { lines } = await openFolder(t, folder);
  t.same(readdirSync(folder).toSorted(), ['.hidden', 'lock.db', 'notes']);
  t.same(lines, []);
});

t.test('names that would leave the folder, or are its own, are refused', async (t) => {
  const { dir } = await openFolder(t, t.testdir());
  const names = ['', '.', '..', '../x', 'a/b', '.tmp-1', 'lock.db', 'lock.db-wal', 'a\0', 'x'.repeat(201)];
  for (const name of [...names, 'a.unreadable-20200101T000000.000Z']) {
    await t.rejects(dir.write(name, PAYLOAD), TypeError);
    await t.rejects(dir.read(name), TypeError);
  }
});

t.test('what would be too large to be read back is not written', async (t) => {
  const { dir } = await openFolder(t, t.testdir());
  await dir.write(NAME, PAYLOAD);
  await t.rejects(dir.write(NAME, Buffer.alloc(MAX_STORED_BYTES + 1)), RangeError);
  t.same(await dir.read(NAME), PAYLOAD);
});

t.test('a folder that was removed is said in the words of the file system', async (t) => {
  const folder = t.testdir();
  const { dir, lines } = await openFolder(t, folder);
  await dir.write(NAME, PAYLOAD);
  await rm(folder, { recursive: true });
  await t.rejects(dir.write(NAME, PAYLOAD), { code: 'ENOENT' });
  t.equal(await dir.read(NAME), undefined);
  mkdirSync(folder);
  await dir.write(NAME, PAYLOAD);
  t.same(await dir.read(NAME), PAYLOAD);
  t.same(readdirSync(folder).toSorted(), ['lock.db', NAME], 'locked again');
  t.same(lines, []);
});

/** The bytes of a good file. */
async function sealed(t: Test): Promise<Buffer> {
  const { dir } = await openFolder(t, t.testdir());
  await dir.write(NAME, PAYLOAD);
  await dir.close();
  return readFileSync(join(dir.path, NAME));
}

t.test('read beside its user: what is there, and nothing is touched', async (t) => {
  const folder = t.testdir();
  const { dir } = await openFolder(t, folder);
  await dir.write(NAME, PAYLOAD);
  writeFileSync(join(folder, 'torn'), 'half');
  const logger = recorder();
  const reader = await readStateDir(folder, logger);
  const before = readdirSync(folder);
  t.ok((await reader.read(NAME))?.equals(PAYLOAD));
  t.equal(await reader.read('none'), undefined);
  t.equal(await reader.read('torn'), undefined);
  await t.rejects(reader.read('../outside'), TypeError);
  await t.rejects(reader.write(NAME, Buffer.from('other')));
  await reader.setAside(NAME, 'no sense in it');
  t.same(await reader.names(), [NAME, 'torn'].toSorted());
  t.same(readdirSync(folder), before);
  t.match(logger.lines, [/torn.*not a file of state/, /no sense in it/]);
  // Each replacement is seen whole.
  let last = PAYLOAD;
  for (let version = 0; version < 20; version++) {
    const bytes = Buffer.alloc(100_000, `${version}`);
    const writing = dir.write(NAME, bytes);
    const seen = await reader.read(NAME);
    t.ok(seen?.equals(last) || seen?.equals(bytes));
    await writing;
    t.ok((await reader.read(NAME))?.equals(bytes));
    last = bytes;
  }
  await reader.close();
  await dir.write(NAME, Buffer.from('its user goes on'));
  t.equal(logger.lines.length, 2);

  const none = join(folder, 'none');
  await t.rejects(readStateDir(none, logger), { name: 'StateDirError', message: /none" does not exist$/ });
  await t.rejects(readStateDir(join(folder, NAME), logger), /is a file, not a folder$/);
  t.same(readdirSync(folder), before);
});
