/** Ends a wait before its time. */
export type Cancel = () => void;

/**
 * Where waiting is done. What is acted may return a promise: simulated time stands still until it has ended.
 */
export interface Timers {
  /** Acts once, `ms` from now. */
  after(ms: number, act: () => unknown): Cancel;
  /** Acts each `ms`: upkeep, which simulated time does at each of its steps, and before anything else of the step. */
  every(ms: number, act: () => unknown): Cancel;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly act: () => unknown;
}

/** What is told of each step of simulated time. */
export interface Watcher {
  /** Everything still stands as the last step left it; `at` is when the next one happens. */
  before(at: number): void;
  after(): Promise<void>;
}

/** Simulated time: it goes from event to event, and waits for each to end. */
export class VirtualTime {
  #now: number;
  #count = 0;
  readonly #events: Event[] = [];
  readonly #upkeep = new Set<{ readonly owner: string; readonly act: () => unknown }>();
  /** Whose upkeep comes first. */
  first = '';

  constructor(start: number) {
    this.#now = start;
  }

  readonly now = (): number => this.#now;

  /** Acts at an instant, after whatever else was planned for it before. */
  at(instant: number, act: () => unknown): Cancel {
    const event = { at: Math.max(instant, this.#now), order: this.#count++, act };
    const place = this.#events.findLastIndex(({ at }) => at <= event.at) + 1;
    this.#events.splice(place, 0, event);
    return () => {
      const index = this.#events.indexOf(event);
      if (index >= 0) this.#events.splice(index, 1);
    };
  }

  /** Timers of one owner, which can all be dropped at once. */
  timersOf(owner: string): Timers & { drop(): void } {
    const cancels = new Set<Cancel>();
    const remember = (cancel: Cancel): Cancel => {
      cancels.add(cancel);
      return () => {
        cancels.delete(cancel);
        cancel();
      };
    };
    return {
      after: (ms, act) => {
        const forget = remember(
          this.at(this.#now + ms, () => {
            forget();
            return act();
          }),
        );
        return forget;
      },
      every: (_ms, act) => {
        const upkeep = { owner, act };
        this.#upkeep.add(upkeep);
        return remember(() => this.#upkeep.delete(upkeep));
      },
      drop() {
        for (const cancel of cancels) cancel();
        cancels.clear();
      },
    };
  }

  /** Lets time pass until an instant. */
  async run(until: number, watcher: Watcher): Promise<void> {
    for (let event = this.#events[0]; event !== undefined && event.at <= until; event = this.#events[0]) {
      this.#events.shift();
      if (event.at > this.#now) {
        watcher.before(event.at);
        this.#now = event.at;
        await this.keepUp();
      }
      await event.act();
      await watcher.after();
    }
    watcher.before(until);
    this.#now = until;
  }

  /** Does all upkeep now. */
  async keepUp(): Promise<void> {
    const inTurn = [...this.#upkeep].toSorted(
      (one, other) => Number(other.owner === this.first) - Number(one.owner === this.first),
    );
    for (const upkeep of inTurn) if (this.#upkeep.has(upkeep)) await upkeep.act();
  }
}
