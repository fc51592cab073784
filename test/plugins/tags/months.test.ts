// Whatever a bill does, the months that are kept and those that are bought anew are together what a
// whole purchase brings, and what has not moved is not paid for.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type TagKeyData, type TagsData, valuesOf } from '../../../plugins/tags/model.ts';
import { MEMBER, PAYER, plusDays } from '../../acceptance/bill.ts';
import { collectOnce } from '../../collect-once.ts';
import { type Exporter, startExporter } from '../../helper.ts';
import { billOfTags, ODD, type TaggedCharge } from './bill.ts';

t.setTimeout(120_000);

const KEYS = ['env', 'Cost$Center'];
const HOUR = 3_600_000;

const anyTags = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('a', 'b', '', '\ud800', ...ODD), {
  maxKeys: 2,
});
/** A charge of some days ago; 0 is today. Its amount is like no other's, so that no totals are equal by chance. */
const anyCharge = (oldest: number) =>
  fc.record({
    ago: fc.oneof(fc.nat(6), fc.nat(oldest)),
    service: fc.constantFrom('AWS Lambda', 'Tax', 'AWS Glue'),
    account: fc.constantFrom(PAYER, MEMBER),
    cents: fc.integer({ min: 1, max: 9_999_999 }),
    tags: anyTags,
  });
type Edit = typeof anyCharge extends (oldest: number) => fc.Arbitrary<infer T> ? T : never;

const seldom = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });

const anyStep = fc.record({
  // Each time cost looks first: what it has not seen yet nobody can know.
  hours: fc.constantFrom(1, 1, 1, 3, 7, 7, 13, 26),
  edits: fc.oneof(
    fc.constant([]),
    // Of one day of the month before, of today alone, and of any.
    fc.array(
      anyCharge(95).map((edit) => ({ ...edit, ago: 32 })),
      { minLength: 1, maxLength: 1 },
    ),
    fc.array(
      anyCharge(0).map((edit) => ({ ...edit, ago: 0 })),
      { minLength: 1, maxLength: 2 },
    ),
    fc.array(anyCharge(95), { minLength: 1, maxLength: 3 }),
  ),
  /** Charges that are taken back, from the last on. */
  drops: seldom(fc.integer({ min: 1, max: 3 })),
  unit: seldom(fc.constantFrom('USD', 'EUR')),
  /** The tag query of that number is refused. */
  failsAt: seldom(fc.nat(3)),
});

const anyRun = fc.record({
  at: fc.constantFrom(
    '2028-02-27T20:00:00Z',
    '2028-02-29T01:00:00Z',
    '2026-03-01T04:00:00Z',
    '2025-12-31T22:30:00Z',
    '2026-05-04T09:00:00Z',
    '2026-11-17T12:00:00Z',
  ),
  windowDays: fc.oneof(fc.constantFrom(1, 28, 30, 31, 90), fc.integer({ min: 1, max: 90 })),
  pageSize: fc.oneof(fc.integer({ min: 4, max: 12 }), fc.integer({ min: 4, max: 40 })),
  first: fc.array(anyCharge(100), { minLength: 20, maxLength: 60 }),
  steps: fc.array(anyStep, { minLength: 4, maxLength: 10 }),
});

/** An exporter of cost and tags over a bill that the test changes. */
class Subject {
  readonly exporter: Exporter;
  #charges: TaggedCharge[] = [];
  #unit = 'USD';
  readonly #windowDays: number;

  constructor(exporter: Exporter, windowDays: number) {
    this.exporter = exporter;
    this.#windowDays = windowDays;
  }

  static async start(t: Test, at: string, windowDays: number, pageSize: number, first: readonly Edit[]) {
    const charges = chargesOf(first, at.slice(0, 10));
    const exporter = await startExporter(t, {
      at,
      bill: billOfTags(charges),
      simulator: { pageSize, settings: { activeTagKeys: KEYS } },
      env: {
        CAPABILITIES: 'cost,tags',
        TAG_KEYS: KEYS.join(','),
        COST_WINDOW_DAYS: String(windowDays),
        CHANGE_DETECTION: 'on',
        CACHE_TTL_SECONDS: '3600',
      },
    });
    const subject = new Subject(exporter, windowDays);
    subject.#charges = charges;
    return subject;
  }

  get now(): number {
    return this.exporter.clock.now();
  }

  get today(): string {
    return new Date(this.now).toISOString().slice(0, 10);
  }

