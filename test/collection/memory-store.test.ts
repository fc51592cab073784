import t from 'tap';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import type { Kept } from '../../src/collection/snapshot.ts';
import { standingFor } from './runner-helper.ts';
import { keptOn } from './store-helper.ts';

t.test('keeps the last snapshot of each collector and target', async (t) => {
  const store = new MemoryStore();
  const save = (kept: Kept) => store.save(kept, standingFor(kept));
  const load = async (collector: string, target: string) => (await store.load(collector, target)).kept;
  t.same(await store.load('cost', 'default'), { kept: undefined, standing: undefined });
  t.equal(await save(keptOn(1)), true);
  await save(keptOn(2));
  await save(keptOn(3, { target: 'other' }));
  await save(keptOn(4, { collector: 'cost","x', target: 'y' }));
  t.same(await load('cost', 'default'), keptOn(2));
  t.same(await load('cost', 'other'), keptOn(3, { target: 'other' }));
  t.equal(await load('forecast', 'default'), undefined);
  t.equal(await load('cost', 'x","y'), undefined);
  await store.close();
  t.same(await load('cost', 'default'), keptOn(2));
});

t.test('keeps how a collector stands; a confirmation is seen on its snapshot, and on no other', async (t) => {
  const store = new MemoryStore();
  const kept = keptOn(1);
  const failed = standingFor(kept, { status: 'failed', lastAttempt: 5, notBefore: 7, interruptions: 1 });
  t.equal(await store.note(failed), true, 'also without a snapshot');
  t.same(await store.load('cost', 'default'), { kept: undefined, standing: failed });
  await store.save(kept, standingFor(kept));
  t.same(await store.load('cost', 'default'), { kept, standing: standingFor(kept) });
  const confirmed = standingFor({ ...kept, confirmedAt: keptOn(2).confirmedAt });
  await store.note(confirmed);
  t.same((await store.load('cost', 'default')).kept, { ...kept, confirmedAt: keptOn(2).confirmedAt });
  await store.note(standingFor(keptOn(3)));
  t.same(
    (await store.load('cost', 'default')).kept,
    { ...kept, confirmedAt: keptOn(2).confirmedAt },
    'what is said of another snapshot confirms nothing',
  );
  await store.note(standingFor(kept));
  t.equal(
    (await store.load('cost', 'default')).kept?.confirmedAt,
    keptOn(2).confirmedAt,
    'a confirmation does not go back',
  );
});
