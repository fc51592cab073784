import { type Day, daysFrom, plusDays } from './calendar.ts';
import type { Departure, Happening, History } from './history.ts';
import type { Shown, ShownCost } from './shown.ts';
import { areSame, costByTag, costOver, forecastOf, isSame, PERIOD_NAMES, periods } from './truth.ts';

/** Why a figure is not the bill's: only the last one is a fault. */
export type Cause = 'interval' | 'hidden move' | 'MIN_CHANGE_INTERVAL' | 'new day' | 'not explained';

/** What kind of figure. */
export type Area = 'cost' | 'tags' | 'forecast';

/** A figure that is not the bill's now. */
export interface Difference {
  readonly area: Area;
  readonly figure: string;
  /** Since when; undefined where no past bill had it. */
  readonly since: number | undefined;
  readonly ageMs: number;
  readonly cause: Cause;
}

/** What explains a difference under a configuration. Milliseconds. */
export interface Allowances {
  readonly detects: boolean;
  /** The cost collection is one page: it sees every move between services and accounts itself. */
  readonly costSeesMoves: boolean;
  readonly costMs: number;
  readonly tagsMs: number;
  readonly forecastMs: number;
  readonly minChangeMs: number;
  readonly maxAgeMs: number;
}

/** A figure shown that is not true, before it is asked why. */
export interface Departed extends Departure {
  readonly area: Area;
  readonly figure: string;
  readonly boughtAt: number | undefined;
}

/** Days that `aws_cost_daily` has beside today. */
const DAILY_DAYS = 30;

/** Every figure shown that the bill has not now. What is not shown is passed over. */
export function departuresOf(shown: Shown, history: History, tagKeys: readonly string[]): Departed[] {
  const { version, today } = history.now;
  const departed = shown.cost === undefined ? [] : costDepartures(shown.cost, history);
  for (const key of shown.tags === undefined ? [] : tagKeys) {
    const amounts = shown.tags?.keys.get(key);
    if (amounts === undefined) continue;
    const departure = history.monthsDeparture((moment, earlier) =>
      areSame(amounts, costByTag(moment.version, key, moment.today, earlier)),
    );
    if (departure) departed.push({ ...departure, area: 'tags', figure: key, boughtAt: shown.tags?.boughtAt });
  }
  const { amount, boughtAt } = shown.forecast ?? { amount: null, boughtAt: undefined };
  if (amount !== null && !isSame(amount, forecastOf(version, today))) {
    const departure = history.departure((moment) => isSame(amount, forecastOf(moment.version, moment.today)));
    if (departure) departed.push({ ...departure, area: 'forecast', figure: 'amount', boughtAt });
  }
  return departed;
}

function costDepartures({ days, periods: sums }: ShownCost, history: History): Departed[] {
  const { version, today } = history.now;
  const asked = daysFrom(plusDays(today, -DAILY_DAYS), plusDays(today, 1));
  const byDay = new Map<Day, Departure>();
  for (const day of asked) {
    const departure = history.dayDeparture(day, days.get(day) ?? new Map());
    if (departure) byDay.set(day, departure);
  }
  const departed: Departed[] = [...byDay].map(([day, departure]) => ({
    ...departure,
    area: 'cost',
    figure: day,
    boughtAt: undefined,
  }));
  for (const name of PERIOD_NAMES) {
    const shown = sums[name];
    if (shown.size === 0 || areSame(shown, costOver(version, name, today))) continue;
    const parts = periods[name](today).flatMap((day) => byDay.get(day) ?? []);
    const since = parts.some((part) => part.since === undefined)
      ? undefined
      : parts.map((part) => part.since ?? 0).toSorted((one, other) => one - other)[0];
    const happened = parts.flatMap((part) => part.happened).toSorted((one, other) => one.at - other.at);
    departed.push({ since, happened, area: 'cost', figure: name, boughtAt: undefined });
  }
  return departed;
}

/** Why a figure that is not true is shown at an instant. */
export function explain(departed: Departed, at: number, allow: Allowances): Difference {
  const { area, figure, since } = departed;
  const ageMs = since === undefined ? Number.POSITIVE_INFINITY : at - since;
  return {
    area,
    figure,
    since,
    ageMs,
    cause: since === undefined ? 'not explained' : causeOf(departed, at, allow),
  };
}

function causeOf({ area, happened, boughtAt }: Departed, at: number, allow: Allowances): Cause {
  const sees = (what: Happening) => {
    if (what === 'refresh') return true;
    // Without change detection every collection brings all of the bill.
    if (!allow.detects) return true;
    return allow.costSeesMoves && (what === 'services' || what === 'accounts');
  };
  const own = { cost: 0, tags: allow.tagsMs, forecast: allow.forecastMs }[area];
  const seen = happened.find(({ what }) => sees(what));
  // What follows cost waits for its next collection first, where changes are detected.
  const interval = area === 'cost' ? allow.costMs : own + (allow.detects ? allow.costMs : 0);
  let cause: Cause = 'not explained';
  if (seen !== undefined) {
    if (at - seen.at <= interval) cause = 'interval';
    else if (area === 'cost' || !allow.detects || boughtAt === undefined) return 'not explained';
    else if (at <= boughtAt + allow.minChangeMs + own) cause = 'MIN_CHANGE_INTERVAL';
    else return 'not explained';
  }
  // What came first has made it untrue, and the exporter could not know of it.
  const [first] = happened;
  if (first === undefined || first === seen) return cause;
  const isDay = first.what === 'midnight';
  const longest = isDay ? allow.minChangeMs + own : allow.maxAgeMs + interval;
  if (at - first.at > longest) return 'not explained';
  return isDay ? 'new day' : 'hidden move';
}
