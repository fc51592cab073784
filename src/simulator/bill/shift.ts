import type { FocusRow } from '../../focus.ts';
import { addDays, addMonths, type Day, dayOf, daysBetween } from '../days.ts';

const DAY_MS = 86_400_000;

/**
 * The last day whose charges are all there. It is the day on which the latest charge starts, unless that day has
 * charges shorter than a day (hourly ones, as AWS exports them) and none of them reaches midnight: then the day was
 * still running when the bill was made, and the day before is the last complete one. Charges for longer than a day
 * (a month's support) count only where there are no others. Undefined for a bill without rows.
 */
export function lastCompleteDay(rows: readonly FocusRow[]): Day | undefined {
  let last: Day | undefined;
  let reached: 'nothing shorter than a day' | 'midnight' | 'not midnight' = 'nothing shorter than a day';
  let lastOfLong: Day | undefined;
  for (const row of rows) {
    const start = Date.parse(row.ChargePeriodStart);
    const end = Date.parse(row.ChargePeriodEnd);
    const day = dayOf(start);
    if (end - start > DAY_MS) {
      if (lastOfLong === undefined || day > lastOfLong) lastOfLong = day;
      continue;
    }
    if (last === undefined || day > last) {
      last = day;
      reached = 'nothing shorter than a day';
    }
    if (day !== last || end - start >= DAY_MS || end <= start) continue;
    if (dayOf(end) > day) reached = 'midnight';
    else if (reached !== 'midnight') reached = 'not midnight';
  }
  if (last === undefined) return lastOfLong;
  return reached === 'not midnight' ? addDays(last, -1) : last;
}

function shiftInstant(text: string, days: number): string {
  return addDays(text.slice(0, 10), days) + text.slice(10);
}

function monthNumber(text: string): number {
  return Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7));
}

/**
 * Moves a bill by whole days. A row's billing month stays as many months from the month of its charge as it was: after
 * a move of some days the two would part at month ends otherwise.
 */
export function shiftBill(rows: readonly FocusRow[], days: number): FocusRow[] {
  return rows.map((row) => {
    const start = shiftInstant(row.ChargePeriodStart, days);
    const months = monthNumber(row.BillingPeriodStart) - monthNumber(row.ChargePeriodStart);
    return {
      ...row,
      ChargePeriodStart: start,
      ChargePeriodEnd: shiftInstant(row.ChargePeriodEnd, days),
      BillingPeriodStart: `${addMonths(start.slice(0, 10), months)}T00:00:00Z`,
    };
  });
}

/** Moves a bill so that its last complete day is the day before `today` (UTC). */
export function shiftToYesterday(rows: readonly FocusRow[], today: Date): FocusRow[] {
  const last = lastCompleteDay(rows);
  return last === undefined ? [] : shiftBill(rows, daysBetween(last, addDays(dayOf(today), -1)));
}
