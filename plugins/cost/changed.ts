import type { CostData } from './model.ts';

type Bill = Omit<CostData, 'movedAt'>;
type Day = Bill['days'][number];

/**
 * Whether a bill has moved between two collections: a day that both cover has other rows, or a new day has any. Days that
 * have left the period asked for do not count.
 */
export function hasMoved(before: Bill, after: Bill): boolean {
  const known = new Map(before.days.map((day) => [day.date, day]));
  return after.days.some((day) => {
    const earlier = known.get(day.date);
    return earlier === undefined ? day.pairs.length > 0 : !sameRows(before, earlier, after, day);
  });
}

function sameRows(before: Bill, earlier: Day, after: Bill, later: Day): boolean {
  if (earlier.pairs.length !== later.pairs.length) return false;
  const costs = new Map(earlier.pairs.map((pair, index) => [nameOf(before, pair), earlier.costs[index]]));
  return later.pairs.every((pair, index) => {
    const cost = costs.get(nameOf(after, pair));
    return cost !== undefined && isSame(cost, later.costs[index] ?? 0);
  });
}

/** The same rows added up in another order may differ in the last digits. */
function isSame(one: number, other: number): boolean {
  return Math.abs(one - other) <= 1e-9 * Math.max(1e-3, Math.abs(one), Math.abs(other));
}

/** A pair by its names: its number may be another one in another snapshot. */
function nameOf({ pairs, services, accounts }: Bill, pair: number): string {
  const [service, account] = pairs[pair] ?? [-1, -1];
  return `${accounts[account]?.id} ${services[service]}`;
}
