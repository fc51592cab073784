// The rules of the budget: one property over both ledgers, and over what was really sent.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { dayOf } from '../../src/collection/periods.ts';
import { RedisLeases } from '../../src/replicas/redis-leases.ts';
import { pagesOf } from '../../src/spend/budget.ts';
import type { Ledger } from '../../src/spend/ledger.ts';
import { LocalLedger } from '../../src/spend/local-ledger.ts';
import { RedisLedger } from '../../src/spend/redis-ledger.ts';
import { budgetOf, openReplica } from '../replicas/helper.ts';
import { startRedis } from '../servers/redis.ts';
import { compact, DAY_MS, NOON, verdict } from './helper.ts';

t.setTimeout(180_000);

const TARGETS = ['one', 'two', 'one-two'];
const COLLECTORS = ['cost', 'forecast', 'tags'];
const OPERATIONS = ['GetCostAndUsage', 'GetCostForecast'];
const MINUTE = 60_000;

type Step =
  | { kind: 'hold'; who: number; pages: number }
  | { kind: 'authorize'; who: number; operation: string }
  | { kind: 'settle'; who: number; paid: boolean }
  | { kind: 'release' | 'done'; who: number }
  | { kind: 'interrupted'; target: string }
  | { kind: 'pass'; ms: number };

const who = fc.nat({ max: TARGETS.length * COLLECTORS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('hold' as const), who, pages: fc.nat({ max: 6 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('authorize' as const),
      who,
      operation: fc.constantFrom(...OPERATIONS),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle' as const), who, paid: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('release' as const, 'done' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('interrupted' as const),
      target: fc.constantFrom(...TARGETS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1_000, 3 * MINUTE, 19 * MINUTE, 25 * MINUTE, 5 * 60 * MINUTE, DAY_MS),
    }),
  },
);
const schedule = fc.record({
  budget: fc.nat({ max: 12 }),
  // Which targets have a budget of their own, and what is set aside for whom comes first.
  own: fc.dictionary(fc.constantFrom(...TARGETS), fc.nat({ max: 6 }), { noNullPrototype: true }),
  aside: fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 2 })),
  startsAt: fc.constantFrom(NOON, NOON + DAY_MS / 2 - 2 * MINUTE),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
});
type Schedule = typeof schedule extends fc.Arbitrary<infer S> ? S : never;

const buyerOf = (index: number) => ({
  target: TARGETS[index % TARGETS.length] ?? '',
  collector: COLLECTORS[Math.floor(index / TARGETS.length)] ?? '',
});

/** Plays a schedule on a ledger: all that it answers, and what was really sent on which day. */
async function play(
  { steps, startsAt }: Schedule,
  open: (now: () => number) => Promise<{ ledger: Ledger; passed?: () => Promise<void> }>,
) {
  let now = startsAt;
  const { ledger, passed } = await open(() => now);
  const answers: unknown[] = [];
  const attempts = new Map<number, { operation: string; day: string }[]>();
  /** Pages that cost something, or may, by day and target. */
  const sent = new Map<string, number>();
  const count = (day: string, target: string, pages: number) => {
    const key = `${day} ${target}`;
    sent.set(key, (sent.get(key) ?? 0) + pages);
  };
  for (const one of steps) {
    if (one.kind === 'pass') {
      now += one.ms;
      await passed?.();
    } else if (one.kind === 'interrupted') {
      const found = await ledger.interrupted(one.target);
      answers.push(found.toSorted((a, b) => a.collector.localeCompare(b.collector)));
    } else if (one.kind === 'hold') {
      answers.push(await verdict(ledger.hold(buyerOf(one.who), one.pages)));
    } else if (one.kind === 'authorize') {
      const said = await verdict(ledger.authorize(buyerOf(one.who), one.operation));
      answers.push(said);
      if (said !== 'ok') continue;
      const day = dayOf(now);
      count(day, buyerOf(one.who).target, 1);
      attempts.set(one.who, [...(attempts.get(one.who) ?? []), { operation: one.operation, day }]);
    } else if (one.kind === 'settle') {
      const [attempt, ...rest] = attempts.get(one.who) ?? [];
      if (attempt === undefined) continue;
      attempts.set(one.who, rest);
      await ledger.settle(buyerOf(one.who), attempt.operation, one.paid);
      if (!one.paid) count(attempt.day, buyerOf(one.who).target, -1);
    } else if (one.kind === 'release') await ledger.release(buyerOf(one.who));
    else await ledger.done(buyerOf(one.who));
  }
  const days = [-1, 0, 1, 2, 3, 4].map((offset) => dayOf(startsAt + offset * DAY_MS));
  const { pages: kept } = await ledger.days(days);
  return {
    answers,
    kept: compact(kept),
    days: days.map((day, index) => ({ day, pages: kept[index] ?? {} })),
    sent,
  };
}

