import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Kept, Standing } from '../../src/collection/snapshot.ts';
import { encode, MAX_STORED_BYTES } from '../../src/collection/snapshot-codec.ts';
import { DiskStore } from '../../src/disk/disk-store.ts';
import { openStateDir, type StateDir } from '../../src/disk/state-dir.ts';
import { CollectionError } from '../../src/errors.ts';
import { keptOn, recorder } from '../collection/store-helper.ts';
import type { TestScope } from '../servers/process.ts';
import { openFolder } from './helper.ts';
import { standingOf } from './standing.ts';

/** A store on a folder, with what it and the folder say. */
async function openStore(t: TestScope, folder: string, wrap = (dir: StateDir) => dir) {
  const logger = recorder();
  const dir = await openStateDir(folder, logger);
  t.teardown(() => dir.close());
  const store = new DiskStore(wrap(dir), logger);
  return {
    store,
    dir,
    lines: logger.lines,
    async close() {
      await store.close();
      await dir.close();
    },
  };
}

const NOTHING = { kept: undefined, standing: undefined };
const both = (kept: Kept, more: Partial<Standing> = {}) => ({ kept, standing: standingOf(kept, more) });

t.test('the next process finds what was saved', async (t) => {
  const folder = t.testdir();
  const odd = keptOn(3, { collector: '../a+b', target: 'a:b/\u00fc 100%\ud800' });
  const first = await openStore(t, folder);
  t.same(await first.store.load('cost', 'default'), NOTHING);
  t.equal(await first.store.save(keptOn(1), standingOf(keptOn(1))), true);
  t.equal(await first.store.save(keptOn(2), standingOf(keptOn(2))), true);
  await first.store.save(odd, standingOf(odd));
  await first.store.note(standingOf(keptOn(4, { target: 'other' })));
  t.same(await first.store.load('cost', 'default'), both(keptOn(2)));
  await first.close();
  t.same(await first.store.load('cost', 'default'), both(keptOn(2)), 'and it stays readable');

  const second = await openStore(t, folder);
  t.same(await second.store.load('cost', 'default'), both(keptOn(2)));
  const { kept } = await second.store.load('../a+b', 'a:b/\u00fc 100%\ufffd');
  t.equal(kept, undefined, 'another name');
  t.same(await second.store.load('cost', 'other'), {
    kept: undefined,
    standing: standingOf(keptOn(4, { target: 'other' })),
  });
  t.same(await second.store.load('cost+default', ''), NOTHING);
  t.ok(readdirSync(folder).includes('snapshot+cost+default'));
  second.store.onNews();
});

t.test('a standing confirms its own snapshot and no other, and never backwards', async (t) => {
  const kept = keptOn(1);
  const later = '2026-03-01T05:00:00.000Z';
  const cases: [string, Partial<Standing>, string][] = [
    ['later', { confirmedAt: later }, later],
    ['earlier', { confirmedAt: '2026-02-28T00:00:00Z' }, kept.confirmedAt],
    ['of another', { collectedAt: '2026-03-01T04:00:00.000Z', confirmedAt: later }, kept.confirmedAt],
    ['of none', { collectedAt: null, confirmedAt: null }, kept.confirmedAt],
  ];
  for (const [name, more, confirmedAt] of cases) {
    const first = await openStore(t, t.testdir());
    await first.store.save(kept, standingOf(kept));
    await first.store.note(standingOf(kept, more));
    const expected = { kept: { ...kept, confirmedAt }, standing: standingOf(kept, more) };
    t.same(await first.store.load('cost', 'default'), expected, name);
    await first.close();
    const second = await openStore(t, first.dir.path);
    t.same(await second.store.load('cost', 'default'), expected, `${name}, read`);
    await second.close();
  }
});

t.test('what was saved or noted before the first load is not replaced by older files', async (t) => {
  const folder = t.testdir();
  const first = await openStore(t, folder);
  await first.store.save(keptOn(1), standingOf(keptOn(1)));
  await first.close();
  const second = await openStore(t, folder);
  const note = standingOf(keptOn(1), { status: 'failed', interruptions: 2 });
  const noted = second.store.note(note);
  t.same(await second.store.load('cost', 'default'), { kept: keptOn(1), standing: note });
  await noted;
  await second.close();
  const third = await openStore(t, folder);
  const loading = third.store.load('cost', 'default');
  const saving = third.store.save(keptOn(2), standingOf(keptOn(2)));
  t.same(await loading, both(keptOn(2)));
  await saving;
  await third.close();
});

