import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../servers/process.ts';
import type { Fleet, Replica, View } from './fleet.ts';

/** Time between two cost collections of the fleets of schedules, in milliseconds. */
export const INTERVAL_MS = 20_000;
/** How long Cost Explorer takes for an answer, in milliseconds: long enough to be interrupted. */
const ANSWER_MS = 800;
/** How long a schedule disturbs its fleet, in milliseconds. */
const DISTURBED_MS = 32_000;
/** How long it may take until all is well again: a lease has to end, a round to be due. In milliseconds. */
const RECOVERY_MS = 60_000;
/** How often the fleet is looked at. */
const LOOK_MS = 250;
/**
 * Two purchases that are closer than this are of one round: the next one is due an interval after the start of the last. A
 * busy machine sends the one late and the next in time.
 */
const ROUND_MS = 0.85 * INTERVAL_MS;
/** After a partition has ended, or Redis has lost what everybody knew, purchases may still cross. */
const AFTERMATH_MS = 15_000;

/** What is wrong, with when; empty where nothing is. */
export type Findings = string[];

/** Draws from a seed: the same numbers each time. */
export function drawer(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/**
 * Disturbs a fleet at random: kills, pauses, cuts off, restarts Redis with and without its data, while the bill changes; then
 * lets it recover.
 *
 * Invariants, looked at all the time: every figure is one that some bill held; while all replicas reach Redis at most one exposes;
 * nothing is paid twice in one round, partitions and the loss of all that was known aside. At the end one exposes,
 * and all show the bill.
 *
 * @returns what was wrong, and all that happened.
 */
export async function runSchedule(
  fleet: Fleet,
  seed: number,
): Promise<{ findings: Findings; story: string[] }> {
  const draw = drawer(seed);
  fleet.simulator.faults.add({ kind: 'delay', ms: ANSWER_MS, operation: 'GetCostAndUsage' });
  await eventually(
    'all show the first bill',
    async () => ((await allIsWell(fleet, 1)) ? true : undefined),
    60_000,
  );
  const started = Date.now();
  const story: string[] = [];
  const findings: Findings = [];
  const excused: { from: number; to: number }[] = [];
  let bill = 1;
  const tell = (text: string) => story.push(`${((Date.now() - started) / 1_000).toFixed(1)} s: ${text}`);
  const changing = setInterval(() => {
    bill += 1;
    fleet.setBill(bill);
  }, 2_900);
  const watch = watchFleet(
    fleet,
    () => bill,
    (text) => {
      findings.push(text);
      tell(`WRONG: ${text}`);
    },
  );

  while (Date.now() - started < DISTURBED_MS) {
    await sleep(500 + draw(3_000));
    await disturb(fleet, draw, tell, excused);
  }
  await recover(fleet, tell);
  const calm = Date.now();
  clearInterval(changing);
  const last = bill;
  let well = false;
  while (!well && Date.now() - calm < RECOVERY_MS) {
    await sleep(300);
    well = await allIsWell(fleet, last);
  }
  if (!well)
    findings.push(
      `after ${RECOVERY_MS / 1_000} s one of them does not show bill ${last}, or not one exposes`,
    );
  tell(well ? 'all is well' : 'NOT well');
  await watch.stop();
  for (const text of paidTwice(fleet.bought(), excused)) {
    findings.push(text);
    tell(`WRONG: ${text}`);
  }
  return { findings, story };
}

type Tell = (text: string) => void;

async function disturb(
  fleet: Fleet,
  draw: (below: number) => number,
  tell: Tell,
  excused: { from: number; to: number }[],
): Promise<void> {
  const replica = await victim(fleet, draw);
  if (replica === undefined) return;
  switch (draw(8)) {
    case 0:
    case 1:
      if (replica.served === undefined) {
        tell(`${replica.name} starts`);
        await replica.start();
      } else {
        tell(`${replica.name} is killed`);
        await replica.kill();
      }
      return;
    case 2:
    case 3:
    case 4:
      if (replica.served === undefined) return;
      tell(`${replica.name} ${replica.paused ? 'goes on' : 'is paused'}`);
      if (replica.paused) replica.resume();
      else replica.pause();
      return;
    case 5:
    case 6:
      tell(`${replica.name} is ${replica.isCut ? 'connected again' : 'cut off'}`);
      if (replica.isCut) replica.heal();
      else {
        replica.cut();
        excused.push({ from: Date.now(), to: Number.POSITIVE_INFINITY });
      }
      // A partition is over some time after its end; the last one's end stands for all.
      if (fleet.replicas.every(({ isCut }) => !isCut)) endAll(excused);
      return;
    default: {
      const keepData = draw(3) > 0;
      tell(`Redis restarts ${keepData ? 'with' : 'without'} its data`);
      // Whoever knew what was lost may be away.
      const away = fleet.replicas.some(
        ({ served, paused, isCut }) => served === undefined || paused || isCut,
      );
      if (!keepData && away) excused.push({ from: Date.now() - 1_000, to: Date.now() + AFTERMATH_MS });
      await fleet.redis.restart({ keepData });
    }
  }
}

/** Half of the time whoever collects, else any. */
async function victim({ replicas }: Fleet, draw: (below: number) => number): Promise<Replica | undefined> {
  const [any, wantsHolder] = [replicas[draw(replicas.length)], draw(2) === 0];
  if (!wantsHolder) return any;
  const views = await Promise.all(replicas.map((replica) => replica.view()));
  return replicas.find((_, index) => views[index]?.holds) ?? any;
}

function endAll(excused: { from: number; to: number }[]): void {
  for (const window of excused)
    if (window.to === Number.POSITIVE_INFINITY) window.to = Date.now() + AFTERMATH_MS;
}

async function recover(fleet: Fleet, tell: Tell): Promise<void> {
  tell('everything is mended');
  for (const replica of fleet.replicas) {
    if (replica.isCut) replica.heal();
    if (replica.paused) replica.resume();
    if (replica.served === undefined) await replica.start();
  }
}

async function allIsWell(fleet: Fleet, bill: number): Promise<boolean> {
  const views = await Promise.all(fleet.replicas.map((replica) => replica.view()));
  const bills = await Promise.all(fleet.replicas.map((replica) => replica.rest()));
  const exposing = views.filter((view) => view?.exposes);
  return exposing.length === 1 && exposing[0]?.bill === bill && bills.every((number) => number === bill);
}

/** Looks at all replicas again and again. */
function watchFleet(
  fleet: Fleet,
  newest: () => number,
  wrong: (text: string) => void,
): { stop(): Promise<void> } {
  let stopped = false;
  let before: ReadonlySet<Replica> = new Set();
  const look = async () => {
    const views = await Promise.all(fleet.replicas.map((replica) => replica.view()));
    const exposing = new Set(fleet.replicas.filter((_, index) => views[index]?.exposes));
    for (const view of views) {
      const { bill } = view ?? {};
      if (bill !== undefined && (!Number.isInteger(bill) || bill < 1 || bill > newest()))
        wrong(`a page shows a bill that never was: ${bill}`);
    }
    // Pages are not read at one instant: what is seen twice in a row was so in between.
    const twice = [...exposing].filter((replica) => before.has(replica));
    if (twice.length > 1 && allReach(fleet, views)) wrong(`${twice.map(({ name }) => name)} expose`);
    before = exposing;
  };
  const done = (async () => {
    while (!stopped) {
      await look();
      await sleep(LOOK_MS);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** One whose page was seen is judged by it, even if it has been killed or paused since. */
function allReach({ replicas }: Fleet, views: readonly (View | undefined)[]): boolean {
  return replicas.every(({ served, paused, isCut }, index) => {
    const view = views[index];
    return view === undefined ? served === undefined || paused : !isCut && view.cacheUp;
  });
}

/** Purchases that are of one round with the one before. */
function paidTwice(bought: readonly number[], excused: readonly { from: number; to: number }[]): string[] {
  return bought.flatMap((at, index) => {
    const before = bought[index - 1];
    if (before === undefined || at - before >= ROUND_MS) return [];
    if (excused.some(({ from, to }) => from <= at && before <= to)) return [];
    return [`paid twice in one round, ${at - before} ms apart, at ${new Date(at).toISOString()}`];
  });
}
