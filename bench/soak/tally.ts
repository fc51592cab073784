import type { PageFigures } from './page.ts';
import type { Truth } from './truth.ts';

/** What the clients of the exporter have met, in one stretch of the run. */
export interface Counts {
  scrapes: number;
  reads: number;
  /** Answers that did not come, or were no 200. */
  errors: number;
  /** Pages without the bill's figures, after the first one with them. */
  gaps: number;
  /** Figures that are of no bill, of two bills at once, or too old. */
  wrong: number;
  /** Longest time for which a figure's bill had been replaced, in milliseconds. */
  oldest: number;
}

/** Counts what clients meet, and keeps the first words of what is wrong. */
export class Tally {
  readonly #truth: Truth;
  readonly said: string[] = [];
  #counts: Counts = Tally.#none();
  #begun = false;

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  static #none(): Counts {
    return { scrapes: 0, reads: 0, errors: 0, gaps: 0, wrong: 0, oldest: 0 };
  }

  /** The counts since the last call. */
  take(): Counts {
    const counts = this.#counts;
    this.#counts = Tally.#none();
    return counts;
  }

  error(who: string, error: unknown): void {
    this.#counts.errors += 1;
    this.#say(`${who}: ${error instanceof Error ? `${error.message} ${error.cause ?? ''}` : error}`);
  }

  /** A page of metrics that was asked for at `asked`. */
  page(who: string, { numbers, faults }: PageFigures, asked: number): void {
    this.#counts.scrapes += 1;
    if (numbers.cost.length > 0) this.#begun = true;
    else if (this.#begun) {
      this.#counts.gaps += 1;
      this.#say(`${who}: a page without figures`);
    }
    for (const fault of faults) this.#wrong(who, fault);
    for (const [collector, found] of Object.entries(numbers))
      this.#figures(`${who} ${collector}`, found, asked);
  }

  /** The numbers of the bills that a document's figures are of. */
  document(who: string, numbers: readonly number[], asked: number): void {
    this.#counts.reads += 1;
    this.#figures(who, numbers, asked);
  }

  #figures(who: string, numbers: readonly number[], asked: number): void {
    if (numbers.length > 1)
      this.#wrong(who, `figures of the bills ${numbers.slice(0, 5).join(', ')} at once`);
    for (const number of numbers) {
      const fault = this.#truth.fault(number, asked);
      if (fault !== undefined) this.#wrong(who, fault);
      else this.#counts.oldest = Math.max(this.#counts.oldest, this.#truth.age(number, asked));
    }
  }

  #wrong(who: string, fault: string): void {
    this.#counts.wrong += 1;
    this.#say(`${who}: ${fault}`);
  }

  #say(text: string): void {
    if (this.said.length < 100) this.said.push(`${new Date().toISOString().slice(11, 19)} ${text}`);
  }
}
