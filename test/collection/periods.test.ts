import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import {
  addDays,
  dayOf,
  daysIn,
  firstOfMonth,
  firstOfNextMonth,
  startOf,
  untilMidnight,
} from '../../src/collection/periods.ts';

const DAY_MS = 86_400_000;
const instant = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) });

t.test('days are UTC days, to the millisecond', async (t) => {
  const cases = {
    '2024-02-28T23:59:59Z': '2024-02-28',
    '2024-02-29T00:00:00Z': '2024-02-29',
    '2024-02-29T23:59:59.999Z': '2024-02-29',
    '2024-03-01T00:00:01Z': '2024-03-01',
    '2025-02-28T23:59:59Z': '2025-02-28',
    '2025-03-01T00:00:00Z': '2025-03-01',
    '2025-12-31T23:59:59.999Z': '2025-12-31',
    '2026-01-01T00:00:00Z': '2026-01-01',
    '2026-03-29T01:30:00+02:00': '2026-03-28',
  };
  for (const [iso, day] of Object.entries(cases)) t.equal(dayOf(Date.parse(iso)), day, iso);
});

t.test('a day starts at its midnight and ends at the next', async (t) => {
  fc.assert(
    fc.property(instant, (ms) => {
      const day = dayOf(ms);
      const start = startOf(day);
      assert.ok(start <= ms && ms < start + DAY_MS);
      assert.equal(dayOf(start), day);
      assert.equal(dayOf(start - 1), addDays(day, -1));
      assert.equal(untilMidnight(ms), start + DAY_MS - ms);
    }),
  );
  t.equal(untilMidnight(Date.UTC(2026, 0, 1)), DAY_MS, 'a whole day at midnight itself');
});

t.test('days are counted, forth and back, over months and leap years', async (t) => {
  fc.assert(
    fc.property(instant, fc.integer({ min: -1_500, max: 1_500 }), (ms, count) => {
      const day = dayOf(ms);
      const other = addDays(day, count);
      assert.equal((startOf(other) - startOf(day)) / DAY_MS, count);
      assert.equal(addDays(other, -count), day);
      assert.equal(other > day, count > 0, 'days compare as strings');
    }),
  );
  t.equal(addDays('2024-02-28', 1), '2024-02-29');
  t.equal(addDays('2025-02-28', 1), '2025-03-01');
  t.equal(addDays('2026-01-01', -1), '2025-12-31');
});

t.test('months', async (t) => {
  const cases = {
    '2024-01-31': ['2024-01-01', '2024-02-01'],
    '2024-02-29': ['2024-02-01', '2024-03-01'],
    '2025-02-01': ['2025-02-01', '2025-03-01'],
    '2025-12-31': ['2025-12-01', '2026-01-01'],
    '2026-04-30': ['2026-04-01', '2026-05-01'],
  };
  for (const [day, [first, next]] of Object.entries(cases)) {
    t.equal(firstOfMonth(day), first);
    t.equal(firstOfNextMonth(day), next, day);
  }
  fc.assert(
    fc.property(instant, (ms) => {
      const date = new Date(ms);
      const next = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
      assert.equal(firstOfNextMonth(dayOf(ms)), next.toISOString().slice(0, 10));
    }),
  );
});

t.test('the days of a period: its end is exclusive', async (t) => {
  t.same(daysIn('2024-02-28', '2024-03-02'), ['2024-02-28', '2024-02-29', '2024-03-01']);
  t.same(daysIn('2026-01-01', '2026-01-01'), []);
  t.same(daysIn('2026-01-02', '2026-01-01'), []);
  fc.assert(
    fc.property(instant, fc.nat(500), (ms, count) => {
      const start = dayOf(ms);
      const days = daysIn(start, addDays(start, count));
      assert.equal(days.length, count);
      days.forEach((day, index) => {
        assert.equal(day, addDays(start, index));
      });
    }),
  );
});
