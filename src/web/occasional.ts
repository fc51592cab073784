/** Says at once what happens for the first time, and then no oftener than once a minute how often it has happened. */
export class Occasional {
  readonly #now: () => number;
  #count = 0;
  #said = Number.NEGATIVE_INFINITY;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Notes one more; `say` is given how many there were since it was last called. */
  note(say: (count: number) => void): void {
    this.#count++;
    if (this.#now() - this.#said < 60_000) return;
    this.#said = this.#now();
    say(this.#count);
    this.#count = 0;
  }
}
