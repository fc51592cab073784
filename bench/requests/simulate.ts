import { startSimulator } from '../../src/simulator/index.ts';
import { DAY_MS, HOUR_MS } from './calendar.ts';
import { ChangingBill, rowsOf } from './changing-bill.ts';
import { DOWN_MS, Fleet } from './fleet.ts';
import { History } from './history.ts';
import { noise } from './noise.ts';
import { type Paid, PaidRequests } from './paid-requests.ts';
import type { Scenario } from './scenarios.ts';
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
import { idle, watch } from './watch.ts';

/** What a simulation found. */
export interface Result {
  readonly scenario: string;
  readonly account: string;
  readonly schedule: string;
  readonly replicas: number;
  readonly crashes: number;
  readonly days: number;
  readonly paid: Paid;
  /** Paid requests a day that `plan` foretold after the first day. */
  readonly planned: number;
  readonly areas: Record<Area, AreaResult>;
  readonly unexplained: readonly Difference[];
  /** Share of the time in which some replica exposed cost. */
  readonly exposedShare: number;
  /** Real time that it took, and processor time, which does not count what else the machine was busy with. */
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface SimulationOptions {
  readonly seed: number;
  /** Where Redis is; its keys have the scenario's name. Unset: the exporter keeps all in memory. */
  readonly redisUrl?: string | undefined;
}

/** The first midnight: 30 days from here go over the end of a month. */
export const START = Date.parse('2026-10-12T00:00:00Z');
/** A tick is late by its phase at most, and events at one instant come one after the other. */
const SLACK_MS = 61_000;
/** What noise is drawn for. */
const DRAW = { phase: 77, crash: 78 };

/** Runs one scenario from its first midnight on. */
export async function simulate(scenario: Scenario, { seed, redisUrl }: SimulationOptions): Promise<Result> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  watch();
  const { account, schedule, days } = scenario;
  const end = START + days * DAY_MS - 1;
  const time = new VirtualTime(START);
  const [first, ...later] = new ChangingBill({ account, seed, start: START, days }).versions();
  if (first === undefined) throw new RangeError('a bill has a first version');
  const history = new History();
  history.turn(first);
  const tagKeys = schedule.tagKeys ?? account.tagKeys;
  const sim = await startSimulator({
    bill: rowsOf(first),
    now: () => new Date(time.now()),
    pageSize: account.pageSize,
    settings: { activeTagKeys: tagKeys },
  });
  if (!schedule.asksActivation) sim.faults.add({ kind: 'deny', operation: 'ListCostAllocationTags' });
  let drawn = 0;
  const fleet = new Fleet(scenario.replicas, {
    time,
    random: () => noise(seed, DRAW.phase, drawn++),
    env: {
      AWS_ENDPOINT_URL: sim.url,
      CAPABILITIES: 'cost,forecast,tags,optimization',
      TAG_KEYS: tagKeys.join(','),
      ...schedule.env,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: `bench ${scenario.name}:` }),
    },
  });

  for (const version of later) {
    time.at(version.at, () => {
      sim.setBill(rowsOf(version));
      history.turn(version);
    });
  }
  for (let midnight = START + DAY_MS; midnight < end; midnight += DAY_MS) {
    time.at(midnight, async () => {
      history.midnight(midnight);
      await fleet.newDay();
    });
  }
  // Steps at which leases are looked at though nothing happens.
  for (let hour = START + HOUR_MS; hour < end; hour += HOUR_MS) time.at(hour, () => {});
  for (let hour = 0; scenario.crashes && hour < days * 24; hour++) {
    const within = Math.floor(noise(seed, DRAW.crash, hour) * (HOUR_MS - 2 * DOWN_MS));
    time.at(START + hour * HOUR_MS + within, () => fleet.crash());
  }

  let planned = Number.NaN;
  time.at(START + Math.min(days, 1) * DAY_MS - HOUR_MS, () => {
    planned = fleet.planned;
  });

  const paid = new PaidRequests(sim, time.now);
  const tally = new Tally();
  const judge = new Judge(history, allowancesOf(scenario), tagKeys);
  try {
    await fleet.start();
    paid.count();
    judge.look(fleet, true);
    await time.run(end, {
      before(at) {
        tally.enter(judge.verdicts(at));
        fleet.pass(at - time.now());
      },
      async arrived() {
        await fleet.beat();
        paid.count();
      },
      async after() {
        await idle();
        paid.count();
        judge.look(fleet, await fleet.look());
      },
    });
  } finally {
    await fleet.stop();
    await sim.close();
  }
  tally.end();
  const { user, system } = process.cpuUsage(cpu);
  return {
    scenario: scenario.name,
    account: account.name,
    schedule: schedule.name,
    replicas: scenario.replicas,
    crashes: fleet.crashes,
    days,
    paid: paid.result(days),
    planned,
    areas: tally.results(),
    unexplained: tally.unexplained(),
    exposedShare: fleet.exposedMs / (end - START),
    seconds: (performance.now() - started) / 1_000,
    cpuSeconds: (user + system) / 1e6,
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

/** Says what of the figures shown is not true. Between two events truth and figures stand still, and so do the departures. */
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

  look({ shown }: Fleet, changed: boolean): void {
    if (!changed && this.#moment === this.#history.now) return;
    this.#moment = this.#history.now;
    this.#departed = departuresOf(shown, this.#history, this.#tagKeys);
  }

  verdicts(at: number): Difference[] {
    return this.#departed.map((departed) => explain(departed, at, this.#allow));
  }
}
