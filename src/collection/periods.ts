import { FormatRegistry } from '@sinclair/typebox';

/** A day in UTC, `YYYY-MM-DD`. Days compare as strings. */
export type Day = string;

FormatRegistry.Set('day', (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)));

/** Days by their number since the epoch: asking for the day of an instant is what a plan does most. */
const known = new Map<number, Day>();
const MOST_KNOWN = 1_000;

/** The UTC day of an instant in milliseconds since the epoch. */
export function dayOf(ms: number): Day {
  const number = Math.floor(ms / 86_400_000);
  const day = known.get(number) ?? new Date(ms).toISOString().slice(0, 10);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(number, day);
  return day;
}

/** Midnight at which a day starts, in milliseconds since the epoch. */
export function startOf(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** The day `count` days after `day`; before it where `count` is negative. */
export function addDays(day: Day, count: number): Day {
  return dayOf(startOf(day) + count * 86_400_000);
}

/** The first day of the month of `day`. */
export function firstOfMonth(day: Day): Day {
  return `${day.slice(0, 7)}-01`;
}

/** The first day of the month after that of `day`. */
export function firstOfNextMonth(day: Day): Day {
  return firstOfMonth(addDays(firstOfMonth(day), 31));
}

/** Every day of [start, end), in order; none where `end` is not after `start`. */
export function daysIn(start: Day, end: Day): Day[] {
  const days: Day[] = [];
  for (let day = start; day < end; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Milliseconds from an instant to the next midnight UTC; a whole day at midnight itself. */
export function untilMidnight(ms: number): number {
  return startOf(addDays(dayOf(ms), 1)) - ms;
}
