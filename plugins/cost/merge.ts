import { invalidResponse } from '../../src/aws/aws-errors.ts';
import type { Day } from '../../src/collection/periods.ts';
import { BillBuilder } from './bill-builder.ts';
import type { Bill } from './model.ts';

/** Some days that were bought anew, and what was brought of them. */
export interface BoughtDays {
  readonly days: readonly Day[];
  readonly bill: Bill;
}

/**
 * A bill of some days: those bought anew as they were bought, the others as they were kept. What no day lists any more is
 * left out.
 *
 * @param days - the days asked for, ascending; a day that neither side has is left out.
 * @param isEstimated - whether a kept day is still estimated; undefined: as it was.
 * @throws {CollectionError} `invalid_response` where the days are in two currencies.
 */
export function mergeDays(
  days: readonly Day[],
  kept: Bill,
  bought: readonly BoughtDays[],
  isEstimated: (day: Day) => boolean | undefined,
): Bill {
  const builder = new BillBuilder();
  for (const { accounts } of [kept, ...bought.map(({ bill }) => bill)]) {
    for (const { id, name } of accounts) if (name !== null) builder.name(id, name);
  }
  const sources = new Map(bought.flatMap((part) => part.days.map((day) => [day, part.bill])));
  const rowsOf = new Map([kept, ...bought.map(({ bill }) => bill)].map((bill) => [bill, byDate(bill)]));
  const currencies = new Set<string | null>();
  const numbers = new Map<Bill, (number | undefined)[]>();
  for (const date of days) {
    const anew = sources.get(date);
    const source = anew ?? kept;
    const day = rowsOf.get(source)?.get(date);
    if (day === undefined) continue;
    builder.day(date, (anew ? undefined : isEstimated(date)) ?? day.estimated);
    const known = numbers.get(source) ?? [];
    numbers.set(source, known);
    for (const [index, pair] of day.pairs.entries()) {
      const [service, account] = source.pairs[pair] ?? [-1, -1];
      known[pair] ??= builder.pair(source.services[service] ?? '', source.accounts[account]?.id ?? '');
      builder.add(date, known[pair], day.costs[index] ?? 0);
    }
    if (day.pairs.length > 0) currencies.add(source.currency);
  }
  if (currencies.size > 1) throw invalidResponse(`it mixes ${[...currencies].join(' and ')}`);
  const [currency = null] = currencies;
  return builder.bill(currency);
}

function byDate({ days }: Bill): ReadonlyMap<Day, Bill['days'][number]> {
  return new Map(days.map((day) => [day.date, day]));
}
