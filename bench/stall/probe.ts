/**
 * Loaded into the exporter before its program (`--import`): watches the event loop from within and writes what it has seen of each
 * round, a line of JSON each, to the file that `STALL_FILE` names. `STALL_PROGRAM` is the compiled program's `collection` folder;
 * with `STALL_PROFILE` it also says where the time of each round's longest stall went.
 */
import { appendFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { causesBetween } from './causes.ts';

/** A time in which the event loop did not turn. Milliseconds of the system's monotonic clock. */
export interface Stall {
  readonly at: number;
  readonly ms: number;
  /** What of it the main thread was on a CPU. */
  readonly cpuMs: number;
}

/** What was seen of one round, and of a time as long before it in which there was nothing to do. */
export interface Seen {
  /** From the start of the run to what is left behind: the store has written, and the loop has been idle for a while. */
  readonly round: { readonly from: number; readonly to: number };
  readonly publishing: { readonly from: number; readonly to: number };
  /** Those of 2 ms and more. */
  readonly stalls: readonly Stall[];
  /** Milliseconds of the round's longest stall by cause. */
  readonly causes?: Readonly<Record<string, number>>;
}

/** Milliseconds of the system's monotonic clock: the same in every process. */
export const clock = (): number => Number(process.hrtime.bigint()) / 1e6;

/** How long after a run what it has left behind counts as its own. */
const AFTER_MS = 300;
const TICK_MS = 1;
const LEAST_MS = 2;

const { STALL_FILE: file, STALL_PROGRAM: folder, STALL_PROFILE: profiled } = process.env;

if (file !== undefined && folder !== undefined) {
  const { Publisher } = await import(`${folder}/publisher.js`);
  const { Runner } = await import(`${folder}/runner.js`);
  const session = new Session();
  session.connect();
  let stalls: Stall[] = [];
  let publishing = { from: 0, to: 0 };

  let last = clock();
  let cpu = process.threadCpuUsage();
  setInterval(() => {
    const now = clock();
    const { user, system } = process.threadCpuUsage(cpu);
    cpu = process.threadCpuUsage();
    // A timer of 1 ms fires up to 2 ms after the last: what is more is the loop's.
    const ms = now - last - TICK_MS;
    if (ms >= LEAST_MS) stalls.push({ at: last, ms, cpuMs: (user + system) / 1_000 });
    last = now;
  }, TICK_MS).unref();

  const { publish } = Publisher.prototype;
  Publisher.prototype.publish = async function (...args: unknown[]) {
    const from = clock();
    await publish.apply(this, args);
    publishing = { from, to: clock() };
  };

  const { run } = Runner.prototype;
  Runner.prototype.run = async function (...args: unknown[]) {
    if (profiled) {
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: 250 });
      await session.post('Profiler.start');
      // What the probe itself has done is no stall of the program.
      last = clock();
      stalls = [];
    }
    const from = clock();
    const outcome = await run.apply(this, args);
    if (outcome.kind !== 'collected') return outcome;
    setTimeout(async () => {
      const seen: Seen = { round: { from, to: clock() }, publishing, stalls };
      const own = stalls.filter(({ at, ms }) => at + ms >= from).toSorted((a, b) => b.ms - a.ms);
      stalls = [];
      const profile = profiled ? (await session.post('Profiler.stop')).profile : undefined;
      const causes = profile && own[0] && causesBetween(profile, own[0].at, own[0].at + own[0].ms);
      appendFileSync(file, `${JSON.stringify({ ...seen, causes })}\n`);
      last = clock();
      stalls = [];
    }, AFTER_MS);
    return outcome;
  };
}
