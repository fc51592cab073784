import fc from 'fast-check';
import t from 'tap';
import { DistinctTexts } from '../../src/metrics/distinct.ts';
import { anyText } from './helper.ts';

t.test('agrees with a Set on any texts', async () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 200 }), (texts) => {
      const distinct = new DistinctTexts();
      const set = new Set<string>();
      return texts.every((text) => {
        const isNew = !set.has(text);
        set.add(text);
        return distinct.add(text) === isNew;
      });
    }),
  );
});

t.test('finds each of many again after the tables have grown', async (t) => {
  const distinct = new DistinctTexts();
  const texts = Array.from({ length: 200_000 }, (_, index) => `{service="s",date="${index}"}`);
  t.equal(texts.filter((text) => distinct.add(text)).length, texts.length, 'all are new');
  t.equal(texts.filter((text) => distinct.add(text)).length, 0, 'none is new twice');
});
