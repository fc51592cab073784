import { FormatRegistry, Type } from '@sinclair/typebox';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

/** So far from what a number can hold that no sum of amounts is infinite. */
const LARGEST_AMOUNT = 1e300;

FormatRegistry.Set('amount', (text) => DECIMAL.test(text) && Math.abs(Number(text)) <= LARGEST_AMOUNT);

/** What AWS sends as an amount: a plain or scientific decimal that a number can hold, and sums of them too; negative for credits. */
export const Amount = Type.String({ format: 'amount' });

/** The same as a number, where AWS sends one. */
export const AmountNumber = Type.Number({ minimum: -LARGEST_AMOUNT, maximum: LARGEST_AMOUNT });

/**
 * A sum with Neumaier's compensation: rounding errors of the single additions are carried along, so that the sum of the
 * parts equals the total however they are grouped.
 */
export class Sum {
  #sum = 0;
  #compensation = 0;

  add(amount: number): void {
    const sum = this.#sum + amount;
    this.#compensation +=
      Math.abs(this.#sum) >= Math.abs(amount) ? this.#sum - sum + amount : amount - sum + this.#sum;
    this.#sum = sum;
  }

  get value(): number {
    // Adding 0 turns a negative zero into a plain one.
    return this.#sum + this.#compensation + 0;
  }
}

/** The compensated sum of some amounts. */
export function sumOf(amounts: Iterable<number>): number {
  const sum = new Sum();
  for (const amount of amounts) sum.add(amount);
  return sum.value;
}
