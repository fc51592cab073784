import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DiskStore } from '../../src/disk/disk-store.ts';
import { openStateDir } from '../../src/disk/state-dir.ts';
import { keptOn, recorder } from '../collection/store-helper.ts';
import { run } from '../servers/process.ts';
import { mounted, openFolder } from './helper.ts';
import { standingOf } from './standing.ts';

const TMPFS = ['-t', 'tmpfs', '-o', 'size=256k', 'state'];

t.test('a full disk: the old content stays, the store goes on from memory and catches up', async (t) => {
  const folder = await mounted(t, TMPFS);
  if (folder === undefined) return;
  const { dir, lines } = await openFolder(t, folder);
  const store = new DiskStore(dir, recorder());
  await store.save(keptOn(1), standingOf(keptOn(1)));
  await dir.write('a', Buffer.from('old'));
  fill(folder);
  await t.rejects(dir.write('a', Buffer.alloc(20_000)), { code: 'ENOSPC' });
  t.same(await dir.read('a'), Buffer.from('old'));
  t.notOk(
    readdirSync(folder).some((name) => name.startsWith('.tmp-')),
    'no file under way is left',
  );

  const logger = recorder();
  const full = new DiskStore(dir, logger);
  t.same(await full.load('cost', 'default'), { kept: keptOn(1), standing: standingOf(keptOn(1)) });
  for (const day of [2, 3]) t.equal(await full.save(keptOn(day), standingOf(keptOn(day))), true);
  await full.note(standingOf(keptOn(4, { target: 'other' })));
  t.same((await full.load('cost', 'default')).kept, keptOn(3));
  t.equal(logger.lines.length, 1);
  t.match(logger.lines, [/^warn State cannot be written to STATE_DIR: going on from memory .*ENOSPC/]);
  await dir.close();

  t.comment('a start finds what was kept, full or not');
  const next = await openFolder(t, folder);
  const found = await new DiskStore(next.dir, logger).load('cost', 'default');
  t.same(found, { kept: keptOn(1), standing: standingOf(keptOn(1)) });
  rmSync(join(folder, 'filler'));
  const last = new DiskStore(next.dir, logger);
  await last.save(keptOn(5), standingOf(keptOn(5)));
  t.same((await new DiskStore(next.dir, logger).load('cost', 'default')).kept, keptOn(5));
  t.equal(logger.lines.length, 1);
  t.same(lines.concat(next.lines), []);
});

t.test('a disk without room for one more file is no reason not to start from what is there', async (t) => {
  const folder = await mounted(t, ['-t', 'tmpfs', '-o', 'nr_inodes=6', 'state']);
  if (folder === undefined) return;
  const first = await openFolder(t, folder);
  await first.dir.write('a', Buffer.from('old'));
  await first.dir.close();
  t.throws(() => {
    for (let index = 0; index < 10; index++) writeFileSync(join(folder, `filler${index}`), '');
  }, /ENOSPC/);
  const { dir } = await openFolder(t, folder);
  t.same(await dir.read('a'), Buffer.from('old'));
  await t.rejects(dir.write('a', Buffer.from('new')), { code: 'ENOSPC' });
});

t.test('a read-only folder is refused at the start, and said when it becomes so later', async (t) => {
  const folder = await mounted(t, TMPFS);
  if (folder === undefined) return;
  const { dir } = await openFolder(t, folder);
  await dir.write('a', Buffer.from('old'));
  const view = await mounted(t, ['-o', 'bind,ro', folder]);
  if (view === undefined) return;
  await t.rejects(openStateDir(view, recorder()), { name: 'StateDirError' });
  await dir.close();
  await t.rejects(openStateDir(view, recorder()), {
    name: 'StateDirError',
    message: /^STATE_DIR ".*" cannot be (locked|written to)[^\n]*read-?only/i,
  });
  const again = await openFolder(t, folder);
  // A disk that is open for writing is not made read-only: a read-only view is laid over it.
  t.equal((await run('mount', ['-o', 'bind,ro', folder, folder])).code, 0);
  await t.rejects(again.dir.write('a', Buffer.from('new')), { code: 'EROFS' });
  t.same(await again.dir.read('a'), Buffer.from('old'));
  await run('umount', [folder]);
  await again.dir.write('a', Buffer.from('new'));
  t.same(await again.dir.read('a'), Buffer.from('new'));
});

/** Takes all room that a folder's disk has. */
function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'filler'), Buffer.alloc(Number(bavail) * Number(bsize)));
}
