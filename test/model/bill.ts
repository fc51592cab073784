import type { FocusRow } from '../../src/focus.ts';
import { billOf, daysFrom, plusDays } from '../acceptance/bill.ts';

/** One charge of a day, in whole cents; negative for credits. */
export interface Line {
  readonly day: string;
  readonly service: string;
  readonly account: string;
  readonly cents: number;
}

/** A bill as it stands at some moment. It has charges of days that are still to come: nobody sees those. */
export type Bill = readonly Line[];

/** The first day on which anything runs: a leap day and a month's end come soon. */
export const START = '2028-02-26';
/** Days before and after it that every bill has charges of. */
const BEFORE = 40;
export const AFTER = 100;

export const ACCOUNTS = ['111111111111', '222222222222', '333333333333'] as const;
/** What has charges on every day of every bill. */
const BASE = { service: 'Service 0', account: ACCOUNTS[0] } as const;

/** How a bill becomes another one. */
export type Change =
  | { readonly kind: 'amount'; readonly back: number; readonly line: number; readonly cents: number }
  | { readonly kind: 'restate'; readonly back: number; readonly cents: number }
  | { readonly kind: 'credit'; readonly back: number; readonly cents: number }
  | { readonly kind: 'add'; readonly service: number; readonly account: number; readonly cents: number }
  | { readonly kind: 'drop'; readonly service: number }
  /** The day's total stays. */
  | { readonly kind: 'move'; readonly back: number; readonly cents: number };

/** The bill that every sequence begins with. */
export function firstBill(): Bill {
  return daysFrom(plusDays(START, -BEFORE), plusDays(START, AFTER)).flatMap((day, index) => [
    { ...BASE, day, cents: 1_000 + index },
    { day, service: 'Service 1', account: ACCOUNTS[1], cents: 250 + 3 * index },
  ]);
}

/** The bill after a change. */
export function changed(bill: Bill, change: Change, today: string): Bill {
  if (change.kind === 'add') {
    const { cents } = change;
    const [service, account] = [`Service ${change.service}`, ACCOUNTS[change.account] ?? BASE.account];
    const from = plusDays(today, -10);
    const days = daysFrom(from, plusDays(START, AFTER));
    return [...bill, ...days.map((day) => ({ day, service, account, cents }))];
  }
  if (change.kind === 'drop') return bill.filter(({ service }) => service !== `Service ${change.service}`);
  const day = plusDays(today, -change.back);
  const { cents } = change;
  if (change.kind === 'credit') return [...bill, { ...BASE, day, cents: -cents }];
  if (change.kind === 'move') {
    const other = { ...BASE, service: 'Service 1', account: ACCOUNTS[1], day, cents };
    return [...bill, { ...BASE, day, cents: -cents }, other];
  }
  const ofDay = bill.filter((line) => line.day === day);
  const hit = change.kind === 'amount' ? [ofDay[change.line % ofDay.length]] : ofDay;
  return bill.map((line) => (hit.includes(line) ? { ...line, cents: line.cents + cents } : line));
}

/** The bill for the simulator. */
export function rowsOf(bill: Bill): FocusRow[] {
  return billOf(bill.map(({ cents, ...line }) => ({ ...line, cost: cents / 100 })));
}