t.test('a standing keeps its causes, of errors what may be shown', async (t) => {
  const folder = t.testdir();
  const first = await openStore(t, folder);
  const cause = new CollectionError('throttled', 'AWS throttles.', 'Wait.', { cause: new Error('secret') });
  const part = { part: 'eu', cause, error: new Error('secret') };
  await first.store.note(
    standingOf(keptOn(1), { status: 'failed', cause, failed: [part], passedOver: [part] }),
  );
  await first.close();
  t.notMatch(readFileSync(join(folder, 'standing+cost+default'), 'utf8'), /secret/);
  const shown = { code: 'throttled', message: 'AWS throttles.', advice: 'Wait.' };
  const second = await openStore(t, folder);
  t.strictSame((await second.store.load('cost', 'default')).standing, {
    ...standingOf(keptOn(1), { status: 'failed' }),
    cause: shown,
    failed: [{ part: 'eu', cause: shown }],
    passedOver: [{ part: 'eu', cause: shown }],
  });
});

t.test('contents that make no sense are set aside, said once, and written anew', async (t) => {
  const good = standingOf(keptOn(1));
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const values: [file: string, content: Buffer, reason: string][] = [
    ['snapshot', Buffer.from('rubbish'), 'not an undamaged gzip'],
    ['snapshot', await encode(keptOn(1, { target: 'b' })), 'of another collector or target'],
    ['standing', Buffer.from('rubbish'), 'not JSON'],
    ['standing', json(null), 'not how a collector stands'],
    ['standing', json({ ...good, status: 'fine' }), 'not how a collector stands'],
    ['standing', json({ ...good, lastAttempt: 'now' }), 'not how a collector stands'],
    ['standing', json({ ...good, failed: [{ part: 'a' }] }), 'not how a collector stands'],
    ['standing', json({ ...good, interruptions: undefined }), 'not how a collector stands'],
    ['standing', json({ ...good, confirmedAt: '2026-13-41T00:00:00Z' }), 'not how a collector stands'],
    ['standing', json({ ...good, target: 'b' }), 'of another collector or target'],
  ];
  for (const [file, content, reason] of values) {
    const { store, dir, lines, close } = await openStore(t, t.testdir());
    await dir.write(`${file}+cost+default`, content);
    t.same(await store.load('cost', 'default'), NOTHING);
    t.same(await store.load('cost', 'default'), NOTHING);
    t.equal(lines.length, 1);
    t.ok(lines[0]?.includes(`"reason":"${reason}"`), String(lines));
    t.ok(readdirSync(dir.path).some((name) => name.startsWith(`${file}+cost+default.unreadable-`)));
    await store.save(keptOn(2), good);
    await close();
    const next = await openStore(t, dir.path);
    t.same(await next.store.load('cost', 'default'), { kept: keptOn(2), standing: good });
    await next.close();
  }
});

t.test('a bad content that was replaced while it was read is not set aside in its place', async (t) => {
  const saved = Promise.withResolvers<void>();
  const { store, dir, lines } = await openStore(t, t.testdir(), (dir) => ({
    ...withMethods(dir),
    read: async (name) => {
      const bytes = await dir.read(name);
      await saved.promise;
      return bytes;
    },
  }));
  await dir.write('snapshot+cost+default', Buffer.from('rubbish'));
  const loading = store.load('cost', 'default');
  await dir.read('snapshot+cost+default');
  await store.save(keptOn(1), standingOf(keptOn(1)));
  saved.resolve();
  t.same(await loading, both(keptOn(1)));
  t.same(await dir.names(), ['snapshot+cost+default', 'standing+cost+default']);
  t.same(lines, []);
});

