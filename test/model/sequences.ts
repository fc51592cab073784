import fc from 'fast-check';
import type { Test } from 'tap';
import { AFTER, type Change } from './bill.ts';
import { FAULT_NAMES } from './faults.ts';
import type { Stores } from './stores.ts';
import { type Tally, Trial } from './trial.ts';
import { type Look, type Manner, World } from './world.ts';

/** Sequences at once: most of their time is spent waiting for retries. */
const LANES = 4;
const MAX_COMMANDS = 24;
/** Hours that a sequence may take by its clock: the bill has no charges of later days. */
const MAX_HOURS = 24 * (AFTER - 5);
const LONGEST_HOURS = Math.floor(MAX_HOURS / MAX_COMMANDS);

/** One step of a sequence. */
class Step implements fc.AsyncCommand<object, Trial> {
  readonly #words: string;
  readonly #act: (trial: Trial) => Promise<void> | void;
  readonly #look: Look;

  constructor(words: string, look: Look, act: (trial: Trial) => Promise<void> | void) {
    this.#words = words;
    this.#look = look;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  /** Every step ends with a look at what is shown now. */
  async run(_: object, trial: Trial): Promise<void> {
    await this.#act(trial);
    await trial.look(this.#look);
  }

  toString(): string {
    return this.#words;
  }
}

const look: fc.Arbitrary<Look> = fc.oneof(
  fc.constant('REST' as const),
  fc.record({
    format: fc.constantFrom('text' as const, 'openMetrics' as const),
    encoding: fc.constantFrom('gzip' as const, 'identity' as const),
  }),
);

// Without bias: small numbers come back, and two changes of one day could cancel each other out.
const cents = fc.noBias(fc.integer({ min: 1, max: 9_999_999 }));
const back = fc.noBias(fc.integer({ min: 0, max: 32 }));
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('amount' as const), back, line: fc.nat(9), cents }),
  fc.record({ kind: fc.constant('restate' as const), back, cents }),
  fc.record({ kind: fc.constant('credit' as const), back, cents }),
  fc.record({
    kind: fc.constant('add' as const),
    service: fc.integer({ min: 1, max: 4 }),
    account: fc.nat(2),
    cents,
  }),
  fc.record({ kind: fc.constant('drop' as const), service: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('move' as const), back, cents }),
);

function step<T>(
  name: string,
  given: fc.Arbitrary<T>,
  act: (trial: Trial, one: T) => Promise<void> | void,
): fc.Arbitrary<Step> {
  return fc
    .tuple(given, look)
    .map(
      ([one, at]) =>
        new Step(one === undefined ? name : `${name} ${JSON.stringify(one)}`, at, (trial) => act(trial, one)),
    );
}

const nothing = fc.constant(undefined);
/** A second page is seldom there, and the account is asked for every 15 minutes at most. */
const rareFault = step(
  'an hour later break AWS and collect',
  fc.constantFrom(...FAULT_NAMES.filter((name) => /^(second page|account)/.test(name))),
  async (trial, name) => {
    await trial.pass(1);
    trial.breakAws(name);
    await trial.collect(undefined);
    trial.mendAws();
  },
);
const STEPS = [
  step('change', change, (trial, one) => trial.change(one)),
  step('change', change, (trial, one) => trial.change(one)),
  step('collect', nothing, (trial) => trial.collect(undefined)),
  step('collect', nothing, (trial) => trial.collect(undefined)),
  step('collect', fc.record({ change: fc.option(change, { nil: undefined }), look }), (trial, meanwhile) =>
    trial.collect(meanwhile),
  ),
  step('break AWS', fc.constantFrom(...FAULT_NAMES), (trial, name) => trial.breakAws(name)),
  step('break AWS and collect', fc.constantFrom(...FAULT_NAMES), async (trial, name) => {
    trial.breakAws(name);
    await trial.collect(undefined);
  }),
  step('break AWS and collect', fc.constantFrom(...FAULT_NAMES), async (trial, name) => {
    trial.breakAws(name);
    await trial.collect(undefined);
    trial.mendAws();
  }),
  rareFault,
  rareFault,
  step('mend AWS', nothing, (trial) => trial.mendAws()),
  step('hang, then kill', fc.boolean(), (trial, kill) => trial.hang(kill)),
  step('hours', fc.integer({ min: 1, max: 23 }), (trial, hours) => trial.pass(hours)),
  step('hours', fc.integer({ min: 24, max: LONGEST_HOURS }), (trial, hours) => trial.pass(hours)),
  // A month may have ended, and nobody knows its figures.
  step(
    'days later break AWS and collect',
    fc.integer({ min: 24, max: LONGEST_HOURS }),
    async (trial, hours) => {
      await trial.pass(hours);
      trial.breakAws('denied');
      await trial.collect(undefined);
      trial.mendAws();
    },
  ),
  step('restart, kill', fc.boolean(), (trial, kill) => trial.restart(kill)),
  step('change, collect, restart without AWS', fc.tuple(change, fc.boolean()), async (trial, [one, kill]) => {
    trial.mendAws();
    await trial.change(one);
    await trial.collect(undefined);
    trial.breakAws('denied');
    await trial.restart(kill);
  }),
  // A start that waits: what was paid for in vain is not bought again at once, where that is known.
  step('break AWS, collect, restart', fc.boolean(), async (trial, kill) => {
    trial.breakAws('no number');
    await trial.collect(undefined);
    await trial.restart(kill);
    trial.mendAws();
  }),
  step('store down', nothing, (trial) => trial.storeDown()),
  step('store up', nothing, (trial) => trial.storeUp()),
  step('store emptied', nothing, (trial) => trial.storeEmptied()),
];

