// What is confirmed, taken over, adopted from another replica, or refused.
import t from 'tap';
import type { Collected } from '../../src/collection/capability.ts';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import type { Kept, Standing } from '../../src/collection/snapshot.ts';
import { CollectionError, notLeader } from '../../src/errors.ts';
import type { Leases } from '../../src/replicas/leases.ts';
import type { Interrupted } from '../../src/spend/ledger.ts';
import { LocalLedger } from '../../src/spend/local-ledger.ts';
import {
  AMPLE,
  brings,
  capabilityOf,
  INTERVAL_MS,
  keptOf,
  line,
  type MachineOptions,
  machineOf,
  NOON,
  SESSION,
  standingFor,
  type TestData,
} from './runner-helper.ts';

const GOOD = { value: 4, accounts: ['1'] };
const MINUTE = 60_000;
const ROUND = 0.9 * INTERVAL_MS;

/** A store that refuses writes when it is told to. */
class Fenced extends MemoryStore {
  refuses = false;
  override async save(kept: Kept, standing: Standing): Promise<boolean> {
    return this.refuses ? false : super.save(kept, standing);
  }
  override async note(standing: Standing): Promise<boolean> {
    return this.refuses ? false : super.note(standing);
  }
}

/** Leases that are held while a test says so. */
function handLeases() {
  const leases = {
    held: true,
    reason: 'another' as 'another' | 'unreachable',
    start: async () => {},
    holds: () => leases.held,
    exposes: () => leases.held,
    why: () => leases.reason,
    stop: async () => {},
  };
  return leases satisfies Leases;
}

/** A machine whose next collection can be set, and that counts them. */
function machine(options: Partial<MachineOptions> = {}, more: Parameters<typeof capabilityOf>[1] = {}) {
  const next = { collect: async (): Promise<Collected<TestData>> => brings(9), count: 0 };
  const capability = capabilityOf(() => {
    next.count += 1;
    return next.collect();
  }, more);
  return { next, ...machineOf({ capabilities: [capability], ...options }) };
}

const fails = (code: CollectionError['code']) => async () => {
  throw new CollectionError(code, 'It failed.', 'Do something.');
};

/** A ledger that knows of collections that were cut off. */
class Remembers extends LocalLedger {
  found: Interrupted[] = [];
  override async interrupted(target: string): Promise<readonly Interrupted[]> {
    const told = this.found.filter((one) => one.target === target);
    this.found = this.found.filter((one) => one.target !== target);
    return told;
  }
}

t.test(
  'cut off before there was anything to show: once more, then not before the round is over',
  async (t) => {
    const ledger = new Remembers(AMPLE, () => NOON);
    const { keeper, runner, states, state, store, told, clock } = machine({ ledger });
    const at = NOON - 10 * MINUTE;
    ledger.found = [{ target: 'default', collector: 'cost', at, pages: 3 }];
    await keeper.takeOver(states.all());
    t.equal(runner.dueAt(state()), 0, 'once more');
    t.match((await store.load('cost', 'default')).standing, { interruptions: 1, notBefore: null });
    t.ok(told.some((text) => text.startsWith('warn a collection was cut off')));

    ledger.found = [{ target: 'default', collector: 'cost', at: NOON, pages: 3 }];
    await keeper.takeOver(states.all());
    t.equal(runner.dueAt(state()), NOON + ROUND, 'not again');
    t.match((await store.load('cost', 'default')).standing, { interruptions: 2, notBefore: NOON + ROUND });

    clock.now = NOON + ROUND;
    t.match(await runner.run(state()), { kind: 'collected' });
    t.match((await store.load('cost', 'default')).standing, { interruptions: 0, notBefore: null });
  },
);

t.test('the next process knows how often it was cut off', async (t) => {
  const store = new MemoryStore();
  for (const [time, due] of [0, NOON + ROUND].entries()) {
    const ledger = new Remembers(AMPLE, () => NOON);
    ledger.found = [{ target: 'default', collector: 'cost', at: NOON, pages: 1 }];
    const { keeper, runner, states, state } = machine({ ledger, store });
    await keeper.takeOver(states.all());
    t.equal(runner.dueAt(state()), due, `start ${time + 1}`);
  }
});

t.test('cut off with figures to show: not before the round is over', async (t) => {
  const ledger = new Remembers(AMPLE, () => NOON);
  const { keeper, runner, states, state, store, lines } = machine({ ledger });
  const kept = keptOf(GOOD, {}, NOON - 3 * INTERVAL_MS);
  await store.save(kept, standingFor(kept));
  ledger.found = [
    { target: 'default', collector: 'cost', at: NOON - MINUTE, pages: 1 },
    { target: 'default', collector: 'gone', at: NOON - MINUTE, pages: 1 },
    { target: 'other', collector: 'cost', at: NOON - MINUTE, pages: 1 },
  ];
  await keeper.takeOver(states.all());
  t.equal(runner.dueAt(state()), NOON - MINUTE + ROUND);
  t.same(await lines(), [line(4)], 'they are shown');
});

