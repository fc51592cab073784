// Whatever happens to an exporter, its pages show one bill that may be there. Here with Redis.
import t from 'tap';
import { runSequences } from './sequences.ts';
import { inRedis } from './stores.ts';

t.setTimeout(900_000);

t.test('random sequences, figures in Redis', async (t) => {
  const stores = await inRedis(t);
  if (stores === undefined) return;
  await runSequences(t, {
    stores,
    count: 150,
    atLeast: {
      'kept figures shown by a start that bought nothing': 3,
      'kept figures shown by a start whose purchase failed': 30,
      'store down': 20,
      'store up again': 4,
      'store emptied': 20,
    },
  });
});
