import { setImmediate as turn } from 'node:timers/promises';
import type { App } from '../../src/app.ts';
import type { Cancel, VirtualTime } from './virtual-time.ts';
import { idle } from './watch.ts';

/** Longest real time for a replica to know what it holds. */
const START_MS = 20_000;

/** One plan of the app for a job. */
interface Wait {
  /** The tick that the app named: another one is another plan. */
  readonly first: number;
  /** Calls off the next tick. */
  cancel: Cancel;
}

type State = ReturnType<App['rest']['collections']['states']['all']>[number];

/**
 * The regular ticks of one app in simulated time. When each job is due first, at the start and after a takeover, is the app's
 * own rule (`nextRun`); its timers are of real time, and start nothing here.
 */
export class Ticks {
  readonly #app: App;
  readonly #time: VirtualTime;
  readonly #waits = new Map<State, Wait>();

  constructor(app: App, time: VirtualTime) {
    this.#app = app;
    this.#time = time;
  }

  /** Starts the app; resolves when its first runs have ended. */
  async start(): Promise<void> {
    const { rest } = this.#app;
    await rest.ready();
    rest.scheduler.addSimpleIntervalJob = () => {};
    await this.#app.listen();
    const patience = performance.now() + START_MS;
    while (this.#states.some(({ nextRun }) => nextRun === undefined)) {
      if (performance.now() > patience) throw new Error('the jobs have not started');
      await turn();
    }
    await idle();
    this.follow();
  }

  /** Takes up what the app has planned anew: it has taken its target over. */
  follow(): void {
    for (const state of this.#states) {
      const { nextRun } = state;
      const wait = this.#waits.get(state);
      if (nextRun === undefined || nextRun === wait?.first) continue;
      wait?.cancel();
      const planned: Wait = { first: nextRun, cancel: () => {} };
      this.#waits.set(state, planned);
      this.#tickAt(state, nextRun, planned);
    }
  }

  stop(): void {
    for (const { cancel } of this.#waits.values()) cancel();
    this.#waits.clear();
  }

  get #states(): readonly State[] {
    return this.#app.rest.collections.states.all();
  }

  #tickAt(state: State, at: number, wait: Wait): void {
    wait.cancel = this.#time.at(at, async () => {
      // The app has planned anew in the very step that this tick belongs to.
      if (this.#waits.get(state) !== wait) return;
      this.#tickAt(state, at + state.capability.intervalMs, wait);
      const outcome = await this.#app.rest.collections.run(state);
      if (outcome.kind === 'failed') throw new Error(`${state.capability.name}: ${state.cause?.message}`);
    });
  }
}
