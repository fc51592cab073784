// What a follower of the bill is expected to buy: all on a new day, what is restated after a change within it.
import t from 'tap';
import { expected, type PlannedCollector } from '../../src/spend/expected.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-11-20T00:00:00Z');
const rules = { detect: true, minIntervalMs: 6 * HOUR, maxAgeMs: DAY };
const tags: PlannedCollector = {
  collector: 'tags',
  target: 'default',
  intervalMs: HOUR / 2,
  newDay: 'with the next change',
  seesBill: false,
  purchases: { pages: 60, afterChange: 30, daily: 1 },
};

t.test('a follower: the whole once a day, after a change what is restated', async (t) => {
  const period = { from: START + DAY, to: START + 31 * DAY, since: START + DAY - HOUR };
  const { collections, pages } = expected(tags, rules, HOUR, period);
  t.equal(collections, 3 * 30, 'three refreshes a day');
  t.equal(pages, 30 * (60 + 1 + 2 * 30));
  const { afterChange: _, ...whole } = tags.purchases;
  t.equal(expected({ ...tags, purchases: whole }, rules, HOUR, period).pages, 30 * (3 * 60 + 1));
});

t.test('the whole where nobody can say what has moved', async (t) => {
  const period = { from: START + DAY, to: START + 2 * DAY, since: START + DAY - HOUR };
  const off = expected(tags, { ...rules, detect: false }, HOUR, period);
  t.same(off, { collections: 48, pages: 48 * 60 + 1 });
  const unseen = expected(tags, rules, undefined, period);
  t.equal(unseen.pages, unseen.collections * 60 + 1);
  t.equal(expected(tags, rules, HOUR, { from: START, to: START + 1 }).pages, 61, 'at first');
});
