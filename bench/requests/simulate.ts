import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { DAY_MS, type Day, dayOf, HOUR_MS } from './calendar.ts';
import { ChangingBill, rowsOf } from './changing-bill.ts';
import { History } from './history.ts';
import { noise } from './noise.ts';
import { Replica } from './replica.ts';
import type { Scenario } from './scenarios.ts';
import type { Shown } from './shown.ts';
import { type AreaResult, Tally } from './tally.ts';
import {
  type Allowances,
  type Area,
  type Departed,
  type Difference,
  departuresOf,
  explain,
} from './verdict.ts';
import { VirtualTime } from './virtual-time.ts';

/** What a simulation found. */
export interface Result {
  readonly scenario: string;
  readonly account: string;
  readonly schedule: string;
  readonly replicas: number;
  readonly crashes: number;
  readonly days: number;
  readonly paid: {
    readonly mean: number;
    readonly max: number;
    readonly byDay: readonly { readonly day: Day; readonly requests: number }[];
    readonly byOperation: Readonly<Record<string, number>>;
  };
  readonly areas: Record<Area, AreaResult>;
  readonly unexplained: readonly Difference[];
  /** Share of the time in which some replica exposed cost. */
  readonly exposedShare: number;
  /** Real time that it took. */
  readonly seconds: number;
}

export interface SimulationOptions {
  readonly seed: number;
  /** A Redis that is this simulation's alone under its prefix; unset: the exporter keeps all in memory. */
  readonly redisUrl?: string | undefined;
}

/** The first midnight: 30 days from here go over the end of a month. */
const START = Date.parse('2026-10-12T00:00:00Z');
/** How long a killed replica stays down, and how long another one may take to go on. */
const DOWN_MS = 10_000;
const TAKEOVER_MS = 15_000;
/** A tick is late by its phase at most, and events at one instant come one after the other. */
const SLACK_MS = 61_000;

/** Runs one scenario from its first midnight on. */
export async function simulate(scenario: Scenario, { seed, redisUrl }: SimulationOptions): Promise<Result> {
  const started = performance.now();
  const { account, schedule, days } = scenario;
  const end = START + days * DAY_MS;
  const time = new VirtualTime(START);
  const versions = new ChangingBill({ account, seed, start: START, days }).versions();
  const [first, ...later] = versions;
  if (first === undefined) throw new RangeError('a bill has a first version');
  const history = new History();
  history.turn(first);
  const sim = await startSimulator({
    bill: rowsOf(first),
    now: () => new Date(time.now()),
    pageSize: account.pageSize,
    settings: { activeTagKeys: schedule.tagKeys ?? account.tagKeys },
  });
  if (!schedule.asksActivation) sim.faults.add({ kind: 'deny', operation: 'ListCostAllocationTags' });

  for (const version of later) {
    time.at(version.at, () => {
      sim.setBill(rowsOf(version));
      history.turn(version);
    });
  }
  for (let day = 1; day < days; day++) {
    time.at(START + day * DAY_MS, () => history.midnight(START + day * DAY_MS));
  }
  // Steps at which leases are renewed though nothing happens.
  for (let hour = 1; hour < days * 24; hour++) time.at(START + hour * HOUR_MS, () => {});

  const env: Record<string, string> = {
    AWS_ENDPOINT_URL: sim.url,
    CAPABILITIES: 'cost,forecast,tags,optimization',
    TAG_KEYS: (schedule.tagKeys ?? account.tagKeys).join(','),
    ...schedule.env,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: `bench ${scenario.name}:` }),
  };
  let drawn = 0;
  const random = () => noise(seed, 77, drawn++);
  const fleet = new Fleet(
    Array.from(
      { length: scenario.replicas },
      (_, index) => new Replica({ name: `replica ${index}`, time, env, random }),
    ),
    time,
  );
  const ledger = new PaidRequests(sim, time);
  const tally = new Tally();
  const judge = new Judge(history, allowancesOf(scenario), schedule.tagKeys ?? account.tagKeys);
  let crashes = 0;
  try {
    for (const replica of fleet.replicas) await replica.start();
    if (scenario.crashes) {
      for (let hour = 0; hour < days * 24; hour++) {
        const at = START + hour * HOUR_MS + Math.floor(noise(seed, 78, hour) * (HOUR_MS - DOWN_MS));
        time.at(at, async () => {
          crashes++;
          await fleet.crash();
        });
      }
    }
    await fleet.look();
    ledger.count();
    judge.look(fleet.shown, true);
    await time.run(end - 1, {
      before: (at) => {
        tally.enter(judge.verdicts(at));
        fleet.pass(at);
      },
      after: async () => {
        ledger.count();
        const changed = await fleet.look();
        judge.look(fleet.shown, changed);
      },
    });
  } finally {
    await fleet.stop();
    await sim.close();
  }
  tally.end();
  return {
    scenario: scenario.name,
    account: account.name,
    schedule: schedule.name,
    replicas: scenario.replicas,
    crashes,
    days,
    paid: ledger.result(days),
    areas: tally.results(),
    unexplained: tally.unexplained(),
    exposedShare: fleet.exposedMs / (end - 1 - START),
    seconds: (performance.now() - started) / 1_000,
  };
}