t.test(
  'a failure that was paid for is not repeated before its round is over; an unpaid one may be',
  async (t) => {
    let paidRequests = 1;
    const aws = {
      session: async () => ({
        ...SESSION,
        get paidRequests() {
          return paidRequests;
        },
      }),
    };
    const { next, runner, state, store } = machine({ aws });
    next.collect = fails('invalid_response');
    t.match(await runner.run(state()), { kind: 'failed', paid: true });
    t.equal(runner.dueAt(state()), NOON + ROUND);
    t.match((await store.load('cost', 'default')).standing, { status: 'failed', notBefore: NOON + ROUND });
    next.collect = async () => brings(1);
    await runner.run(state());
    t.equal(state().notBefore, undefined);
    paidRequests = 0;
    const unpaid = machine({ aws });
    unpaid.next.collect = fails('throttled');
    await unpaid.runner.run(unpaid.state());
    t.equal(unpaid.runner.dueAt(unpaid.state()), 0);
  },
);

t.test('what another replica has kept is shown, and how it stands; its failures too', async (t) => {
  const leases = handLeases();
  leases.held = false;
  const { keeper, state, store, lines, told } = machine({ leases });
  const kept = keptOf(GOOD, {}, NOON - MINUTE);
  await store.save(kept, standingFor(kept));
  await keeper.adopt(state(), () => true);
  t.same(await lines(), [line(4)]);
  t.match(state(), { status: 'ok', lastSuccess: NOON - MINUTE });
  t.ok(told.includes(`confirmed cost/default -${MINUTE} 111122223333`));

  const published = () => told.filter((text) => text.startsWith('series')).length;
  const before = published();
  await store.note(standingFor({ ...kept, confirmedAt: new Date(NOON).toISOString() }));
  await keeper.adopt(state(), () => true);
  t.equal(state().lastSuccess, NOON, 'a confirmation is taken over');
  t.equal(published(), before, 'and publishes nothing anew');

  const cause = { code: 'throttled', message: 'Throttled.', advice: 'Wait.' } as const;
  await store.note(standingFor(kept, { status: 'failed', cause, emptyHandedAt: NOON }));
  await keeper.adopt(state(), () => true);
  t.match(state(), { status: 'failed', cause });
  t.same(await lines(), [line(4)], 'the last good figures stay');
});

t.test('news that are not wanted any more once they are read change nothing', async (t) => {
  const { keeper, state, store, lines } = machine();
  const kept = keptOf(GOOD);
  await store.save(kept, standingFor(kept));
  await keeper.adopt(state(), () => false);
  t.same(await lines(), []);
  t.equal(state().kept, undefined);
});

t.test('another replica has no figures any more: neither has this one', async (t) => {
  const { keeper, state, store, lines } = machine();
  const kept = keptOf(GOOD);
  await store.save(kept, standingFor(kept));
  await keeper.restore([state()]);
  t.same(await lines(), [line(4)]);
  const cause = { code: 'wrong_account', message: 'Another.', advice: 'Check.' } as const;
  await store.note(
    standingFor(kept, { collectedAt: null, confirmedAt: null, status: 'failed', cause, emptyHandedAt: NOON }),
  );
  await keeper.adopt(state(), () => true);
  t.same(await lines(), []);
  t.match(state(), { status: 'failed', kept: undefined });
});

t.test('without the lease nothing is collected, and it is said why', async (t) => {
  const leases = handLeases();
  leases.held = false;
  const { runner, state, next, told } = machine({ leases });
  t.same(await runner.run(state()), { kind: 'skipped', reason: 'not_leader' });
  t.match(state(), { status: 'pending', cause: { code: 'not_leader', message: /Another replica/ } });
  leases.reason = 'unreachable';
  await runner.run(state());
  t.match(state(), { status: 'pending', cause: { code: 'not_leader', message: /cannot be reached/ } });
  t.equal(next.count, 0);
  t.same(told, ['skip cost/default not_leader', 'skip cost/default not_leader']);
});

t.test('a lease that is lost in mid-collection: nothing is shown or kept', async (t) => {
  const leases = handLeases();
  const { runner, state, next, store, lines, told } = machine({ leases });
  next.collect = async () => {
    leases.held = false;
    return brings(7);
  };
  t.match(await runner.run(state()), { kind: 'skipped', reason: 'not_leader' });
  t.same(await lines(), []);
  t.equal((await store.load('cost', 'default')).kept, undefined);
  t.notOk(
    told.some((text) => text.startsWith('attempt')),
    'that is no failure of AWS',
  );
});

t.test('a write that the store refuses: what the other one has kept is shown', async (t) => {
  const store = new Fenced();
  const { runner, state, next, lines, clock } = machine({ store, cacheTtlMs: 0 });
  await runner.run(state());
  t.same(await lines(), [line(9)]);
  const theirs = keptOf(GOOD, {}, NOON + MINUTE);
  await store.save(theirs, standingFor(theirs));
  store.refuses = true;
  clock.now += 2 * MINUTE;
  next.collect = async () => brings(13);
  t.match(await runner.run(state()), { kind: 'skipped', reason: 'not_leader' });
  t.same(await lines(), [line(4)]);
  t.same((await store.load('cost', 'default')).kept, theirs);
});

