import { setImmediate as turn } from 'node:timers/promises';
import type { App } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import { DAY_MS, dayOf, midnightOf } from './calendar.ts';
import type { Timers } from './virtual-time.ts';

/** Longest phase offset of a job, and the share of an interval for which a snapshot is fresh: as src/collection has them. */
const MAX_PHASE_MS = 60_000;
const FRESH_SHARE = 0.9;
/** Longest real time for the first runs of a replica. */
const FIRST_RUNS_MS = 20_000;

type State = ReturnType<App['rest']['collections']['states']['all']>[number];

export interface ReplicaJobsOptions {
  readonly app: App;
  readonly config: Config;
  readonly timers: Timers;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * What src/collection/jobs.ts does, in simulated time, until its `Jobs` can be handed `Timers`: its own timers are of real
 * time, and so never due while a simulation lasts.
 */
export class ReplicaJobs {
  readonly #options: ReplicaJobsOptions;

  constructor(options: ReplicaJobsOptions) {
    this.#options = options;
  }

  /** Takes over once the app listens: waits for the first runs, which the app itself begins. */
  async start(): Promise<void> {
    const { app, timers, now, random } = this.#options;
    const states = app.rest.collections.states.all();
    const waits = states.map((state) => {
      const { intervalMs } = state.capability;
      const until = this.#freshUntil(state);
      const phase = random() * Math.min(MAX_PHASE_MS, intervalMs / 10);
      return { state, runs: until <= now(), wait: (until > now() ? until - now() : intervalMs) + phase };
    });
    const patience = performance.now() + FIRST_RUNS_MS;
    while (waits.some(({ state, runs }) => runs && state.lastAttempt !== now())) {
      if (performance.now() > patience) throw new Error('the first runs have not ended');
      await turn();
    }
    for (const { state, wait } of waits) this.#tickAfter(state, wait);
    let today = dayOf(now());
    timers.every(1_000, async () => {
      if (dayOf(now()) === today) return;
      today = dayOf(now());
      await app.rest.collections.newDay();
    });
  }

  #tickAfter(state: State, wait: number): void {
    const { app, timers } = this.#options;
    timers.after(wait, async () => {
      this.#tickAfter(state, state.capability.intervalMs);
      const outcome = await app.rest.collections.run(state);
      if (outcome.kind === 'failed')
        throw new Error(`${state.capability.name} failed: ${state.cause?.message}`);
    });
  }

  #freshUntil({ capability, kept, lastSuccess }: State): number {
    const { config } = this.#options;
    if (kept === undefined || lastSuccess === undefined) return 0;
    const confirmed = Date.parse(kept.confirmedAt);
    const dayEnd =
      capability.freshUntil === undefined ? Number.POSITIVE_INFINITY : midnightOf(dayOf(confirmed)) + DAY_MS;
    return Math.min(confirmed + Math.min(config.cacheTtlMs, FRESH_SHARE * capability.intervalMs), dayEnd);
  }
}
