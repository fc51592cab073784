import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../report.ts';

/** A figure at an instant. */
export interface Reading {
  /** Milliseconds, by `performance.now()`. */
  readonly at: number;
  /** Undefined where there was none. */
  readonly value: number | undefined;
  /** Why there was none, where asking has failed. */
  readonly error?: string;
}

/** Reads a figure again and again, whatever goes on beside it. */
export class Sampler {
  readonly readings: Reading[] = [];
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  constructor(read: () => Promise<number | undefined>, everyMs = 1_000) {
    this.#done = this.#sample(read, everyMs);
  }

  async #sample(read: () => Promise<number | undefined>, everyMs: number): Promise<void> {
    let next = performance.now();
    while (!this.#ending.signal.aborted) {
      // The figure is as old as the question, not as the answer.
      const at = performance.now();
      this.readings.push(
        await read().then(
          (value) => ({ at, value }),
          (error: unknown) => ({ at, value: undefined, error: describe(error) }),
        ),
      );
      next = Math.max(next + everyMs, performance.now());
      await sleep(Math.max(next - performance.now(), 0), undefined, { signal: this.#ending.signal }).catch(
        () => {},
      );
    }
  }

  /** Ends the sampling; resolves when the last reading is there. */
  async stop(): Promise<readonly Reading[]> {
    this.#ending.abort();
    await this.#done;
    return this.readings;
  }
}

/** The longest time without a figure, in seconds: from the last reading that had one to the next that has. */
export function longestGap(readings: readonly Reading[]): number {
  let longest = 0;
  let last = readings[0]?.at ?? 0;
  let missing = false;
  for (const { at, value } of readings) {
    if (value === undefined) missing = true;
    if (missing) longest = Math.max(longest, at - last);
    if (value !== undefined) {
      last = at;
      missing = false;
    }
  }
  return longest / 1_000;
}

/** The readings that are neither absent nor the one true sum. */
export function wrongReadings(readings: readonly Reading[], sum: number): number[] {
  return readings.flatMap(({ value }) =>
    value === undefined || Math.abs(value - sum) < 1e-6 ? [] : [value],
  );
}