t.test(
  'no room in the budget: skipped, said once, the figures stay; and again after the next success',
  async (t) => {
    const { runner, state, next, told, lines, store } = machine({ cacheTtlMs: 0 });
    await runner.run(state());
    const before = { ...state() };
    next.collect = fails('budget');
    for (let count = 0; count < 3; count++)
      t.same(await runner.run(state()), { kind: 'skipped', reason: 'budget' });
    t.equal(told.filter((text) => text === 'warn It failed.').length, 1);
    t.equal(told.filter((text) => text === 'skip cost/default budget').length, 3);
    const { lastAttempt, lastSuccess, kept, emptyHandedAt } = state();
    t.same(
      [lastAttempt, lastSuccess, kept, emptyHandedAt],
      [before.lastAttempt, before.lastSuccess, before.kept, undefined],
    );
    t.match(state(), { status: 'budget', cause: { code: 'budget' } });
    t.match((await store.load('cost', 'default')).standing, { status: 'budget' });
    t.same(await lines(), [line(9)]);
    next.collect = async () => brings(5);
    await runner.run(state());
    next.collect = fails('budget');
    await runner.run(state());
    t.equal(told.filter((text) => text === 'warn It failed.').length, 2);
  },
);

t.test(
  'an unchanged answer confirms the snapshot: its success time moves, collectedAt and figures do not',
  async (t) => {
    const { runner, state, next, told, lines, clock, store } = machine({ cacheTtlMs: 0 });
    await runner.run(state());
    const first = state().kept;
    clock.now += INTERVAL_MS;
    next.collect = async () => ({ ...brings(99), unchanged: true });
    t.match(await runner.run(state()), { kind: 'collected' });
    t.equal(state().kept?.snapshot, first?.snapshot);
    t.match(state(), { status: 'ok', lastSuccess: NOON + INTERVAL_MS });
    t.same(await lines(), [line(9)]);
    t.ok(told.includes(`attempt cost/default ok ${INTERVAL_MS}`), 'AWS was asked: an attempt');
    t.same((await store.load('cost', 'default')).kept, {
      snapshot: first?.snapshot,
      confirmedAt: new Date(NOON + INTERVAL_MS).toISOString(),
    });
  },
);

t.test(
  'figures that follow the bill are left unchanged while it has not moved: skipped, confirmed, not asked',
  async (t) => {
    let movedAt: number | undefined;
    const { runner, state, next, told, clock, store } = machine(
      { cacheTtlMs: 0, changes: { detect: true }, bill: () => ({ movedAt }) },
      { newDay: 'at once' },
    );
    clock.now = Date.parse('2026-03-15T01:00:00Z');
    await runner.run(state());
    const collectedAt = state().kept?.snapshot.collectedAt;
    clock.now += INTERVAL_MS;
    const at = clock.now;
    t.same(await runner.run(state()), { kind: 'skipped', reason: 'unchanged' });
    t.equal(next.count, 1);
    t.match(state(), { status: 'ok', lastSuccess: at });
    t.equal(state().kept?.snapshot.collectedAt, collectedAt);
    t.ok(told.includes(`confirmed cost/default ${at - NOON} 111122223333`));
    t.equal((await store.load('cost', 'default')).kept?.confirmedAt, new Date(at).toISOString());
    movedAt = at;
    clock.now += INTERVAL_MS;
    t.same(
      await runner.run(state()),
      { kind: 'skipped', reason: 'unchanged' },
      'not within MIN_CHANGE_INTERVAL',
    );
    clock.now += 4 * INTERVAL_MS;
    t.match(await runner.run(state()), { kind: 'collected' });
    t.equal(next.count, 2);
  },
);

t.test('a stop in mid-collection leaves it in the ledger as cut off', async (t) => {
  const ledger = new LocalLedger(AMPLE, () => NOON);
  const buyer = { target: 'default', collector: 'cost' };
  const { runner, state, next } = machine({ ledger });
  next.collect = async () => {
    await ledger.authorize(buyer, 'GetCostAndUsage');
    await ledger.settle(buyer, 'GetCostAndUsage', true);
    return new Promise(() => {});
  };
  const run = runner.run(state());
  await new Promise((resolve) => setTimeout(resolve, 20));
  await runner.close();
  await run;
  t.match(await ledger.interrupted('default'), [{ collector: 'cost', pages: 1 }]);
});

t.test('a collection that has ended, however it did, is not cut off', async (t) => {
  const ledger = new LocalLedger(AMPLE, () => NOON);
  const buyer = { target: 'default', collector: 'cost' };
  for (const end of [
    async () => brings(1),
    fails('error'),
    fails('budget'),
    () => Promise.reject(notLeader('x')),
  ]) {
    const { runner, state, next } = machine({ ledger });
    next.collect = async () => {
      await ledger.authorize(buyer, 'GetCostAndUsage');
      return end();
    };
    await runner.run(state());
    t.same(await ledger.interrupted('default'), []);
  }
});
