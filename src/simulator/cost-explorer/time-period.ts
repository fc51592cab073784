import { addMonths, type Day, dayOf, firstOfMonth, isDay, type Period } from '../days.ts';
import { validationError } from '../errors.ts';
import { readObject, readString } from '../input.ts';

/** Months of history beside the current one. */
const HISTORY_MONTHS = 13;

function readDay(value: unknown, path: string, name: string): Day {
  const text = readString(value, path);
  if (!isDay(text)) throw validationError(`${name} time ${text} is invalid. Valid format is: yyyy-MM-dd.`);
  return text;
}

/** Reads a TimePeriod of whole days with Start before End. Throws ValidationException. */
export function readTimePeriod(value: unknown): Period {
  const input = readObject(value, 'timePeriod', ['Start', 'End']);
  const start = readDay(input.Start, 'timePeriod.start', 'Start');
  const end = readDay(input.End, 'timePeriod.end', 'End');
  if (start >= end) throw validationError('Start date (and hour) should be before end date (and hour)');
  return { start, end };
}

/**
 * Refuses a period that Cost Explorer has no data for: End after the first day of next month, Start before the first
 * day of the month 13 months ago.
 */
export function checkHistory({ start, end }: Period, now: Date): void {
  const today = dayOf(now);
  if (end > addMonths(today, 1)) throw validationError('end date past the beginning of next month');
  if (start < addMonths(firstOfMonth(today), -HISTORY_MONTHS)) {
    throw validationError(
      `You haven't enabled historical data beyond ${HISTORY_MONTHS + 1} months: Start ${start} is too early`,
    );
  }
}

/** The day of a month before which the invoice of the month before is still open. */
const INVOICE_CLOSES_ON = 5;

/** Whether AWS still calls a day's figures estimated: every day of a month whose invoice is open. */
export function isEstimated(day: Day, now: Date): boolean {
  const today = dayOf(now);
  const open = Number(today.slice(8)) < INVOICE_CLOSES_ON ? addMonths(today, -1) : firstOfMonth(today);
  return day >= open;
}
