// Whatever happens to an exporter, its pages show one bill that may be there. Here without a store.
import t from 'tap';
import { runSequences } from './sequences.ts';
import { inMemory } from './stores.ts';

t.setTimeout(900_000);

t.test('random sequences, figures in memory', async (t) => {
  await runSequences(t, { stores: inMemory, count: 150, atLeast: { 'looked: nothing is shown': 50 } });
});
