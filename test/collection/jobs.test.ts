import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { ToadScheduler } from 'toad-scheduler';
import type { Capability } from '../../src/collection/capability.ts';
import { Jobs, MAX_PHASE_MS, RETRY_MS } from '../../src/collection/jobs.ts';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import { CollectionError } from '../../src/errors.ts';
import type { LeaseEvents, Leases } from '../../src/replicas/leases.ts';
import {
  brings,
  capabilityOf,
  INTERVAL_MS,
  keptOf,
  type MachineOptions,
  machineOf,
  NOON,
  SESSION,
  standingFor,
  type TestData,
} from './runner-helper.ts';

t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }));
t.afterEach(() => mock.timers.reset());

const MINUTE = 60_000;
const failure = (code: CollectionError['code']) => new CollectionError(code, 'It failed.', 'Do something.');

interface Options extends Partial<MachineOptions> {
  random?: () => number;
  capability?: Partial<Capability<TestData>>;
}

/** Jobs of one capability, on a clock that the test moves; `runs` are the times of its runs since the start. */
function jobsOf({ random = () => 0.5, capability = {}, ...options }: Options = {}) {
  const runs: number[] = [];
  const next = { collect: async () => brings(1) };
  const machine = machineOf({
    capabilities: [
      capabilityOf(
        () => {
          runs.push(machine.clock.now - NOON);
          return next.collect();
        },
        {
          // A page without series is written without leaving the thread: turns of the loop are enough to settle.
          present: () => ({ samples: [], folded: 0, claims: [], document: () => ({}) }),
          ...capability,
        },
      ),
    ],
    ...options,
  });
  const scheduler = new ToadScheduler();
  const errors: unknown[] = [];
  const lost: string[] = [];
  const jobs = new Jobs({
    scheduler,
    runner: machine.runner,
    keeper: machine.keeper,
    leases: machine.leases,
    states: machine.states.all(),
    now: () => machine.clock.now,
    random,
    onError: (error) => errors.push(error),
    onLost: (target) => lost.push(target),
  });
  async function settle() {
    for (let turn = 0; turn < 5; turn++) await setImmediate();
  }
  return {
    ...machine,
    jobs,
    scheduler,
    runs,
    errors,
    lost,
    next,
    settle,
    async start() {
      await jobs.start();
      await settle();
    },
    /** Moves the clock on, second by second. */
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 1_000) {
        machine.clock.now += 1_000;
        mock.timers.tick(1_000);
        await setImmediate();
      }
      await settle();
    },
    /** What was told of skips. */
    skips: () => machine.told.filter((text) => text.startsWith('skip')),
  };
}

t.test('the first run at once, later ones at the interval with one phase', async (t) => {
  let drawn = 0;
  const random = () => {
    drawn++;
    return 0.5;
  };
  const { start, pass, runs, jobs, state, skips } = jobsOf({ random });
  await start();
  const phase = 0.5 * MAX_PHASE_MS;
  t.same(runs, [0]);
  t.equal(state().nextRun, NOON + INTERVAL_MS + phase);
  await pass(3 * INTERVAL_MS + phase);
  t.same(
    runs,
    [0, ...[1, 2, 3].map((tick) => tick * INTERVAL_MS + phase)],
    'no tick finds "fresh": an hour stays one',
  );
  t.equal(drawn, 1, 'the phase is drawn once');
  t.same(skips(), []);
  t.equal(state().nextRun, NOON + 4 * INTERVAL_MS + phase);
  await jobs.stop();
});

t.test('the phase is a tenth of a short interval at most', async (t) => {
  const { start, pass, runs, jobs } = jobsOf({
    random: () => 0.999,
    capability: { intervalMs: 10_000 },
    cacheTtlMs: 0,
  });
  await start();
  await pass(40_000);
  t.same(runs, [0, 11_000, 21_000, 31_000]);
  await jobs.stop();
});

t.test('the longest interval that can be set works', async (t) => {
  const intervalMs = 24 * 86_400_000;
  const { start, jobs, state, errors } = jobsOf({ random: () => 0.999, capability: { intervalMs } });
  await start();
  const wait = state().nextRun! - NOON;
  t.ok(wait > intervalMs && wait < 2 ** 31, 'within what a timer can wait');
  t.same(errors, []);
  await jobs.stop();
});

t.test(
  'a restart does not move the rhythm: what is kept is due an interval after it was bought',
  async (t) => {
    const store = new MemoryStore();
    const kept = keptOf(brings(1).data, {}, NOON - 20 * MINUTE);
    await store.save(kept, standingFor(kept));
    const { start, pass, runs, jobs, state, skips } = jobsOf({ store });
    await start();
    t.same(runs, []);
    t.same(skips(), ['skip cost/default fresh']);
    t.equal(state().nextRun, NOON + 40 * MINUTE);
    await pass(100 * MINUTE);
    t.same(runs, [40 * MINUTE, 100 * MINUTE]);
    await jobs.stop();
  },
);

