import type { ForecastData } from '../../../plugins/forecast/model.ts';
import type { View } from '../../../src/collection/capability.ts';
import type { Snapshot } from '../../../src/collection/snapshot.ts';
import { type Day, dayNumber, dayText } from '../cost/naive.ts';

/** The days of [start, end). */
export function span(start: Day, end: Day): Day[] {
  return Array.from({ length: Math.max(0, dayNumber(end) - dayNumber(start)) }, (_, index) =>
    dayText(dayNumber(start) + index),
  );
}

/** The first day of the month after a day's, by the calendar. */
export function nextMonth(day: Day): Day {
  const [year = 0, month = 0] = day.split('-').map(Number);
  return month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, '0')}-01`;
}

/** The later of 30 days from a day and its month's end. */
export function forecastEnd(day: Day): Day {
  const days = [dayNumber(day) + 30, dayNumber(nextMonth(day))];
  return dayText(Math.max(...days));
}

/** A kept cost snapshot: amounts by day. */
export function costSnapshot(
  days: Readonly<Record<Day, readonly number[]>>,
  currency: string | null = 'USD',
): Snapshot {
  return snapshot('cost', {
    currency,
    days: Object.entries(days).map(([date, costs]) => ({ date, costs, pairs: [], estimated: true })),
  });
}

function snapshot<Data>(collector: string, data: Data): Snapshot<Data> {
  return {
    schema: 1,
    collector,
    target: 'default',
    accountId: '111122223333',
    collectedAt: '2026-03-15T12:00:00.000Z',
    requests: 1,
    fingerprint: '',
    partial: false,
    data,
  };
}

/** The view of a forecast, on the day on which it was made unless `more` says otherwise. */
export function viewOf(
  data: ForecastData,
  cost: Snapshot | undefined,
  more: Partial<View<ForecastData>> = {},
): View<ForecastData> {
  return {
    snapshot: snapshot('forecast', data),
    today: data.start,
    overdue: false,
    hidden: new Set(),
    maxSeries: 0,
    other: (collector) => (collector === 'cost' ? cost : undefined),
    ...more,
  };
}
