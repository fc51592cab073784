import { Decimal as Decimals } from 'decimal.js';
import type { CostSettings } from '../../../plugins/cost/model.ts';
import type { Row } from './bill.ts';

/** Decimals of enough digits for every sum of a test. */
export const Decimal = Decimals.clone({ precision: 80 });

/** `YYYY-MM-DD`. */
export type Day = string;

/** Days since the epoch. */
export function dayNumber(day: Day): number {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return Date.UTC(year, month - 1, date) / 86_400_000;
}

export function dayText(number: number): Day {
  const date = new Date(number * 86_400_000);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** What is left of a text that UTF-8 and the exposition format can carry. */
export function clean(text: string): string {
  return [...text]
    .map((character) => {
      const code = character.codePointAt(0)!;
      return code === 0 || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : character;
    })
    .join('');
}

/** A service as a label value: reserved words inside quotes get one pair of quotes more. */
export function serviceLabel(service: string): string {
  let inner = service;
  while (inner.length > 1 && inner.startsWith('"') && inner.endsWith('"')) inner = inner.slice(1, -1);
  return inner === 'untagged' || inner === '__other__' ? `"${service}"` : service;
}

/** The exact sum of the rows that `keep` keeps. */
export function sumOfRows(rows: readonly Row[], keep: (row: Row) => boolean): number {
  return rows
    .filter(keep)
    .reduce((sum, { amount }) => sum.plus(new Decimal(amount)), new Decimal(0))
    .toNumber();
}

/** First and last day of each figure's period, both inclusive, as the contract words them. */
export function periods(today: Day, { windowDays, settledDays }: CostSettings): Record<string, [Day, Day]> {
  const ago = (days: number) => dayText(dayNumber(today) - days);
  return {
    aws_cost_total: [ago(windowDays), ago(1)],
    aws_cost_month_to_date: [`${today.slice(0, 8)}01`, today],
    aws_cost_last_complete_day: [ago(1), ago(1)],
    aws_cost_settled_day: [ago(settledDays), ago(settledDays)],
    aws_cost_trailing_week: [ago(7), ago(1)],
    aws_cost_preceding_week: [ago(14), ago(8)],
    aws_cost_week_median: [ago(settledDays + 7), ago(settledDays + 1)],
  };
}

/** The days of a period, both ends inclusive. */
export function daysBetween([first, last]: readonly [Day, Day]): Day[] {
  const days: Day[] = [];
  for (let number = dayNumber(first); number <= dayNumber(last); number++) days.push(dayText(number));
  return days;
}

/** The figure of a family over the rows of one series. */
export function figure(family: string, rows: readonly Row[], period: readonly [Day, Day]): number {
  if (family !== 'aws_cost_week_median')
    return sumOfRows(rows, ({ day }) => day >= period[0] && day <= period[1]);
  const sums = daysBetween(period).map((date) => sumOfRows(rows, ({ day }) => day === date));
  return sums.toSorted((one, other) => one - other)[3]!;
}

/** The text of a (service, account) that two rows share exactly where they share a series. */
export function pairOf({ service, account }: Row): string {
  return JSON.stringify([clean(service), clean(account)]);
}

/** Throws unless two amounts are equal to 1e-6. */
export function assertNear(actual: number | null | undefined, expected: number, what: string): void {
  if (typeof actual !== 'number' || !(Math.abs(actual - expected) <= 1e-6)) {
    throw new Error(`${what}: ${actual}, not ${expected}`);
  }
}
