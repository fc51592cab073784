import { Decimal } from 'decimal.js';

/** Wide enough that no sum of a bill's amounts is ever rounded. */
const Exact = Decimal.clone({ precision: 100, toExpNeg: -7, toExpPos: 40 });

/** An exact decimal amount. */
export type Amount = Decimal;

/** Reads a decimal string, scientific notation included. Throws where the text is no number. */
export function amount(text: string | number): Amount {
  return new Exact(text);
}

export const ZERO: Amount = amount(0);

/** The amount as Cost Explorer writes it: plain digits, and below 1E-6 scientific notation with a capital E. */
export function amountText(value: Amount): string {
  return value.toString().toUpperCase();
}