  get #state() {
    const state = this.exporter.app.rest.collections.states.get('tags', 'default');
    if (state === undefined) throw new Error('tags are not collected');
    return state;
  }

  /** What is kept of tags. */
  get kept() {
    const snapshot = this.#state.kept?.snapshot;
    if (snapshot === undefined) throw new Error('nothing is kept');
    return { at: Date.parse(snapshot.collectedAt), data: snapshot.data as TagsData };
  }

  /** What failed in the last run. */
  get failed(): string[] {
    return this.#state.failed.map(({ part }) => part);
  }

  /** Changes the bill; tells whether a day of the window is another one. */
  edit(edits: readonly Edit[], drops: number, unit: string | null): boolean {
    const added = chargesOf(edits, this.today);
    const dropped = this.#charges.splice(Math.max(1, this.#charges.length - drops));
    this.#charges.push(...added);
    const exchanged = unit !== null && unit !== this.#unit;
    this.#unit = unit ?? this.#unit;
    this.exporter.sim.setBill(billOfTags(this.#charges, this.#unit));
    const first = plusDays(this.today, -this.#windowDays);
    return exchanged || [...added, ...dropped].some(({ day }) => day >= first && day < this.today);
  }

  /** Runs a collector; tells how it ended and what days of tags were asked for, page by page. */
  async run(collector: string) {
    const { sim } = this.exporter;
    const before = sim.requests.length;
    const outcome = await this.exporter.run(collector);
    return { outcome, asked: askedIn(this.exporter, before) };
  }

  /** What a whole purchase brings now. */
  async fresh() {
    const before = this.exporter.sim.requests.length;
    const { data } = await collectOnce(this.exporter, 'tags');
    return { data: data as TagsData, asked: askedIn(this.exporter, before) };
  }
}

function chargesOf(edits: readonly Edit[], today: string): TaggedCharge[] {
  return edits.map(({ ago, cents, ...charge }) => ({
    ...charge,
    day: plusDays(today, -ago),
    cost: (cents / 100).toFixed(2),
  }));
}

/** The periods of the tag queries that were answered, a page each. */
function askedIn({ sim }: Exporter, since: number): string[] {
  return sim.requests.slice(since).flatMap(({ operation, status, body }) => {
    const { Granularity, TimePeriod } = body as { Granularity?: string; TimePeriod?: Record<string, string> };
    const isTags = operation === 'GetCostAndUsage' && Granularity === 'MONTHLY' && status === 200;
    return isTags ? `${TimePeriod?.Start}/${TimePeriod?.End}` : [];
  });
}

/** The figures of a key, by names, whatever their order. */
function figuresOf(key: TagKeyData) {
  return {
    key: key.key,
    end: key.end,
    currencies: [...new Set(key.buckets.flatMap(({ currency }) => currency ?? []))],
    values: Object.fromEntries(
      valuesOf(key).map(({ value, services }) => [
        JSON.stringify(value),
        Object.fromEntries(services.map(({ service, cost }) => [service, cost.toFixed(9)])),
      ]),
    ),
  };
}

const allFigures = ({ keys }: TagsData) => keys.map(figuresOf);

t.test('whatever a bill does, the figures are those of a whole purchase', async (t) => {
  let [paid, whole, parts, skipped, failures] = [0, 0, 0, 0, 0];
  await fc.assert(
    fc.asyncProperty(anyRun, async ({ at, windowDays, pageSize, first, steps }) => {
      const subject = await Subject.start(t, at, windowDays, pageSize, first);
      const { sim } = subject.exporter;
      assert.deepEqual(allFigures(subject.kept.data), allFigures((await subject.fresh()).data));
      // Keys for which a day that was complete is another one than when they were last bought.
      const pending = new Set<string>();
      for (const { hours, edits, drops, unit, failsAt } of steps) {
        subject.exporter.clock.advance(hours * HOUR);
        if (subject.edit(edits, drops ?? 0, unit)) for (const key of KEYS) pending.add(key);
        await subject.run('cost');
        const before = subject.kept.data;
        if (failsAt !== null) {
          sim.faults.add({ kind: 'deny', operation: 'GetCostAndUsage', after: failsAt, times: 1 });
        }
        const { outcome, asked } = await subject.run('tags');
        sim.faults.clear();
        const failed = subject.failed;
        const fresh = await subject.fresh();
        if (outcome === 'skipped') skipped++;
        if (outcome === 'skipped') assert.equal(asked.length, 0);
        for (const [index, key] of subject.kept.data.keys.entries()) {
          const wanted = fresh.data.keys[index];
          assert.ok(wanted);
          if (Date.parse(key.collectedAt) === subject.now) {
            assert.deepEqual(figuresOf(key), figuresOf(wanted));
            pending.delete(key.key);
            continue;
          }
          assert.deepEqual(key, before.keys[index], 'what was not bought is as it was');
          if (failed.includes(key.key)) {
            failures++;
            continue;
          }
          // Of all keys: one that was bought alone, after it had failed, makes the others wait.
          const age = subject.now - subject.kept.at;
          if (pending.has(key.key)) assert.ok(age < 6 * HOUR, `${age / HOUR} h after a change`);
          else if (key.end === subject.today) assert.deepEqual(figuresOf(key), figuresOf(wanted));
        }
        if (outcome === 'skipped' || failed.length > 0) continue;
        paid += asked.length;
        whole += fresh.asked.length;
        if (asked.length < fresh.asked.length) parts++;
        // Rows of months are paid in whole pages, and the bill may have grown.
        assert.ok(asked.length <= fresh.asked.length + 2 * KEYS.length, `${asked.length} pages`);
      }
      await subject.exporter.app.close();
    }),
    { numRuns: 50, endOnFailure: true },
  );
  t.ok(parts > 3 && skipped > 10 && failures > 0, `${parts} in part, ${skipped} not, ${failures} failed`);
  t.ok(paid < whole, `${paid} pages where the whole are ${whole}`);
});

/** A charge each day, of many groups: 12 on each page. */
const manyPages = (days: number): Edit[] =>
  Array.from({ length: days * 4 }, (_, index) => ({
    ago: Math.floor(index / 4),
    service: 'AWS Lambda',
    account: PAYER,
    cents: 100 + index,
    tags: { env: `e${index % 40}`, Cost$Center: `c${index % 40}` },
  }));
const edit = (ago: number): Edit => ({
  ago,
  service: 'AWS Lambda',
  account: PAYER,
  cents: 777,
  tags: { env: 'e1' },
});

t.test('what is bought after a change: the months that moved', async (t) => {
  const subject = await Subject.start(t, '2026-11-17T00:00:00Z', 90, 6, manyPages(92));
  const { clock } = subject.exporter;
  const after = async (hours: number, ...edits: Edit[]) => {
    clock.advance(hours * HOUR);
    subject.edit(edits, 0, null);
    await subject.run('cost');
    const { outcome, asked } = await subject.run('tags');
    assert.deepEqual(allFigures(subject.kept.data), allFigures((await subject.fresh()).data));
    return outcome === 'skipped' ? outcome : [...new Set(asked)];
  };
  t.same(await after(7, edit(0)), 'skipped', 'today is no day of the window');
  t.same(await after(1, edit(1)), ['2026-11-01/2026-11-17'], 'the month that is not over');
  t.same(await after(7, edit(17), edit(20)), ['2026-10-01/2026-11-01'], 'a month before');
  t.same(
    await after(6, edit(1), edit(80)),
    ['2026-08-19/2026-09-01', '2026-11-01/2026-11-17'],
    'two that are apart are two queries',
  );
  t.same(await after(2.75, edit(0)), ['2026-09-01/2026-10-01'], 'one that gets too old, on its own');
});

t.test('on a new day the first month and the last are bought, and what is between stays', async (t) => {
  const subject = await Subject.start(t, '2026-11-17T18:00:00Z', 90, 6, manyPages(92));
  const { clock } = subject.exporter;
  clock.set('2026-11-18T04:00:00Z');
  subject.edit([edit(1)], 0, null);
  await subject.run('cost');
  t.same([...new Set((await subject.run('tags')).asked)], ['2026-08-20/2026-09-01', '2026-11-01/2026-11-18']);
  t.same(allFigures(subject.kept.data), allFigures((await subject.fresh()).data));
});

t.test('where nobody can vouch for the kept months, all are bought', async (t) => {
  for (const what of ['cost has not looked', 'cost was lost']) {
    const subject = await Subject.start(t, '2026-11-17T00:30:00Z', 90, 6, manyPages(92));
    const { clock, app } = subject.exporter;
    const state = app.rest.collections.states.get('cost', 'default');
    clock.advance(7 * HOUR);
    subject.edit([edit(1)], 0, null);
    if (what === 'cost was lost' && state !== undefined) state.kept = undefined;
    if (what !== 'cost has not looked') await subject.run('cost');
    const { asked } = await subject.run('tags');
    t.same([...new Set(asked)], ['2026-08-19/2026-11-17'], what);
  }
});
