import { AsyncTask, SimpleIntervalJob, Task, type ToadScheduler } from 'toad-scheduler';
import type { Leases } from '../replicas/leases.ts';
import type { Keeper } from './keeper.ts';
import { dayOf } from './periods.ts';
import type { Runner, RunOutcome } from './runner.ts';
import type { CollectorState } from './state.ts';

/** Longest phase offset of a job, in milliseconds; never more than a tenth of its interval. */
export const MAX_PHASE_MS = 60_000;
/** How long after the bill is looked at those tick that follow it, in milliseconds; never more than a twentieth of their interval. */
export const FOLLOW_MS = 60_000;
/** First wait before a run that cost nothing is tried again, in milliseconds; doubled up to the interval. */
export const RETRY_MS = 60_000;
/** How often the calendar is looked at, in milliseconds. */
const DAY_TICK_MS = 1_000;

/** What the jobs need of the rest of the program. */
export interface JobsOptions {
  readonly scheduler: ToadScheduler;
  readonly runner: Runner;
  readonly keeper: Keeper;
  readonly leases: Leases;
  readonly states: readonly CollectorState[];
  readonly now: () => number;
  /** A number in [0, 1), drawn once per job for its phase. */
  readonly random?: () => number;
  readonly onError: (error: unknown) => void;
  /** Told of a target that another replica has taken over. */
  readonly onLost: (target: string) => void;
}

/**
 * When collections run: each at once, then at its interval with a phase offset that is drawn once, and sooner after a
 * run that failed without costing anything. A new UTC day publishes everything anew.
 */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #failures = new Map<CollectorState, number>();
  readonly #firstRuns = new Map<CollectorState, Promise<void>>();
  /** When the next regular tick of each job is due. */
  readonly #ticks = new Map<CollectorState, number>();
  #stopped = false;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Takes up the kept snapshots, then starts the jobs. Never throws. */
  async start(): Promise<void> {
    const { keeper, states, leases, onError, onLost } = this.#options;
    const ofTarget = (target: string) => states.filter((state) => state.target.name === target);
    // Without what was kept everything is collected all the same.
    await keeper.restore(states).catch(onError);
    if (this.#stopped) return;
    try {
      this.#watchTheDay();
      await leases.start({
        onHeld: (target) => {
          this.#takeOver(ofTarget(target)).catch(onError);
        },
        onLost,
      });
    } catch (error) {
      onError(error);
    }
    // Of a target that another replica collects for, every tick is passed over, until this one takes it over.
    for (const state of states) if (!leases.holds(state.target.name)) this.#startJob(state);
  }

  /** Removes the jobs and ends the runs under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#options.scheduler.stop();
    await this.#options.runner.close();
    await this.#options.leases.stop();
  }

  async #takeOver(states: readonly CollectorState[]): Promise<void> {
    try {
      await this.#options.keeper.takeOver(states);
    } catch (error) {
      this.#options.onError(error);
    }
    for (const state of states) this.#startJob(state);
  }

  #startJob(state: CollectorState): void {
    if (this.#stopped) return;
    const { runner, now, random = Math.random, scheduler, onError } = this.#options;
    const { intervalMs } = state.capability;
    const id = `${state.capability.name}/${state.target.name}`;
    if (scheduler.existsById(id)) scheduler.removeById(id);
    const at = now();
    const due = runner.dueAt(state);
    // What is kept has its rhythm; a restart does not move it.
    const phase = state.kept === undefined ? random() * Math.min(MAX_PHASE_MS, intervalMs / 10) : 0;
    // Who follows the bill looks a little after it was looked at: else it buys what it cannot know to have changed.
    const after = state.capability.newDay === undefined ? 0 : Math.min(FOLLOW_MS, intervalMs / 20);
    const wait = (due > at ? due - at : intervalMs + phase) + after;
    this.#tickAt(state, at + wait);
    // What is fresh is passed over, and counted; what is not, but is not due yet, waits.
    const early = due > at && !runner.isFresh(state);
    // Until the first run has ended it is what the budget has to have room for.
    if (due <= at) state.nextRun = at;
    this.#firstRuns.set(state, early ? Promise.resolve() : this.#firstRun(state));
    this.#after(wait, `phase ${id}`, () => {
      const tick = async () => {
        this.#tickAt(state, now() + intervalMs);
        await this.#run(state);
      };
      // The job's own guard against overruns stays off: the runner's single flight counts what it passes over.
      const task = new AsyncTask(id, tick, onError);
      scheduler.addSimpleIntervalJob(
        new SimpleIntervalJob({ milliseconds: intervalMs, runImmediately: true }, task, {
          id,
          preventOverrun: false,
        }),
      );
    });
  }

  /** Runs at once, or after the first runs of the collectors that it reads. */
  async #firstRun(state: CollectorState): Promise<void> {
    const { collectsAfter = [] } = state.capability;
    const isRead = (other: CollectorState) =>
      other.target === state.target && collectsAfter.includes(other.capability.name);
    await Promise.all([...this.#firstRuns].filter(([other]) => isRead(other)).map(([, run]) => run));
    if (!this.#stopped) await this.#run(state);
  }

  #tickAt(state: CollectorState, at: number): void {
    this.#ticks.set(state, at);
    state.nextRun = at;
  }

  async #run(state: CollectorState): Promise<void> {
    try {
      this.#retry(state, await this.#options.runner.run(state));
      this.#beforeTooOld(state);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #retry(state: CollectorState, outcome: RunOutcome): void {
    const { capability, target } = state;
    const name = `retry ${capability.name}/${target.name}`;
    clearTimeout(this.#timers.get(name));
    const lacking = outcome.kind === 'skipped' && outcome.reason === 'no_credentials';
    const failed = outcome.kind === 'failed' && !outcome.paid;
    if (outcome.kind !== 'skipped' && !failed) this.#failures.delete(state);
    if (!lacking && !failed) {
      state.nextRun = this.#ticks.get(state);
      return;
    }
    const failures = lacking ? 0 : (this.#failures.get(state) ?? 0);
    this.#failures.set(state, failures + 1);
    const wait = RETRY_MS * 2 ** Math.min(failures, 20);
    const at = this.#options.now() + wait;
    const tick = this.#ticks.get(state);
    state.nextRun = tick;
    if (tick !== undefined && at >= tick) return;
    state.nextRun = at;
    this.#after(wait, name, () => void this.#run(state));
  }

  /** A run between two ticks, where something would get too old before the second. */
  #beforeTooOld(state: CollectorState): void {
    const name = `age ${state.capability.name}/${state.target.name}`;
    clearTimeout(this.#timers.get(name));
    const at = this.#options.runner.latestAt(state) ?? 0;
    const wait = at - this.#options.now();
    if (wait <= 0 || at >= (state.nextRun ?? 0)) return;
    state.nextRun = at;
    this.#after(wait, name, () => void this.#run(state));
  }

  #watchTheDay(): void {
    const { scheduler, keeper, states, now, onError } = this.#options;
    let day = dayOf(now());
    const task = new Task(
      'day',
      () => {
        const today = dayOf(now());
        if (today === day) return;
        day = today;
        keeper.newDay(states).catch(onError);
      },
      onError,
    );
    scheduler.addSimpleIntervalJob(new SimpleIntervalJob({ milliseconds: DAY_TICK_MS }, task, { id: 'day' }));
  }

  #after(ms: number, name: string, act: () => void): void {
    if (this.#stopped) return;
    clearTimeout(this.#timers.get(name));
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      act();
    }, ms);
    this.#timers.set(name, timer);
  }
}
