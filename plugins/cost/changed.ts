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
  const isSame = rowsOf(before, after);
  const moved = after.days.filter((day) => {
    const earlier = known.get(day.date);
    if (exchanged) return true;
    return earlier === undefined ? day.pairs.length > 0 : !isSame(earlier, day);
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

/** Tells of each day whether two bills have the same rows on it, or both have none. */
export function sameDays(before: Bill, after: Bill): (date: Day) => boolean {
  const empty: DayRows = { date: '', estimated: false, pairs: [], costs: [] };
  const rows = [before, after].map(({ days }) => new Map(days.map((day) => [day.date, day])));
  const isSame = rowsOf(before, after);
  return (date) => isSame(rows[0]?.get(date) ?? empty, rows[1]?.get(date) ?? empty);
}

/**
 * Tells of a day of each of two bills whether they have the same rows. A pair's number may be another one in another bill:
 * names are compared once for all days.
 */
function rowsOf(before: Bill, after: Bill): (earlier: DayRows, later: DayRows) => boolean {
  const numbers = new Map(before.pairs.map((_, pair) => [nameOf(before, pair), pair]));
  const numberBefore = after.pairs.map((_, pair) => numbers.get(nameOf(after, pair)) ?? -1);
  // Of the day that is looked at, by the pair's number before; those of other days are told by its mark.
  const costs = new Float64Array(before.pairs.length);
  const marks = new Uint32Array(before.pairs.length);
  let mark = 0;
  return (earlier, later) => {
    if (earlier.pairs.length !== later.pairs.length) return false;
    mark++;
    for (const [index, pair] of earlier.pairs.entries()) {
      costs[pair] = earlier.costs[index] ?? 0;
      marks[pair] = mark;
    }
    return later.pairs.every((pair, index) => {
      const number = numberBefore[pair] ?? -1;
      return marks[number] === mark && isSameCost(costs[number] ?? 0, later.costs[index] ?? 0);
    });
  };
}

/** The same rows added up in another order may differ in the last digits. */
function isSameCost(one: number, other: number): boolean {
  return Math.abs(one - other) <= Math.max(1e-12, 1e-14 * Math.max(Math.abs(one), Math.abs(other)));
}

function nameOf({ pairs, services, accounts }: Bill, pair: number): string {
  const [service, account] = pairs[pair] ?? [-1, -1];
  return `${accounts[account]?.id} ${services[service]}`;
}
