import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { hasMoved } from '../../../plugins/cost/changed.ts';
import type { CostData } from '../../../plugins/cost/model.ts';
import { sameAmounts } from '../../../plugins/cost/probe.ts';
import { sumOf } from '../../../src/collection/money.ts';
import { CollectionError } from '../../../src/errors.ts';
import { anyDay, anySettings } from './bill.ts';
import { decimal, LiveBill } from './live-bill.ts';
import { dayNumber, dayText } from './naive.ts';
import { pairsOf, Rounds, rowsOf } from './rounds.ts';

const PAIRS = ['EC2 1', 'EC2 2', 'S3 1', 'S3 2', 'Tax 1', 'Lambda 3'];

/** One change of a bill; numbers pick a day (0: today) and pairs. */
const anyEdit = fc.record({
  kind: fc.constantFrom('set', 'set', 'restate', 'move', 'swap', 'use', 'remove', 'empty', 'zero'),
  ago: fc.oneof(fc.nat(6), fc.nat(60)),
  pair: fc.nat(5),
  other: fc.nat(5),
  amount: fc.bigInt({ min: -5_000_000n, max: 900_000_000n }),
});
type Edit = typeof anyEdit extends fc.Arbitrary<infer T> ? T : never;

const anyLoudStep = fc.record({
  edits: fc.array(anyEdit, { maxLength: 3 }),
  hours: fc.constantFrom(0.5, 1, 1, 1, 1, 3, 7, 23, 26, 24 * 6),
  /** Edits that happen between the probe and the pages; `reverts`: and are taken back at once. */
  inFlight: fc.option(
    fc.record({ edits: fc.array(anyEdit, { minLength: 1, maxLength: 2 }), reverts: fc.boolean() }),
    {
      freq: 5,
    },
  ),
  failsAt: fc.option(fc.nat(4), { freq: 6 }),
  pageSize: fc.option(fc.integer({ min: 4, max: 60 }), { freq: 8 }),
  listsToday: fc.option(fc.boolean(), { freq: 6 }),
  unit: fc.option(fc.constantFrom('USD', 'EUR'), { freq: 20 }),
  estimatedFrom: fc.option(fc.nat(20), { freq: 8 }),
});

type Step = typeof anyLoudStep extends fc.Arbitrary<infer T> ? T : never;

const anyStep = fc.oneof(
  { weight: 2, arbitrary: anyLoudStep },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0.5, 1).map(
      (hours): Step => ({
        edits: [],
        hours,
        inFlight: null,
        failsAt: null,
        pageSize: null,
        listsToday: null,
        unit: null,
        estimatedFrom: null,
      }),
    ),
  },
);

const anyScenario = fc.record({
  today: anyDay,
  settings: anySettings,
  pageSize: fc.oneof(fc.integer({ min: 4, max: 60 }), fc.integer({ min: 4, max: 200 })),
  pairs: fc.integer({ min: 0, max: 6 }),
  steps: fc.array(anyStep, { minLength: 3, maxLength: 12 }),
});

function apply(bill: LiveBill, { kind, ago, pair, other, amount }: Edit): void {
  const day = dayText(dayNumber(bill.today) - ago);
  const [name, second] = [PAIRS[pair]!, PAIRS[other]!];
  const none = { cost: 0n, use: 0n };
  const [one, two] = [bill.cells.get(day)?.get(name) ?? none, bill.cells.get(day)?.get(second) ?? none];
  if (kind === 'set') bill.set(day, name, { cost: amount, use: amount / 7n });
  if (kind === 'zero') bill.set(day, name, none);
  if (kind === 'use') bill.set(day, name, { cost: one.cost, use: amount });
  if (kind === 'remove') bill.set(day, name, undefined);
  if (kind === 'empty') bill.cells = new Map(bill.cells).set(day, new Map());
  if (kind === 'restate') {
    for (let back = 0; back < 5; back++) {
      bill.set(dayText(dayNumber(day) - back), name, { cost: amount + BigInt(back), use: amount });
    }
  }
  // At an unchanged total; the second kind shows in the use alone.
  if ((kind === 'move' || kind === 'swap') && name !== second) {
    const moved = kind === 'move' ? 0n : 1n;
    bill.set(day, name, { cost: one.cost - amount, use: one.use + moved });
    bill.set(day, second, { cost: two.cost + amount, use: two.use });
  }
}