/** What was really sent, against what may be spent and what the ledger says. */
function honest({ budget, own }: Schedule, { days, sent }: Awaited<ReturnType<typeof play>>): void {
  for (const { day, pages } of days) {
    const of = (target: string) => sent.get(`${day} ${target}`) ?? 0;
    const all = TARGETS.reduce((sum, target) => sum + of(target), 0);
    if (all > budget) throw new Error(`${day}: ${all} pages sent, ${budget} allowed`);
    for (const target of TARGETS) {
      const allowed = own[target] ?? Number.POSITIVE_INFINITY;
      if (of(target) > allowed)
        throw new Error(`${day}: ${of(target)} pages of ${target}, ${allowed} allowed`);
      const entered = pagesOf(pages, target);
      if (entered < of(target))
        throw new Error(`${day}: ${of(target)} pages of ${target} sent, ${entered} entered`);
      if (entered < 0) throw new Error(`${day}: ${entered} pages of ${target} entered`);
    }
  }
}

const budgetFor = ({ budget, own, aside: [all, ofTarget] }: Schedule) =>
  budgetOf(budget, {
    targets: own,
    setAside: ({ collector }) =>
      collector === 'cost' ? { all: 0, ofTarget: 0 } : { all: Math.max(all, ofTarget), ofTarget },
  });

t.test('in memory: what is sent stays within every budget, and nothing sent is forgotten', async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (one) => {
      honest(one, await play(one, async (now) => ({ ledger: new LocalLedger(budgetFor(one), now) })));
    }),
    { numRuns: 3_000 },
  );
});

t.test('in Redis: the same verdicts, the same counts', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const { connection } = openReplica(t, { port: redis.port });
  await connection.answers();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(schedule, async (one) => {
      const budget = budgetFor(one);
      const expected = await play(one, async (now) => ({ ledger: new LocalLedger(budget, now) }));
      const leases: RedisLeases[] = [];
      const shared = await play(one, async (now) => {
        const own = Object.create(connection, { keyPrefix: { value: `run${++runs}:` } }) as typeof connection;
        const held = new RedisLeases({
          connection: own,
          targets: TARGETS,
          exposeOne: false,
          onNews: () => {},
          serverTime: now,
          monotonic: now,
        });
        leases.push(held);
        await held.start({ onHeld: () => {}, onLost: () => {} });
        const ledger = new RedisLedger({ connection: own, leases: held, budget, now });
        const passed = async () => {
          // The first may share a beat that was sent before the clock moved.
          await held.beat();
          await held.beat();
        };
        return { ledger, passed };
      });
      await Promise.all(leases.map((each) => each.stop()));
      honest(one, shared);
      if (!isDeepStrictEqual(shared.answers, expected.answers))
        throw new Error(
          `Redis: ${JSON.stringify(shared.answers)}\nmemory: ${JSON.stringify(expected.answers)}`,
        );
      if (!isDeepStrictEqual(shared.kept, expected.kept))
        throw new Error(`Redis: ${JSON.stringify(shared.kept)}\nmemory: ${JSON.stringify(expected.kept)}`);
    }),
    { numRuns: 200 },
  );
});
