import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import v8 from 'node:v8';
import t from 'tap';
import { SHRINKING_MS, withRoomyHeap } from '../src/heap.ts';

t.setTimeout(180_000);

/** Objects that fill some 100 MB of heap, old enough not to be taken for short-lived ones. */
async function fill(): Promise<number> {
  const kept: { text: string; list: number[] }[] = [];
  for (let turn = 0; turn < 50; turn++) {
    for (let count = 0; count < 10_000; count++) kept.push({ text: `${turn} ${count}`, list: [turn, count] });
    await delay(1);
  }
  return process.memoryUsage().heapTotal;
}

/** What scrapes leave behind in a second: V8 alone takes it for a process that still needs its heap. */
async function asIfScraped(): Promise<void> {
  for (let scrape = 0; scrape < 4; scrape++) {
    Array.from({ length: 20_000 }, (_, index) => ({ text: `${scrape} ${index}` }));
    await delay(250);
  }
}

t.test('a process that is scraped and does no more gives its heap back', async (t) => {
  const filled = await withRoomyHeap(() => withRoomyHeap(fill));
  t.ok(filled > 60e6, `${filled} bytes`);
  let left = filled;
  for (let second = 0; second < 60 && left > filled / 2; second++) {
    await asIfScraped();
    left = process.memoryUsage().heapTotal;
  }
  t.ok(left <= filled / 2, `${left} of ${filled} bytes`);
});

t.test('what the work brings, or throws, is what comes back', async (t) => {
  t.equal(await withRoomyHeap(async () => 7), 7);
  await t.rejects(
    withRoomyHeap(async () => {
      throw new Error('no');
    }),
    new Error('no'),
  );
});

t.test('V8 is told to save memory for a while after the last work, and at no other time', async (t) => {
  const told: string[] = [];
  const tell = v8.setFlagsFromString;
  v8.setFlagsFromString = (flag) => void told.push(flag);
  syncBuiltinESMExports();
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => {
    mock.timers.reset();
    v8.setFlagsFromString = tell;
    syncBuiltinESMExports();
  });
  const since = () => told.splice(0).map((flag) => flag === '--optimize-for-size');
  await withRoomyHeap(() => withRoomyHeap(async () => t.same(since(), [false, false], 'not while it works')));
  t.same(since(), [true], 'once the last has ended');
  mock.timers.tick(SHRINKING_MS - 1);
  t.same(since(), []);
  await withRoomyHeap(async () => t.same(since(), [false]));
  t.same(since(), [true]);
  mock.timers.tick(SHRINKING_MS - 1);
  t.same(since(), [], 'the while after the work before says nothing any more');
  mock.timers.tick(1);
  t.same(since(), [false], 'and no longer than that');
});
