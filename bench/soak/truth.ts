/** How long a figure may be of a bill that is not in force any more: a collection of each kind, an outage of Redis, and a new lease. */
export const LAG_MS = 180_000;

/** Which bills have been in force since when: what figures may be of. */
export class Truth {
  /** When bill n+1 came into force. */
  readonly #since: number[] = [];

  /** The next bill is in force from now on. */
  next(at: number): void {
    this.#since.push(at);
  }

  /** Number of the bill in force. */
  get number(): number {
    return this.#since.length;
  }

  /** What is wrong with a figure of bill `number` that was shown to one who asked at `asked`. */
  fault(number: number, asked: number): string | undefined {
    if (!Number.isInteger(number) || number < 1 || number > this.number) return `of no bill: ${number}`;
    const replaced = this.#since[number];
    const age = replaced === undefined ? 0 : asked - replaced;
    return age > LAG_MS ? `of bill ${number}, replaced ${Math.round(age / 1_000)} s ago` : undefined;
  }

  /** For how long a figure's bill has not been in force, in milliseconds. */
  age(number: number, at: number): number {
    const replaced = this.#since[number];
    return replaced === undefined ? 0 : Math.max(0, at - replaced);
  }
}
