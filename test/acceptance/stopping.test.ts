// From the stop signal until the sockets close /ready says 503, the rest goes on.
import t from 'tap';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import type { SnapshotStore } from '../../src/collection/snapshot.ts';
import { ask, startCosts } from '../helper.ts';
import { eventually } from '../servers/process.ts';

t.test('while stopping', async (t) => {
  let release: (() => void) | undefined;
  const memory = new MemoryStore();
  const gate = { shut: false };
  // A run that is writing down its snapshot is waited for: that keeps the app stopping for as long as the test looks.
  const store: SnapshotStore = {
    load: (collector, target) => memory.load(collector, target),
    save: async (kept, standing) => {
      await memory.save(kept, standing);
      if (gate.shut) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      return true;
    },
    note: (standing) => memory.note(standing),
    onNews: () => {},
    close: () => memory.close(),
  };
  const { app, get, scrape, metricsUrl, run, collector } = await startCosts(t, { app: { store } });
  gate.shut = true;
  const last = run('cost');
  await eventually('the run is writing', () => release);
  const closed = app.close();
  const stopping = await eventually('it is stopping', async () => {
    const answer = await get('/ready');
    return answer.status === 503 ? answer : undefined;
  });
  t.equal(stopping.json().status, 'stopping');
  t.ok(Array.isArray(stopping.json().targets), 'with its states');
  t.equal((await ask(`${metricsUrl}/ready`)).status, 503, 'on both listeners');
  t.equal((await get('/health')).status, 200);
  t.equal((await scrape()).status, 200);
  t.equal((await get('/cost/current')).status, 200);
  t.equal(typeof (await collector('cost')).state, 'string');
  release?.();
  await last;
  await closed;
  await t.rejects(get('/health'), { code: 'ECONNREFUSED' });
  await t.rejects(scrape(), { code: 'ECONNREFUSED' });
});
