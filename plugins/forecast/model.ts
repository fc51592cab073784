import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { EmptyReason, View } from '../../src/collection/capability.ts';
import { sumOf } from '../../src/collection/money.ts';
import { addDays, type Day, daysIn, firstOfMonth, firstOfNextMonth } from '../../src/collection/periods.ts';
import type { ForecastDocument } from './schema.ts';

/** Version of `ForecastData`. */
export const FORECAST_SCHEMA = 1;

/** Days that the forecast spans from the day on which it was made. */
export const FORECAST_DAYS = 30;

const amountOrNull = Type.Union([Type.Number(), Type.Null()]);

/** What a forecast collection buys: AWS's daily means and bounds. */
export const ForecastData = Type.Object({
  currency: Type.String(),
  /** The day on which it was made; the first day forecast. */
  start: Type.String(),
  /** The days asked for, ascending. */
  days: Type.Array(
    Type.Object({ date: Type.String(), mean: Type.Number(), lower: amountOrNull, upper: amountOrNull }),
  ),
});

export type ForecastData = Static<typeof ForecastData>;

/** What the forecast reads of the cost snapshot. */
const CostDays = TypeCompiler.Compile(
  Type.Object({
    currency: Type.Union([Type.String(), Type.Null()]),
    days: Type.Array(Type.Object({ date: Type.String(), costs: Type.Array(Type.Number()) })),
  }),
);

/** The period of one forecast query: to the later of 30 days and the month's end; the end is exclusive. */
export function forecastPeriod(today: Day): { start: Day; end: Day } {
  const [, end = today] = [addDays(today, FORECAST_DAYS), firstOfNextMonth(today)].toSorted();
  return { start: today, end };
}

/** The forecast's figures; null where AWS gives none, leaves out the first day, or a period has ended. */
export interface ForecastFigures {
  readonly amount: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly monthEnd: number | null;
}

/**
 * The figures as of the day on which the forecast was made.
 *
 * They end with that day: one of an earlier day stays only until the first attempt of the next day has ended.
 */
export function forecastFigures(view: View<ForecastData>): ForecastFigures {
  const { data } = view.snapshot;
  const ended = view.today !== data.start && (view.overdue || view.today !== addDays(data.start, 1));
  // AWS may leave out the day that runs: every figure would be a day short.
  const short = !data.days.some(({ date }) => date === data.start);
  if (ended || short) return { amount: null, lower: null, upper: null, monthEnd: null };
  const end = addDays(data.start, FORECAST_DAYS);
  const days = data.days.filter(({ date }) => date < end);
  return {
    amount: sumOf(days.map(({ mean }) => mean)),
    lower: sumOrNull(days.map(({ lower }) => lower)),
    upper: sumOrNull(days.map(({ upper }) => upper)),
    monthEnd: firstOfMonth(view.today) === firstOfMonth(data.start) ? monthEnd(view) : null,
  };
}

/** Month to date without the forecast's own day, plus the daily means from that day to the month's end. */
function monthEnd({ snapshot, other }: View<ForecastData>): number | null {
  const { start, days, currency } = snapshot.data;
  const cost = other('cost')?.data;
  if (!CostDays.Check(cost) || (cost.currency ?? currency) !== currency) return null;
  const byDay = new Map(cost.days.map(({ date, costs }) => [date, costs]));
  const past = daysIn(firstOfMonth(start), start).map((day) => byDay.get(day));
  if (past.includes(undefined)) return null;
  const end = firstOfNextMonth(start);
  const coming = days.filter(({ date }) => date < end).map(({ mean }) => mean);
  return sumOf([...past.flatMap((costs) => costs ?? []), ...coming]);
}

function sumOrNull(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter((amount) => amount !== null);
  return known.length < amounts.length ? null : sumOf(known);
}

/** The body of `GET /cost/forecast`. */
export function forecastDocument(view: View<ForecastData>, reason: EmptyReason | null): ForecastDocument {
  const { currency, start } = view.snapshot.data;
  return {
    currency,
    ...forecastFigures(view),
    period: { start, end: addDays(start, FORECAST_DAYS) },
    reason,
  };
}

/** The body where AWS has no forecast. */
export function emptyForecastDocument(reason: EmptyReason, today: Day): ForecastDocument {
  return {
    currency: null,
    amount: null,
    lower: null,
    upper: null,
    monthEnd: null,
    period: { start: today, end: addDays(today, FORECAST_DAYS) },
    reason,
  };
}
