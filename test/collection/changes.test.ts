// What follows the bill is bought after a change, once in each UTC day, and never goes unbought for long.
import fc from 'fast-check';
import t from 'tap';
import { type BoughtDays, isStillTrue, stillStands } from '../../src/collection/changes.ts';
import { dayOf, daysIn } from '../../src/collection/periods.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-11-20T00:00:00Z');
const rules = { detect: true, minIntervalMs: 6 * HOUR, maxAgeMs: 24 * HOUR };
const at = (text: string) => Date.parse(`2026-11-${text}Z`);

/** Whether what was bought at one time still stands at another, where the bill was last seen moved at a third. */
function stands(
  bought: string,
  now: string,
  movedAt?: string,
  newDay: 'at once' | 'with the next change' = 'at once',
) {
  const bill = { movedAt: movedAt === undefined ? undefined : at(movedAt) };
  return stillStands(rules, bill, { at: at(bought), intervalMs: HOUR, newDay }, at(now));
}

t.test('within a day: after a change, at most every MIN_CHANGE_INTERVAL', async (t) => {
  t.ok(stands('22T08:00:00', '22T23:00:00'), 'the bill has not moved');
  t.ok(stands('22T08:00:00', '22T23:00:00', '22T08:00:00'), 'it had moved before');
  t.ok(stands('22T08:00:00', '22T13:00:00', '22T09:00:00'), 'it has, less than six hours after');
  t.notOk(stands('22T08:00:00', '22T14:00:00', '22T09:00:00'), 'after six hours it is followed');
  t.notOk(
    stands('22T08:00:00', '22T13:59:30', '22T09:00:00'),
    'a tick that comes a little early does not wait for the next',
  );
});

t.test('once in each UTC day', async (t) => {
  t.ok(stands('22T20:00:00', '22T23:59:59'));
  t.notOk(stands('22T20:00:00', '23T00:00:00'), 'at once');
  t.ok(stands('22T20:00:00', '23T00:00:00', undefined, 'with the next change'));
  t.notOk(stands('22T20:00:00', '23T06:00:00', undefined, 'with the next change'), 'but not the whole day');
  t.notOk(
    stands('22T18:00:00', '23T01:00:00', '23T01:00:00', 'with the next change'),
    'a change of the new day brings it',
  );
});

t.test('nobody who looks at the bill, a clock that runs back, and detection off', async (t) => {
  const bought = { at: at('22T08:00:00'), intervalMs: HOUR, newDay: 'at once' } as const;
  t.notOk(stillStands(rules, undefined, bought, at('22T14:00:00')), 'it may have moved');
  t.ok(stillStands(rules, undefined, bought, at('22T13:00:00')));
  t.notOk(stillStands(rules, { movedAt: undefined }, bought, at('22T07:59:59')), 'bought in the future');
  t.notOk(stillStands({ ...rules, detect: false }, { movedAt: undefined }, bought, at('22T08:30:00')));
});

t.test('figures about some days: a change of others is none', async (t) => {
  const days: BoughtDays[] = [
    { start: '2026-10-23', end: '2026-11-01', at: at('22T06:00:00') },
    { start: '2026-11-01', end: '2026-11-22', at: at('22T08:00:00') },
  ];
  const looked = daysIn('2026-10-23', '2026-11-23');
  /** Whether they stand where some days were seen moved at some time, and the others never. */
  const stand = (now: string, moved: Readonly<Record<string, string>>, own = days) => {
    const times = Object.entries(moved).map(([day, time]) => [day, at(time)] as const);
    const standsSince = new Map([...looked.map((day) => [day, START] as const), ...times]);
    const movedAt = times.length === 0 ? undefined : Math.max(...times.map(([, time]) => time));
    const bought = {
      at: at('22T08:00:00'),
      intervalMs: HOUR,
      newDay: 'with the next change',
      days: own,
    } as const;
    return stillStands(rules, { movedAt, standsSince }, bought, at(now));
  };
  t.ok(stand('22T23:00:00', { '2026-11-22': '22T12:00:00' }), 'today is none of them');
  t.notOk(stand('22T14:00:00', { '2026-11-21': '22T12:00:00' }));
  t.ok(stand('22T13:00:00', { '2026-11-21': '22T12:00:00' }), 'MIN_CHANGE_INTERVAL holds all the same');
  t.notOk(
    stand('22T14:00:00', { '2026-10-23': '22T07:00:00' }),
    'moved after that part was bought, before the last',
  );
  t.ok(stand('22T14:00:00', { '2026-11-01': '22T07:00:00' }), 'this part was bought after that');
  t.notOk(stand('23T05:30:00', {}), 'the oldest part would get too old');
  const young = days.map((part) => ({ ...part, at: at('22T08:00:00') }));
  t.ok(stand('23T05:00:00', { '2026-11-22': '22T23:00:00' }, young), 'a new day waits for its own change');
  t.notOk(stand('23T05:00:00', { '2026-11-22': '23T04:00:00' }, young), 'of whichever day');
  const left = [{ start: '2026-10-20', end: '2026-11-01', at: at('22T08:00:00') }];
  t.ok(stand('22T23:00:00', {}, left), 'days that nobody looks at any more have left the window');
  const unseen = [{ start: '2026-11-01', end: '2026-11-30', at: at('22T08:00:00') }];
  t.notOk(stand('22T14:00:00', {}, unseen), 'days that nobody looks at yet may have moved');
});