t.test('an outage is two log lines; all that it kept back is written with the next save', async (t) => {
  let fails = false;
  const { store, dir, lines } = await openStore(t, t.testdir(), (dir) => ({
    ...withMethods(dir),
    write: async (name, bytes) => {
      if (fails) throw new Error('ENOSPC: no space left');
      await dir.write(name, bytes);
    },
  }));
  const [a, b] = [keptOn(1, { target: 'a' }), keptOn(1, { target: 'b' })];
  fails = true;
  for (const kept of [a, b]) t.equal(await store.save(kept, standingOf(kept)), true);
  t.same(await dir.names(), []);
  fails = false;
  t.equal(await store.note(standingOf(a, { interruptions: 1 })), true);
  const all = ['snapshot+cost+a', 'snapshot+cost+b', 'standing+cost+a', 'standing+cost+b'];
  t.same(await dir.names(), all);
  t.match(lines, [
    /^warn State cannot be written to STATE_DIR: going on from memory .*"reason":"ENOSPC: no space left"/,
    /^info State is written to STATE_DIR again/,
  ]);
  fails = true;
  await store.save(keptOn(2, { target: 'a' }), standingOf(a));
  fails = false;
  await store.close();
  t.equal(lines.length, 4, 'closing tries once more');
});

t.test('a file that cannot be replaced does not hold up the others', async (t) => {
  const { store, dir, lines } = await openStore(t, t.testdir());
  mkdirSync(join(dir.path, 'snapshot+cost+a'));
  const a = keptOn(1, { target: 'a' });
  for (let round = 0; round < 3; round++) await store.save(a, standingOf(a));
  for (const target of ['b', 'c']) await store.save(keptOn(1, { target }), standingOf(keptOn(1, { target })));
  const b = ['snapshot+cost+b', 'snapshot+cost+c', 'standing+cost+a', 'standing+cost+b', 'standing+cost+c'];
  t.same(await dir.names(), b);
  t.equal(lines.length, 1);
  rmSync(join(dir.path, 'snapshot+cost+a'), { recursive: true });
  await store.note(standingOf(a));
  t.equal(lines.length, 2);
  t.same(await dir.names(), ['snapshot+cost+a', ...b]);
});

t.test('a snapshot that is too large stays in memory, and is said once', async (t) => {
  const { store, dir, lines } = await openStore(t, t.testdir());
  const random = Buffer.alloc(MAX_STORED_BYTES);
  crypto.getRandomValues(random.subarray(0, 65_536));
  for (let at = 65_536; at < random.length; at += 65_536)
    crypto.getRandomValues(random.subarray(at, at + 65_536));
  const large = keptOn(1, { data: random.toString('base64') });
  t.equal(await store.save(large, standingOf(large)), true);
  await store.note(standingOf(large));
  t.equal((await store.load('cost', 'default')).kept, large);
  t.same(await dir.names(), ['standing+cost+default']);
  t.match(lines, [
    /^warn A snapshot cannot be written to STATE_DIR: it is kept in memory alone .* more than/,
  ]);
  t.equal(lines.length, 1);
});

t.test('a file that cannot be read is said, kept, and read when it can be', async (t) => {
  let fails = true;
  const folder = t.testdir();
  const first = await openFolder(t, folder);
  await new DiskStore(first.dir, recorder()).save(keptOn(1), standingOf(keptOn(1)));
  await first.dir.close();
  const { store, lines } = await openStore(t, folder, (dir) => ({
    ...withMethods(dir),
    read: async (name) => {
      if (fails) throw new Error('EIO: i/o error');
      return dir.read(name);
    },
  }));
  t.same(await store.load('cost', 'default'), NOTHING);
  t.match(lines[0], /^warn State cannot be read from STATE_DIR .*EIO/);
  fails = false;
  t.same(await store.load('cost', 'default'), both(keptOn(1)));
});

t.test('closing does not wait for a disk that hangs', async (t) => {
  const { store } = await openStore(t, t.testdir(), (dir) => ({
    ...withMethods(dir),
    write: () => new Promise(() => {}),
  }));
  void store.save(keptOn(1), standingOf(keptOn(1)));
  await store.close();
  t.same(await store.load('cost', 'default'), both(keptOn(1)));
});

/** A folder's methods, to be replaced one by one. */
function withMethods(dir: StateDir): StateDir {
  return {
    path: dir.path,
    read: (name) => dir.read(name),
    write: (name, bytes) => dir.write(name, bytes),
    setAside: (name, reason) => dir.setAside(name, reason),
    names: () => dir.names(),
    close: () => dir.close(),
  };
}
