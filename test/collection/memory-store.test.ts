import t from 'tap';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import { keptOn } from './store-helper.ts';

t.test('keeps the last snapshot of each collector and target', async (t) => {
  const store = new MemoryStore();
  t.equal(await store.load('cost', 'default'), undefined);
  await store.save(keptOn(1));
  await store.save(keptOn(2));
  await store.save(keptOn(3, { target: 'other' }));
  await store.save(keptOn(4, { collector: 'cost","x', target: 'y' }));
  t.same(await store.load('cost', 'default'), keptOn(2));
  t.same(await store.load('cost', 'other'), keptOn(3, { target: 'other' }));
  t.equal(await store.load('forecast', 'default'), undefined);
  t.equal(await store.load('cost', 'x","y'), undefined);
  await store.close();
  t.same(await store.load('cost', 'default'), keptOn(2));
});
