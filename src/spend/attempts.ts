import type { Buyer } from './ledger.ts';

/** Attempts that were authorized and have not ended yet: an attempt that is given back belongs to the day that it was taken from. */
export class OpenAttempts {
  readonly #days = new Map<string, string[]>();

  opened(buyer: Buyer, operation: string, day: string): void {
    const key = keyOf(buyer, operation);
    this.#days.set(key, [...(this.#days.get(key) ?? []), day]);
  }

  /** Ends the oldest such attempt, and gives its UTC day; undefined where there is none. */
  closed(buyer: Buyer, operation: string): string | undefined {
    const key = keyOf(buyer, operation);
    const [day, ...others] = this.#days.get(key) ?? [];
    if (others.length > 0) this.#days.set(key, others);
    else this.#days.delete(key);
    return day;
  }
}

function keyOf({ target, collector }: Buyer, operation: string): string {
  return `${target} ${collector} ${operation}`;
}