t.test(
  'what is not fresh any more, but not due yet, waits for its tick; what is overdue does not',
  async (t) => {
    for (const [age, first] of [
      [55 * MINUTE, 5 * MINUTE],
      [60 * MINUTE, 0],
      [300 * MINUTE, 0],
    ] as const) {
      const store = new MemoryStore();
      const kept = keptOf(brings(1).data, {}, NOON - age);
      await store.save(kept, standingFor(kept));
      const { start, pass, runs, jobs, skips } = jobsOf({ store });
      await start();
      await pass(10 * MINUTE);
      t.same(runs, [first]);
      t.same(skips(), []);
      await jobs.stop();
    }
  },
);

t.test('what was paid for in vain before the restart is not paid for at the start', async (t) => {
  const store = new MemoryStore();
  const kept = keptOf(brings(1).data, {}, NOON - 300 * MINUTE);
  await store.save(kept, standingFor(kept, { status: 'failed', notBefore: NOON + 7 * MINUTE }));
  const { start, pass, runs, jobs, state } = jobsOf({ store });
  await start();
  t.equal(state().nextRun, NOON + 7 * MINUTE);
  await pass(10 * MINUTE);
  t.same(runs, [7 * MINUTE]);
  await jobs.stop();
});

t.test(
  'a target that another replica collects for: every tick is passed over, until it is taken over',
  async (t) => {
    let held = false;
    let events: LeaseEvents | undefined;
    const leases: Leases = {
      start: async (told) => {
        events = told;
      },
      holds: () => held,
      exposes: () => held,
      why: () => 'another',
      stop: async () => {},
    };
    const { start, pass, runs, jobs, skips, lost, settle, store } = jobsOf({ random: () => 0, leases });
    await start();
    await pass(2 * INTERVAL_MS);
    t.same(runs, []);
    t.same(new Set(skips()), new Set(['skip cost/default not_leader']));
    t.equal(skips().length, 3);
    // The other one has bought 50 minutes ago, and is gone.
    const kept = keptOf(brings(1).data, {}, NOON + 2 * INTERVAL_MS - 50 * MINUTE);
    await store.save(kept, standingFor(kept));
    held = true;
    events?.onHeld('default');
    await settle();
    t.same(runs, [], 'what is fresh is not bought');
    await pass(10 * MINUTE);
    t.same(runs, [2 * INTERVAL_MS + 10 * MINUTE], 'it goes on in the rhythm of the other');
    held = false;
    events?.onLost('default');
    t.same(lost, ['default']);
    await pass(2 * INTERVAL_MS);
    t.equal(runs.length, 1);
    await jobs.stop();
  },
);

t.test(
  'a run that failed without costing anything is tried again, each time after twice the wait',
  async (t) => {
    const { start, pass, runs, jobs, state, next } = jobsOf({ random: () => 0 });
    next.collect = async () => {
      throw failure('throttled');
    };
    await start();
    t.equal(state().nextRun, NOON + RETRY_MS, 'what /targets says is when it is tried again');
    await pass(59 * MINUTE);
    t.same(
      runs.map((ms) => ms / MINUTE),
      [0, 1, 3, 7, 15, 31],
      'the next would be after the tick at 60',
    );
    t.equal(state().nextRun, NOON + INTERVAL_MS);
    await pass(MINUTE);
    t.equal(runs.at(-1), INTERVAL_MS);
    next.collect = async () => brings(1);
    await pass(INTERVAL_MS);
    const before = runs.length;
    next.collect = async () => {
      throw failure('error');
    };
    await pass(INTERVAL_MS + MINUTE);
    t.same(
      runs.slice(before).map((ms) => ms % INTERVAL_MS),
      [0, MINUTE],
      'after a success the waits begin anew',
    );
    await jobs.stop();
  },
);

t.test('a failure that was paid for waits for its tick', async (t) => {
  const aws = { session: async () => ({ ...SESSION, paidRequests: 1 }) };
  const { start, pass, runs, jobs, next } = jobsOf({ random: () => 0, aws });
  next.collect = async () => {
    throw failure('invalid_response');
  };
  await start();
  await pass(INTERVAL_MS - MINUTE);
  t.same(runs, [0]);
  await pass(MINUTE);
  t.same(runs, [0, INTERVAL_MS]);
  await jobs.stop();
});

t.test('without credentials it is tried every minute, and recovers by itself', async (t) => {
  const { start, pass, runs, jobs, next, state, skips } = jobsOf({ random: () => 0 });
  next.collect = async () => {
    throw failure('no_credentials');
  };
  await start();
  await pass(5 * MINUTE);
  t.same(
    runs.map((ms) => ms / MINUTE),
    [0, 1, 2, 3, 4, 5],
  );
  t.equal(skips().length, 6);
  next.collect = async () => brings(1);
  await pass(MINUTE);
  t.equal(state().status, 'ok');
  t.equal(state().nextRun, NOON + INTERVAL_MS);
  const after = runs.length;
  await pass(30 * MINUTE);
  t.equal(runs.length, after, 'and not every minute any more');
  await jobs.stop();
});