t.test('what was bought of some days is still true where all of them were seen to stand', async (t) => {
  const standsSince = new Map(daysIn('2026-11-01', '2026-11-22').map((day) => [day, at('22T06:00:00')]));
  const seen = { movedAt: at('22T06:00:00'), standsSince };
  const days = { start: '2026-11-01', end: '2026-11-22', at: at('22T06:00:00') };
  const isTrue = (now: string, own = days, bill: Parameters<typeof isStillTrue>[1] = seen, detect = true) =>
    isStillTrue({ ...rules, detect }, bill, own, HOUR, at(now));
  t.ok(isTrue('22T06:00:00'));
  t.ok(
    isTrue('23T05:06:00'),
    'also on the next day, and where the next tick is late by no more than ticks are',
  );
  t.notOk(isTrue('23T05:06:01'), 'not where it gets too old before the next tick');
  t.notOk(isTrue('22T05:59:59'), 'not one from the future');
  t.notOk(isTrue('22T12:00:00', { ...days, at: days.at - 1 }), 'bought before they stood');
  t.notOk(isTrue('22T12:00:00', { ...days, start: '2026-10-31' }), 'a day that nobody looks at');
  t.notOk(isStillTrue(rules, undefined, days, HOUR, at('22T12:00:00')), 'nobody looks');
  t.notOk(isTrue('22T12:00:00', days, { movedAt: undefined }), 'days are not told apart');
  t.notOk(isTrue('22T12:00:00', days, seen, false), 'detection is off');
});

t.test('over any bill: nothing goes unbought for too long, and nothing is bought too often', async () => {
  const world = fc.record({
    intervalMs: fc.constantFrom(30 * MINUTE, HOUR, 2 * HOUR),
    lookMs: fc.constantFrom(30 * MINUTE, HOUR),
    minIntervalMs: fc.constantFrom(2 * HOUR, 6 * HOUR, 23 * HOUR),
    maxAgeMs: fc.constantFrom(12 * HOUR, 24 * HOUR, 48 * HOUR),
    newDay: fc.constantFrom('at once' as const, 'with the next change' as const),
    phase: fc.nat({ max: 29 }),
    moves: fc.array(fc.nat({ max: 5 * 24 * 60 }), { maxLength: 40 }),
  });
  fc.assert(
    fc.property(world, ({ intervalMs, lookMs, newDay, phase, moves, ...own }) => {
      const all = { ...rules, ...own };
      let last: number | undefined;
      const bought: number[] = [];
      /** When a look at the bill has last seen a move by now. */
      const movedAt = (now: number) => {
        const seen = moves
          .map((minute) => START + Math.ceil((minute * MINUTE) / lookMs) * lookMs)
          .filter((look) => look <= now);
        return seen.length > 0 ? Math.max(...seen) : undefined;
      };
      for (let now = START + phase * MINUTE; now < START + 5 * 24 * HOUR; now += intervalMs) {
        const bill = { movedAt: movedAt(now) };
        if (last !== undefined && stillStands(all, bill, { at: last, intervalMs, newDay }, now)) {
          if (now - last + intervalMs > all.maxAgeMs) throw new Error('it would be too old at the next tick');
          const change = bill.movedAt !== undefined && bill.movedAt > last;
          if (change && now - last >= all.minIntervalMs) throw new Error('a change is not followed');
          if (newDay === 'at once' && dayOf(now) !== dayOf(last)) throw new Error('the day is missed');
          if (dayOf(now) !== dayOf(last) && now - Date.parse(dayOf(now)) >= 12 * HOUR)
            throw new Error('half of the day is over');
          continue;
        }
        if (last !== undefined) {
          const change = bill.movedAt !== undefined && bill.movedAt > last;
          const early = now - last < all.minIntervalMs - 0.1 * intervalMs;
          const sameDay = dayOf(now) === dayOf(last);
          const tooOld = now - last + intervalMs > all.maxAgeMs;
          if (sameDay && !tooOld && (!change || early))
            throw new Error(`bought for nothing after ${now - last} ms`);
        }
        last = now;
        bought.push(now);
      }
      const days = new Set(bought.map((when) => dayOf(when)));
      if (days.size !== 5) throw new Error(`bought on ${days.size} days of five`);
    }),
    { numRuns: 2_000 },
  );
});
