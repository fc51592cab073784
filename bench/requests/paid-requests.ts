import type { Simulator } from '../../src/simulator/index.ts';
import { type Day, dayOf } from './calendar.ts';

/** What was paid over some days. */
export interface Paid {
  readonly mean: number;
  readonly max: number;
  readonly byDay: readonly { readonly day: Day; readonly requests: number }[];
  readonly byOperation: Readonly<Record<string, number>>;
}

/** Paid requests by simulated UTC day, from the simulator's own record: Cost Explorer's that were answered with 200. */
export class PaidRequests {
  readonly #sim: Pick<Simulator, 'requests'>;
  readonly #now: () => number;
  readonly #byDay = new Map<Day, number>();
  readonly #byOperation: Record<string, number> = {};
  #counted = 0;

  constructor(sim: Pick<Simulator, 'requests'>, now: () => number) {
    this.#sim = sim;
    this.#now = now;
  }

  /** Counts what has come since the last time as of now. */
  count(): void {
    const today = dayOf(this.#now());
    for (; this.#counted < this.#sim.requests.length; this.#counted++) {
      const { service, operation = '', status } = this.#sim.requests[this.#counted] ?? {};
      if (service !== 'ce' || status !== 200) continue;
      this.#byDay.set(today, (this.#byDay.get(today) ?? 0) + 1);
      this.#byOperation[operation] = (this.#byOperation[operation] ?? 0) + 1;
    }
  }

  result(days: number): Paid {
    const byDay = [...this.#byDay].map(([day, requests]) => ({ day, requests }));
    const counts = byDay.map(({ requests }) => requests);
    const all = counts.reduce((sum, count) => sum + count, 0);
    return { mean: all / days, max: Math.max(0, ...counts), byDay, byOperation: this.#byOperation };
  }
}
