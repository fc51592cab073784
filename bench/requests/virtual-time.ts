/** Calls off what was planned. */
export type Cancel = () => void;

interface Event {
  readonly at: number;
  readonly act: () => unknown;
}

/** What is told of each step of simulated time. */
export interface Watcher {
  /** Everything still stands as the last step left it; `at` is when the next one is. */
  before(at: number): void;
  /** The clock has moved; nothing else has happened yet. */
  arrived(): Promise<void>;
  /** One event has ended. */
  after(): Promise<void>;
}

/** Steps up to so long are steps of the leases' clock too; of a longer one it makes a small one. */
const LONGEST_LEASE_STEP_MS = 1_000;
const SMALL_LEASE_STEP_MS = 50;

/** Simulated time: it goes from event to event, and stands still until each has ended. */
export class VirtualTime {
  #now: number;
  #leaseNow: number;
  readonly #events: Event[] = [];

  constructor(start: number) {
    this.#now = start;
    // Far from what the exporters' own clock says: else they would set that right by it.
    this.#leaseNow = start - 86_400_000;
  }

  /** Milliseconds since the epoch. */
  readonly now = (): number => this.#now;

  /**
   * The leases' clock, Redis' and the monotonic one: in a jump of time the renewals that there would have been are left out,
   * and so this clock goes on by little. In steps of a second and less it is as fast as time.
   */
  readonly leaseNow = (): number => this.#leaseNow;

  /** Acts at an instant, after whatever else was planned for it before. */
  at(instant: number, act: () => unknown): Cancel {
    const event = { at: Math.max(instant, this.#now), act };
    this.#events.splice(this.#events.findLastIndex(({ at }) => at <= event.at) + 1, 0, event);
    return () => {
      const index = this.#events.indexOf(event);
      if (index >= 0) this.#events.splice(index, 1);
    };
  }

  /** Lets time pass until an instant. */
  async run(until: number, watcher: Watcher): Promise<void> {
    for (let event = this.#events[0]; event !== undefined && event.at <= until; event = this.#events[0]) {
      this.#events.shift();
      if (event.at > this.#now) {
        watcher.before(event.at);
        const step = event.at - this.#now;
        this.#leaseNow += step <= LONGEST_LEASE_STEP_MS ? step : SMALL_LEASE_STEP_MS;
        this.#now = event.at;
        await watcher.arrived();
      }
      await event.act();
      await watcher.after();
    }
    watcher.before(until);
    this.#now = until;
  }
}
