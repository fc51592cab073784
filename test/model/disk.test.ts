// Whatever happens to an exporter, its pages show one bill that may be there. Here with STATE_DIR.
import t from 'tap';
import { runSequences } from './sequences.ts';
import { onDisk } from './stores.ts';

t.setTimeout(900_000);

t.test('random sequences, figures in STATE_DIR', async (t) => {
  await runSequences(t, {
    stores: onDisk(t),
    count: 200,
    atLeast: {
      'kept figures shown by a start that bought nothing': 20,
      'kept figures shown by a start whose purchase failed': 30,
      'store down': 30,
      'store up again': 8,
      'store emptied': 30,
    },
  });
});
