import type { Day } from '../../src/collection/periods.ts';
import type { Bill } from './model.ts';

type DayRows = Bill['days'][number];

/** Whether a bill has moved between two collections. Days that have left the period asked for do not count. */
export function hasMoved(before: Bill, after: Bill): boolean {
  return movedDays(before, after).length > 0;
}

/**
 * The days of a bill that have moved since another collection: one that both cover has other rows, or a new day has any; all
 * where the currency is another.
 */
export function movedDays(before: Bill, after: Bill): Day[] {
  const known = new Map(before.days.map((day) => [day.date, day]));
  const exchanged = before.currency !== null && after.currency !== null && before.currency !== after.currency;
  const moved = after.days.filter((day) => {
    const earlier = known.get(day.date);
    if (exchanged) return true;
    return earlier === undefined ? day.pairs.length > 0 : !sameRows(before, earlier, after, day);
  });
  return moved.map(({ date }) => date);
}

/** Whether two bills say the same: of the same days, by the same rows, estimated alike, with the same account names. */
export function isSameBill(before: Bill, after: Bill): boolean {
  const days = ({ days: all }: Bill) => all.map(({ date, estimated }) => `${date} ${estimated}`).join();
  const names = ({ accounts }: Bill) => JSON.stringify(accounts.map(({ id, name }) => [id, name]).toSorted());
  return (
    before.currency === after.currency &&
    days(before) === days(after) &&
    names(before) === names(after) &&
    !hasMoved(before, after)
  );
}

/** Whether two bills have the same rows on a day, or both have none. */
export function isSameDay(date: Day, before: Bill, after: Bill): boolean {
  const empty: DayRows = { date, estimated: false, pairs: [], costs: [] };
  const rowsOf = ({ days }: Bill) => days.find((day) => day.date === date) ?? empty;
  return sameRows(before, rowsOf(before), after, rowsOf(after));
}

function sameRows(before: Bill, earlier: DayRows, after: Bill, later: DayRows): boolean {
  if (earlier.pairs.length !== later.pairs.length) return false;
  const costs = new Map(earlier.pairs.map((pair, index) => [nameOf(before, pair), earlier.costs[index]]));
  return later.pairs.every((pair, index) => {
    const cost = costs.get(nameOf(after, pair));
    return cost !== undefined && isSame(cost, later.costs[index] ?? 0);
  });
}

/** The same rows added up in another order may differ in the last digits. */
function isSame(one: number, other: number): boolean {
  return Math.abs(one - other) <= Math.max(1e-12, 1e-14 * Math.max(Math.abs(one), Math.abs(other)));
}

/** A pair by its names: its number may be another one in another snapshot. */
function nameOf({ pairs, services, accounts }: Bill, pair: number): string {
  const [service, account] = pairs[pair] ?? [-1, -1];
  return `${accounts[account]?.id} ${services[service]}`;
}
