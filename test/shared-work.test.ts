import t from 'tap';
import { sharedWork } from '../src/shared-work.ts';

t.test('calls during a run share the next one, which begins after they came', async (t) => {
  const ends: (() => void)[] = [];
  let begun = 0;
  const run = sharedWork(async () => {
    const number = ++begun;
    await new Promise<void>((resolve) => {
      ends.push(resolve);
    });
    return number;
  });
  const first = run();
  const second = [run(), run(), run()];
  t.equal(begun, 1, 'one at a time');
  ends[0]?.();
  t.equal(await first, 1);
  await new Promise((resolve) => setImmediate(resolve));
  const third = run();
  t.equal(begun, 2);
  ends[1]?.();
  t.same(await Promise.all(second), [2, 2, 2]);
  await new Promise((resolve) => setImmediate(resolve));
  ends[2]?.();
  t.equal(await third, 3, 'never older than its call');
  t.equal(begun, 3);
});

t.test('a run that fails fails for those that share it, and for nobody else', async (t) => {
  let fails = true;
  const run = sharedWork(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    if (fails) throw new Error('no');
    return 'yes';
  });
  const all = [run(), run(), run()];
  const results = await Promise.allSettled(all);
  t.same(
    results.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  fails = false;
  t.equal(await run(), 'yes');
});
