import fc from 'fast-check';
import t from 'tap';
import { longestGap, type Reading, Sampler, wrongReadings } from './scenario/sampler.ts';

/** Readings a second apart; null is a second without a figure. */
const readingsOf = (values: readonly (number | null)[]): Reading[] =>
  values.map((value, second) => ({ at: second * 1_000, value: value ?? undefined }));

t.test('a gap lasts from the last figure to the next', async (t) => {
  const gap = (text: string) => longestGap(readingsOf([...text].map((char) => (char === '.' ? null : 1))));
  t.equal(gap('111111'), 0);
  t.equal(gap('111.11'), 2);
  t.equal(gap('1...11.1'), 4);
  t.equal(gap('...1111'), 3, 'from the first reading');
  t.equal(gap('111..'), 2, 'up to the last reading');
  t.equal(gap('.....'), 4);
});

t.test('it is what the runs of empty seconds say', async () => {
  const seconds = fc.array(fc.option(fc.constant(1), { freq: 2 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(seconds, (values) => {
      const text = values.map((value) => (value === null ? '.' : '1')).join('');
      const longest = [...text.matchAll(/\.+/g)].map(({ index, 0: run }) => {
        const from = Math.max(index - 1, 0);
        const to = Math.min(index + run.length, text.length - 1);
        return to - from;
      });
      return longestGap(readingsOf(values)) === Math.max(0, ...longest);
    }),
  );
});

t.test('only the one sum is right; nothing at all is a gap, no wrong sum', async (t) => {
  t.same(wrongReadings(readingsOf([12.5, null, 25, 12.5 + 1e-9, 0]), 12.5), [25, 0]);
});

t.test('a sampler goes on where a reading fails', async (t) => {
  let calls = 0;
  const sampler = new Sampler(async () => {
    calls += 1;
    if (calls % 2 === 0) throw new Error('not now');
    return calls;
  }, 1);
  while (calls < 5) await new Promise((resolve) => setTimeout(resolve, 1));
  const readings = await sampler.stop();
  t.same(
    readings.slice(0, 5).map(({ value }) => value),
    [1, undefined, 3, undefined, 5],
  );
  const before = calls;
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(calls, before, 'and ends');
});
