// What is expected to be bought, against every tick looked at one after the other.
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { stillStands } from '../../src/collection/changes.ts';
import { dayOf, startOf } from '../../src/collection/periods.ts';
import type { ChangeRules } from '../../src/config.ts';
import {
  type Expectation,
  expected,
  type PlannedCollector,
  pagesIn,
  REFRESH_MS,
  rhythmOf,
  type Span,
} from '../../src/spend/expected.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse('2026-11-20T00:00:00Z');

function lastRefresh(now: number): number {
  const first = startOf(dayOf(now)) + 3 * HOUR;
  return first + Math.floor((now - first) / REFRESH_MS) * REFRESH_MS;
}

function seenAt(now: number, every: number): number {
  const look = Math.floor(now / every) * every;
  return Math.ceil(lastRefresh(look) / every) * every;
}

/** The same tick by tick: by UTC day, days without a purchase left out. */
function stepByStep(
  { intervalMs, newDay, seesBill, purchases }: PlannedCollector,
  changes: ChangeRules,
  lookedAtEvery: number | undefined,
  { from, to, since }: Span,
): Map<string, Expectation> {
  const { pages, daily, probe, afterChange = pages } = purchases;
  const days = new Map<string, Expectation>();
  const inParts = newDay !== undefined && afterChange < pages;
  let [last, wholeAt] = [since, since];
  for (let now = from; now < to; now += intervalMs) {
    if (newDay !== undefined && last !== undefined) {
      const bill = lookedAtEvery === undefined ? undefined : { movedAt: seenAt(now, lookedAtEvery) };
      const days = inParts && wholeAt !== undefined ? [{ start: '', end: '', at: wholeAt }] : [];
      if (stillStands(changes, bill, { at: last, intervalMs, newDay, days }, now)) continue;
    }
    const firstOfDay = last === undefined || dayOf(last) !== dayOf(now);
    let part: number | undefined;
    if (newDay !== undefined) {
      if (changes.detect && lookedAtEvery !== undefined && !firstOfDay) part = afterChange;
    } else if (last !== undefined && seesBill && changes.detect && probe !== undefined) {
      const moved = lastRefresh(now) > now - intervalMs;
      const rest = firstOfDay ? 1 : 0;
      if (now + intervalMs <= (wholeAt ?? last) + changes.maxAgeMs)
        part = probe + (moved ? afterChange : rest);
    }
    if (part === undefined || (newDay !== undefined && !inParts)) wholeAt = now;
    const day = days.get(dayOf(now)) ?? { collections: 0, pages: 0 };
    days.set(dayOf(now), {
      collections: day.collections + 1,
      pages: day.pages + (part ?? pages) + (firstOfDay ? daily : 0),
    });
    last = now;
  }
  return days;
}

/** Durations as people set them, and others. */
const duration = (least: number, most: number) =>
  fc.oneof(
    fc.constantFrom(
      MINUTE,
      15 * MINUTE,
      HOUR / 2,
      HOUR,
      2 * HOUR,
      6 * HOUR,
      7 * HOUR,
      8 * HOUR,
      DAY,
      5 * DAY,
    ),
    fc.integer({ min: least / 1_000, max: most / 1_000 }).map((seconds) => seconds * 1_000),
    fc.integer({ min: least, max: Math.min(most, 10 * MINUTE) }),
  );

const someCollector: fc.Arbitrary<PlannedCollector> = fc
  .record({
    intervalMs: duration(20_000, 2 * DAY),
    newDay: fc.constantFrom('at once' as const, 'with the next change' as const, undefined),
    purchases: fc.record(
      {
        pages: fc.integer({ min: 0, max: 60 }),
        daily: fc.integer({ min: 0, max: 7 }),
        probe: fc.constant(1),
        afterChange: fc.integer({ min: 1, max: 30 }),
      },
      { requiredKeys: ['pages', 'daily'] },
    ),
  })
  .map((some) => ({ ...some, seesBill: some.newDay === undefined, collector: 'some', target: 'default' }));

const someSpan: fc.Arbitrary<Span> = fc
  .record({
    offset: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: DAY })),
    length: fc.oneof(fc.constantFrom(DAY, 4 * DAY), fc.integer({ min: 0, max: 3 * DAY })),
    age: fc.option(fc.oneof(fc.constant(0), fc.integer({ min: -HOUR, max: 2 * DAY })), { nil: undefined }),
  })
  .map(({ offset, length, age }) => ({
    from: START + offset,
    to: START + offset + length,
    since: age === undefined ? undefined : START + offset - age,
  }));

t.test('the same as looking at each tick, whatever the intervals and rules', async (t) => {
  let purchases = 0;
  fc.assert(
    fc.property(
      someCollector,
      fc.record({
        detect: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
        minIntervalMs: duration(1_000, DAY),
        maxAgeMs: duration(1_000, 3 * DAY),
      }),
      fc.option(duration(20_000, DAY), { nil: undefined }),
      someSpan,
      (collector, rules, look, span) => {
        const wanted = stepByStep(collector, rules, look, span);
        const days = rhythmOf(collector, rules, look, span).map((day) => pagesIn(day, collector.purchases));
        const found = days.flatMap((pages, index) =>
          pages > 0 ? [[dayOf(span.from + index * DAY), pages] as const] : [],
        );
        deepStrictEqual(
          found,
          [...wanted].flatMap(([day, { pages }]) => (pages > 0 ? [[day, pages] as const] : [])),
        );
        const sum = [...wanted.values()].reduce(
          (all, { collections, pages }) => ({
            collections: all.collections + collections,
            pages: all.pages + pages,
          }),
          { collections: 0, pages: 0 },
        );
        deepStrictEqual(expected(collector, rules, look, span), sum);
        purchases += sum.collections;
      },
    ),
    { numRuns: 400 },
  );
  t.ok(purchases > 10_000, `${purchases} purchases were looked at`);
});

t.test('the work does not grow with the number of ticks', async (t) => {
  for (const newDay of ['at once', 'with the next change', undefined] as const) {
    for (const lookedAtEvery of [undefined, 1_000]) {
      let asked = 0;
      const rules: ChangeRules = {
        get detect() {
          asked += 1;
          return true;
        },
        minIntervalMs: 6 * HOUR,
        maxAgeMs: DAY,
      };
      const purchases = { pages: 20, daily: 1, probe: 1, afterChange: 4 };
      const collector = { newDay, purchases, intervalMs: 1_000, seesBill: newDay === undefined };
      const named = { ...collector, collector: 'some', target: 'default' };
      const month = { from: START + 17, to: START + 31 * DAY };
      const { collections } = expected(named, rules, lookedAtEvery, month);
      t.ok(collections >= 30);
      t.ok(asked < 31 * 200, `${newDay}: the rules were asked ${asked} times for 2.7 million ticks`);
    }
  }
});
