/** A calendar day in UTC, `YYYY-MM-DD`. Days of this form compare as strings. */
export type Day = string;

const DAY_MS = 86_400_000;

/** The UTC day that an instant falls on. */
export function dayOf(instant: Date | number): Day {
  return new Date(instant).toISOString().slice(0, 10);
}

/** Midnight UTC at the start of a day, in milliseconds since the epoch. */
export function startOf(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** The day `count` days after (before, where negative) a day. */
export function addDays(day: Day, count: number): Day {
  return dayOf(startOf(day) + count * DAY_MS);
}

/** Whole days from one day to another; negative where the second is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((startOf(to) - startOf(from)) / DAY_MS);
}

/** The first day of a day's month. */
export function firstOfMonth(day: Day): Day {
  return `${day.slice(0, 7)}-01`;
}

/** The first day of the month that is `count` months after the month of a day. */
export function addMonths(day: Day, count: number): Day {
  return dayOf(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + count, 1));
}

/** Whether a text is a day that exists, in the form `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = startOf(text);
  return !Number.isNaN(time) && dayOf(time) === text;
}

/** A period of days: `start` inclusive, `end` exclusive. */
export interface Period {
  readonly start: Day;
  readonly end: Day;
}

/** The days of a period, one period each, in order. */
export function dailyBuckets({ start, end }: Period): Period[] {
  const buckets: Period[] = [];
  for (let day = start; day < end; day = addDays(day, 1)) buckets.push({ start: day, end: addDays(day, 1) });
  return buckets;
}

/** The calendar months of a period, the first and the last one clipped to it, in order. */
export function monthlyBuckets({ start, end }: Period): Period[] {
  const buckets: Period[] = [];
  for (let from = start; from < end; ) {
    const next = addMonths(from, 1);
    buckets.push({ start: from, end: next < end ? next : end });
    from = next;
  }
  return buckets;
}