/** Throws unless the kept rows are the bill's, but for moves that nothing but a whole purchase can see. */
function assertSame(rounds: Rounds, kept: CostData, before: CostData | undefined, fresh: CostData): void {
  const [actual, expected] = [rowsOf(kept), rowsOf(fresh)];
  assert.deepEqual([...actual.keys()], [...expected.keys()], 'the days');
  let hidden = false;
  for (const [day, { rows, estimated }] of expected) {
    const own = actual.get(day);
    assert.equal(own?.estimated, estimated, `${day} estimated`);
    if (JSON.stringify(own?.rows) === JSON.stringify(rows)) continue;
    hidden = true;
    const [ours, theirs] = [sumOf(Object.values(own?.rows ?? {})), sumOf(Object.values(rows))];
    assert.ok(Math.abs(ours - theirs) <= 1e-6, `${day} adds up to ${ours}, not ${theirs}`);
    const entry = before?.probe.find(({ date }) => date === day);
    const totals = rounds.bill.totals(day).map(decimal);
    assert.ok(entry === undefined || sameAmounts(entry.amounts, totals), `${day} shows in another metric`);
    const age = rounds.now - (rounds.bill.boughtAt.get(day) ?? 0);
    assert.ok(age <= rounds.changes.maxAgeMs, `${day} is ${age / 3_600_000} h old`);
  }
  if (!hidden) {
    assert.deepEqual(pairsOf(kept), pairsOf(fresh), 'the pairs');
    assert.equal(kept.currency, fresh.currency);
  }
}

/** Throws unless each day is said to stand since the last round that brought other rows of it, or saw other totals. */
function assertSince(before: CostData, data: CostData, now: string): void {
  const [earlier, later] = [rowsOf(before), rowsOf(data)];
  assert.deepEqual(Object.keys(data.standsSince).toSorted(), [...later.keys()]);
  const amounts = ({ probe }: CostData, day: string) => probe.find(({ date }) => date === day)?.amounts;
  for (const [day, { rows }] of later) {
    const known = earlier.get(day);
    const [was, is] = [amounts(before, day), amounts(data, day)];
    const other = was !== undefined && is !== undefined && !sameAmounts(was, is);
    const exchanged = before.currency !== null && data.currency !== null && before.currency !== data.currency;
    const moved =
      known === undefined || JSON.stringify(known.rows) !== JSON.stringify(rows) || other || exchanged;
    const since = data === before ? before.standsSince[day] : moved ? now : before.standsSince[day];
    assert.equal(data.standsSince[day], since, `${day} stands since`);
  }
}

t.test('whatever a bill does, the figures are those of a whole purchase', async (t) => {
  let unchanged = 0;
  let parts = 0;
  await fc.assert(
    fc.asyncProperty(anyScenario, async ({ today, settings, pageSize, pairs, steps }) => {
      const bill = new LiveBill(today);
      const rounds = new Rounds(bill, settings);
      for (let ago = -70; ago < 50; ago++) {
        const day = dayText(dayNumber(today) - ago);
        for (const [at, pair] of PAIRS.slice(0, pairs).entries()) {
          bill.set(day, pair, { cost: BigInt(1_000_000 * (at + 1) + ago), use: BigInt(at) });
        }
      }
      bill.pageSize = pageSize;
      await rounds.collect();
      assertSame(rounds, rounds.snapshot!.data, undefined, await rounds.fresh());
      for (const step of steps) {
        rounds.wait(step.hours);
        bill.pageSize = step.pageSize ?? bill.pageSize;
        bill.listsToday = step.listsToday ?? bill.listsToday;
        bill.unit = step.unit ?? bill.unit;
        if (step.estimatedFrom !== null) {
          bill.estimatedFrom = dayText(dayNumber(bill.today) - step.estimatedFrom);
        }
        for (const edit of step.edits) apply(bill, edit);
        const stood = bill.cells;
        let flew = false;
        bill.inFlight = () => {
          flew = step.inFlight !== null;
          for (const edit of step.inFlight?.edits ?? []) apply(bill, edit);
        };
        bill.failsAt = step.failsAt ?? undefined;
        const before = rounds.snapshot!;
        const round = await rounds.collect().catch((error: unknown) => {
          assert.ok(error instanceof CollectionError, String(error));
          return undefined;
        });
        bill.inFlight = undefined;
        const failed = bill.requests.includes('refused');
        bill.failsAt = undefined;
        if (flew && step.inFlight?.reverts) bill.cells = stood;
        if (round === undefined) {
          assert.ok(failed || step.unit !== null, 'it failed of itself');
          assert.equal(rounds.snapshot, before);
          continue;
        }
        const { data } = rounds.snapshot!;
        assert.equal(rounds.snapshot === before, round.collected.unchanged ?? false);
        if (round.collected.unchanged) unchanged++;
        if (round.requests.some((one) => one === 'probe') && round.requests.length > 1) parts++;
        if (hasMoved(before.data, data)) assert.equal(data.movedAt, new Date(rounds.now).toISOString());
        assertSince(before.data, data, new Date(rounds.now).toISOString());
        if (!flew) assertSame(rounds, data, before.data, await rounds.fresh());
      }
    }),
    { numRuns: 50 },
  );
  t.ok(unchanged > 10 && parts > 10, `${unchanged} unchanged, ${parts} after a change`);
});
