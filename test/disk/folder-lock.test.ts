import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openStateDir } from '../../src/disk/state-dir.ts';
import { StateDirError } from '../../src/disk/state-dir-error.ts';
import { recorder } from '../collection/store-helper.ts';
import { openFolder, startChild } from './helper.ts';

t.setTimeout(120_000);

const REFUSED = /^StateDirError: STATE_DIR ".*" is in use by another process: [^\n]*$/;

t.test('a second process is refused while the first lives, and let in the moment it is killed', async (t) => {
  const folder = join(t.testdir(), 'made', 'anew');
  const other = startChild(t);
  let holder = startChild(t);
  t.equal(await holder.ask(`open ${folder}`), 'won');
  for (let round = 0; round < 10; round++) {
    t.match(await other.ask(`open ${folder}`), REFUSED);
    await t.rejects(openStateDir(folder, recorder()), StateDirError);
    await holder.kill();
    holder = startChild(t);
    t.equal(await holder.ask(`open ${folder}`), 'won', 'at once');
    t.equal(holder.stderr() + other.stderr(), '');
  }
  t.equal(await holder.ask('close'), 'closed');
  t.equal(await other.ask(`open ${folder}`), 'won');
  t.equal(statSync(folder).mode & 0o777, 0o700);
  t.same(readdirSync(folder), ['lock.db'], 'and nothing is left');
  t.equal(statSync(join(folder, 'lock.db')).size, 0);
  t.equal(await other.end(), 0);
  t.equal(other.stderr(), '');
});

t.test('using the folder does not drop the lock, closing it does', async (t) => {
  const folder = t.testdir();
  const { dir } = await openFolder(t, folder);
  await dir.write('a', Buffer.from('a'));
  t.same(await dir.read('a'), Buffer.from('a'), 'a file of the folder is closed, the lock is not dropped');
  t.same(await dir.names(), ['a']);
  t.match(await startChild(t).ask(`open ${folder}`), REFUSED);
  await dir.close();
  await dir.close();
  t.equal(await startChild(t).ask(`open ${folder}`), 'won');
});

t.test('of those that come at the same moment exactly one gets it', async (t) => {
  const root = t.testdir();
  const children = [1, 2, 3, 4, 5].map(() => startChild(t));
  for (let round = 0; round < 60; round++) {
    const folder = join(root, String(round));
    // New folders, folders that were used before, and some with rubbish for a lock.
    if (round % 3 > 0) mkdirSync(folder);
    if (round % 3 > 1) writeFileSync(join(folder, 'lock.db'), 'rubbish '.repeat(100));
    const answers = await Promise.all(children.map((child) => child.ask(`open ${folder}`)));
    const refused = answers.filter((answer) => REFUSED.test(answer));
    t.same([answers.filter((answer) => answer === 'won').length, refused.length], [1, 4], `round ${round}`);
    t.same(await Promise.all(children.map((child) => child.ask('close'))), Array(5).fill('closed'));
  }
  for (const child of children) t.equal(child.stderr(), '');
});

t.test('a lock file with anything in it is no obstacle, and still a lock', async (t) => {
  const headed = Buffer.alloc(5_000, 0xab);
  headed.write('SQLite format 3\0', 'latin1');
  for (const [name, content] of [
    ['text', Buffer.from('not a database')],
    ['zeros', Buffer.alloc(8_192)],
    ['a damaged database', headed],
  ] as const) {
    const folder = t.testdir({ 'lock.db': content, 'lock.db-journal': 'rubbish', 'lock.db-wal': 'rubbish' });
    const { lines } = await openFolder(t, folder);
    t.same(lines, [], name);
    t.match(await startChild(t).ask(`open ${folder}`), REFUSED, name);
  }
});

t.test('a lock file that was removed is made and locked anew with the next write', async (t) => {
  const folder = t.testdir();
  const { dir } = await openFolder(t, folder);
  rmSync(join(folder, 'lock.db'));
  await dir.write('a', Buffer.from('1'));
  const other = startChild(t);
  t.match(await other.ask(`open ${folder}`), REFUSED);

  rmSync(join(folder, 'lock.db'));
  t.equal(await other.ask(`open ${folder}`), 'won');
  await t.rejects(dir.write('a', Buffer.from('2')), /in use by another process/);
  await t.rejects(dir.write('a', Buffer.from('3')), /in use by another process/);
  t.same(await dir.read('a'), Buffer.from('1'));
  await other.kill();
  await Promise.all([dir.write('a', Buffer.from('4')), dir.write('b', Buffer.from('4'))]);
  t.match(await startChild(t).ask(`open ${folder}`), REFUSED);
});

t.test('what cannot be a state folder is said in one line', async (t) => {
  const root = t.testdir({ file: '', taken: { 'lock.db': { in: 'the way' } } });
  for (const [path, reason] of [
    [join(root, 'file'), /is a file, not a folder$/],
    [join(root, 'file', 'below'), /is below a file, not in a folder$/],
    [join(root, 'taken'), /cannot be locked \(its file lock\.db\): [^\n]+/],
    [`${root}\0`, /cannot be created: /],
    ['/proc/state', /cannot be created: ENOENT/],
  ] as const) {
    await t.rejects(openStateDir(path, recorder()), { name: 'StateDirError', message: reason });
  }
  t.notOk(existsSync(join(root, 'file', 'below')));
});

t.test('without SQLite it is refused; other warnings than its own are heard', async (t) => {
  const folder = t.testdir();
  const without = startChild(t, ['--no-experimental-sqlite']);
  t.match(
    await without.ask(`open ${folder}`),
    /^StateDirError: .* cannot be locked: this Node\.js .* SQLite$/,
  );

  const child = startChild(t);
  t.equal(await child.ask(`open ${folder}`), 'won');
  t.equal(await child.ask('warn mine'), 'warned');
  t.equal(await child.end(), 0);
  t.match(child.stderr(), /^\(node:\d+\) ExperimentalWarning: mine\n[^\n]*\n$/);
});
