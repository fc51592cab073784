/** A UTC day, `YYYY-MM-DD`. */
export type Day = string;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The UTC day of an instant in milliseconds since the epoch. */
export function dayOf(at: number): Day {
  return new Date(at).toISOString().slice(0, 10);
}

/** Midnight at the start of a day, in milliseconds since the epoch. */
export function midnightOf(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** The day some days later; earlier where `count` is negative. */
export function plusDays(day: Day, count: number): Day {
  return dayOf(midnightOf(day) + count * DAY_MS);
}

/** The days from `start`, inclusive, to `end`, exclusive. */
export function daysFrom(start: Day, end: Day): Day[] {
  const days: Day[] = [];
  for (let day = start; day < end; day = plusDays(day, 1)) days.push(day);
  return days;
}