/** What must have happened wherever the figures are kept. */
const ALWAYS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(FAULT_NAMES.map((name) => [`fault: ${name}`, 1])),
  ...Object.fromEntries(
    ['amount', 'restate', 'credit', 'add', 'drop', 'move'].map((kind) => [`bill: ${kind}`, 8]),
  ),
  'fault: hang': 30,
  'a month has ended': 10,
  collected: 80,
  'collected, with change detection': 80,
  failed: 80,
  killed: 50,
  stopped: 50,
  'looked at in the middle of a collection': 20,
  'looked: a figure has ended': 10,
  'looked: figures are shown': 500,
};

/** How many sequences, and where their exporters keep their figures. */
export interface SequencesOptions {
  readonly stores: Stores;
  readonly count: number;
  /** What must have happened, and how often, for all of them to say anything. */
  readonly atLeast: Readonly<Record<string, number>>;
}

/**
 * Runs sequences, each with a seed of its own; FUZZ_RUNS takes another number of them. SEED runs the one with that seed alone, and
 * makes it shorter where it fails.
 */
export async function runSequences(t: Test, { stores, count, atLeast }: SequencesOptions): Promise<void> {
  const only = process.env.SEED;
  const first = only === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(only);
  const runs = Number(process.env.FUZZ_RUNS ?? count);
  t.comment(`${runs} sequences, seeds from ${first}: SEED=<seed> repeats one`);
  const tally: Tally = new Map();
  const seeds = only === undefined ? Array.from({ length: runs }, (_, index) => first + index) : [first];
  let made = 0;
  const sequence = fc.asyncProperty(
    fc.record({ detects: fc.boolean(), paged: fc.boolean() }),
    fc.commands(STEPS, { maxCommands: MAX_COMMANDS, size: 'max' }),
    (manner: Manner, steps) => runOne(manner, steps, async () => stores(made++), tally),
  );
  const lane = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const found = await fc.check(sequence, { seed, numRuns: 1, endOnFailure: only === undefined });
      if (!found.failed) continue;
      // One is enough: those under way are the last.
      seeds.length = 0;
      const [manner, steps] = found.counterexample ?? [];
      const why = String(
        found.errorInstance instanceof Error ? found.errorInstance.stack : found.errorInstance,
      );
      t.fail(`SEED=${seed}`, { manner: JSON.stringify(manner), steps: String(steps), why });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const [name, times] of [...tally].toSorted()) t.comment(`${name}: ${times}`);
  if (only !== undefined || runs < count || !t.passing()) return;
  for (const [name, times] of Object.entries({ ...ALWAYS, ...atLeast })) {
    t.ok((tally.get(name) ?? 0) >= times, `${name}: at least ${times} times`);
  }
}

async function runOne(
  manner: Manner,
  steps: Iterable<fc.AsyncCommand<object, Trial>>,
  store: () => ReturnType<Stores>,
  tally: Tally,
): Promise<void> {
  const world = await World.create(await store(), manner);
  try {
    const trial = new Trial(world, tally);
    await trial.start();
    await fc.asyncModelRun(() => ({ model: {}, real: trial }), steps);
  } finally {
    await world.end();
  }
}