function allowancesOf({ account, schedule }: Scenario): Allowances {
  return {
    detects: schedule.detects,
    costSeesMoves: account.pageSize >= 1_000,
    costMs: HOUR_MS + SLACK_MS,
    tagsMs: HOUR_MS / 2 + SLACK_MS,
    forecastMs: HOUR_MS + SLACK_MS,
    minChangeMs: 6 * HOUR_MS,
    maxAgeMs: 24 * HOUR_MS,
  };
}

/** The replicas, and what the one that exposes shows. */
class Fleet {
  readonly replicas: readonly Replica[];
  readonly #time: VirtualTime;
  #exposer: Replica | undefined;
  shown: Shown = { cost: undefined, tags: undefined, forecast: undefined };
  exposedMs = 0;

  constructor(replicas: readonly Replica[], time: VirtualTime) {
    this.replicas = replicas;
    this.#time = time;
  }

  /** Kills the replica that exposes and lets another one go on; the killed one comes back a little later. */
  async crash(): Promise<void> {
    const victim = this.#exposer ?? this.replicas.find(({ isUp }) => isUp);
    if (victim === undefined) return;
    await victim.kill();
    this.#exposer = undefined;
    const now = this.#time.now();
    this.#time.at(now + DOWN_MS, () => victim.start());
    for (let ms = 1_000; ms <= TAKEOVER_MS; ms += 1_000) this.#time.at(now + ms, () => {});
  }

  /** Reads what is shown; true where it is not what was shown before. */
  async look(): Promise<boolean> {
    if (this.#exposer?.isUp !== true) {
      this.#exposer = undefined;
      for (const replica of this.replicas) {
        if (this.#exposer === undefined && (await replica.exposes())) this.#exposer = replica;
      }
    }
    this.#time.first = this.#exposer?.name ?? '';
    const before = this.shown;
    this.shown = (await this.#exposer?.look())?.shown ?? {
      cost: undefined,
      tags: undefined,
      forecast: undefined,
    };
    return this.shown !== before;
  }

  /** Time goes on to an instant. */
  pass(at: number): void {
    if (this.shown.cost !== undefined) this.exposedMs += at - this.#time.now();
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()));
  }
}

/** Says what of the figures shown is not true. Truth and figures stand still between two events: so do the departures. */
class Judge {
  readonly #history: History;
  readonly #allow: Allowances;
  readonly #tagKeys: readonly string[];
  #moment: unknown;
  #departed: readonly Departed[] = [];

  constructor(history: History, allow: Allowances, tagKeys: readonly string[]) {
    this.#history = history;
    this.#allow = allow;
    this.#tagKeys = tagKeys;
  }

  look(shown: Shown, changed: boolean): void {
    if (!changed && this.#moment === this.#history.now) return;
    this.#moment = this.#history.now;
    this.#departed = departuresOf(shown, this.#history, this.#tagKeys);
  }

  verdicts(at: number): Difference[] {
    return this.#departed.map((departed) => explain(departed, at, this.#allow));
  }
}

/** Paid requests by UTC day, from the simulator's own record. */
class PaidRequests {
  readonly #sim: Simulator;
  readonly #time: VirtualTime;
  readonly #byDay = new Map<Day, number>();
  readonly #byOperation: Record<string, number> = {};
  #counted = 0;

  constructor(sim: Simulator, time: VirtualTime) {
    this.#sim = sim;
    this.#time = time;
  }

  /** Counts what has come since the last time as of now. */
  count(): void {
    const today = dayOf(this.#time.now());
    for (; this.#counted < this.#sim.requests.length; this.#counted++) {
      const { service, operation = '', status } = this.#sim.requests[this.#counted] ?? {};
      if (service !== 'ce' || status !== 200) continue;
      this.#byDay.set(today, (this.#byDay.get(today) ?? 0) + 1);
      this.#byOperation[operation] = (this.#byOperation[operation] ?? 0) + 1;
    }
  }

  result(days: number): Result['paid'] {
    const byDay = [...this.#byDay].map(([day, requests]) => ({ day, requests }));
    const counts = byDay.map(({ requests }) => requests);
    const all = counts.reduce((sum, count) => sum + count, 0);
    return { mean: all / days, max: Math.max(0, ...counts), byDay, byOperation: this.#byOperation };
  }
}