t.test('a tick that finds the last run still under way starts none', async (t) => {
  const { start, pass, runs, jobs, next, skips } = jobsOf({
    random: () => 0,
    capability: { intervalMs: 10_000, timeoutMs: 3_600_000 },
    cacheTtlMs: 0,
  });
  const gate = Promise.withResolvers<ReturnType<typeof brings>>();
  next.collect = () => gate.promise;
  await start();
  await pass(20_000);
  t.same(runs, [0]);
  t.same(skips(), ['skip cost/default running', 'skip cost/default running']);
  gate.resolve(brings(1));
  await pass(10_000);
  t.same(runs, [0, 30_000]);
  await jobs.stop();
});

t.test('a new UTC day publishes everything anew, also where nothing is bought', async (t) => {
  const days: string[] = [];
  const { start, pass, jobs, clock, runs } = jobsOf({
    capability: {
      intervalMs: 20 * INTERVAL_MS,
      present: ({ today }) => {
        days.push(today);
        return { samples: [], folded: 0, claims: [], document: () => ({}) };
      },
    },
  });
  clock.now = Date.parse('2026-03-31T23:59:57Z');
  await start();
  t.same(days, ['2026-03-31']);
  await pass(2_000);
  t.same(days, ['2026-03-31'], 'one second before midnight');
  await pass(2_000);
  t.same(days, ['2026-03-31', '2026-04-01'], 'one second after');
  await pass(60_000);
  t.equal(days.length, 2, 'once a day');
  t.equal(runs.length, 1);
  await jobs.stop();
});

t.test('start never throws: a store that fails costs the kept snapshots, not the jobs', async (t) => {
  class Broken extends MemoryStore {
    override async load(): Promise<never> {
      throw new Error('no store');
    }
  }
  const { start, jobs, runs, errors } = jobsOf({ store: new Broken() });
  await start();
  t.match(errors, [{ message: 'no store' }]);
  t.same(runs, [0]);
  await jobs.stop();
});

t.test('stop: no run, no retry, no job is left', async (t) => {
  for (const failing of [false, true]) {
    const { start, pass, runs, jobs, next, scheduler, told } = jobsOf({ random: () => 0 });
    if (failing) {
      next.collect = async () => {
        throw failure('throttled');
      };
    }
    await start();
    if (!failing) await pass(INTERVAL_MS);
    await jobs.stop();
    const before = [runs.length, told.length];
    await pass(2 * INTERVAL_MS);
    t.same([runs.length, told.length], before);
    t.same(
      scheduler.getAllJobs().filter((job) => job.getStatus() !== 'stopped'),
      [],
    );
  }
});

t.test('stop before the start is over: no job begins', async (t) => {
  const { jobs, runs, pass, settle } = jobsOf();
  const started = jobs.start();
  const stopped = jobs.stop();
  await Promise.all([started, stopped]);
  await settle();
  await pass(2 * INTERVAL_MS);
  t.same(runs, []);
});

t.test('stop in mid-run ends the run; its failure starts no retry', async (t) => {
  const { start, jobs, runs, next, pass } = jobsOf();
  next.collect = () => new Promise(() => {});
  await start();
  await jobs.stop();
  await pass(10 * MINUTE);
  t.same(runs, [0]);
});

t.test('stop leaves no timer behind', async (t) => {
  mock.timers.reset();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const { start, jobs, next } = jobsOf();
  next.collect = async () => {
    throw failure('throttled');
  };
  await start();
  t.ok(timers() > before);
  await jobs.stop();
  t.equal(timers(), before);
});

t.test(
  'nothing goes unbought for more than MAX_SNAPSHOT_AGE, wherever it ends between two ticks',
  async (t) => {
    for (const minutes of [70, 123, 174, 175, 177, 179, 180, 181, 240]) {
      const maxAgeMs = minutes * MINUTE;
      const { start, pass, runs, jobs, errors } = jobsOf({
        random: () => 0.9,
        changes: { detect: true, maxAgeMs },
        bill: () => ({ movedAt: undefined }),
        capability: { newDay: 'with the next change' },
      });
      await start();
      await pass(11 * INTERVAL_MS);
      const ages = runs.slice(1).map((at, index) => at - (runs[index] ?? 0));
      t.ok(
        ages.length >= Math.floor((10 * INTERVAL_MS) / maxAgeMs),
        `${minutes} min: ${ages.length} times more`,
      );
      t.ok(Math.max(...ages) <= maxAgeMs, `${minutes} min: ${ages.map((age) => age / MINUTE)}`);
      t.ok(Math.min(...ages) > maxAgeMs - INTERVAL_MS - 1_000, 'and not an interval before');
      t.same(errors, []);
      await jobs.stop();
    }
  },
);

t.test('what gets too old within one interval is left to the ticks', async (t) => {
  const { start, pass, runs, jobs } = jobsOf({
    random: () => 0,
    changes: { detect: true, maxAgeMs: INTERVAL_MS / 2 },
    bill: () => ({ movedAt: undefined }),
    capability: { newDay: 'with the next change' },
  });
  await start();
  await pass(3 * INTERVAL_MS + 5 * MINUTE);
  t.equal(runs.length, 4);
  t.ok(runs.slice(1).every((at, index) => at - (runs[index] ?? 0) >= INTERVAL_MS));
  await jobs.stop();
});
