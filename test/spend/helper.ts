import type { CollectionError } from '../../src/errors.ts';
import { pagesOf } from '../../src/spend/budget.ts';
import type { Buyer, DayPages, Ledger } from '../../src/spend/ledger.ts';

export const DAY_MS = 86_400_000;
/** Noon of the day on which these tests begin. */
export const NOON = Date.parse('2026-11-22T12:00:00Z');
export const TODAY = '2026-11-22';

export const buyer = (collector = 'cost', target = 'default'): Buyer => ({ target, collector });

/** What a ledger says: `ok`, or the code of its refusal. @throws whatever else it throws. */
export function verdict(said: Promise<void>): Promise<string> {
  return said.then(
    () => 'ok',
    (error: CollectionError) => {
      if (error.name !== 'CollectionError') throw error;
      return error.code;
    },
  );
}

/** The pages of a day that a ledger has. */
export async function pagesIn(ledger: Ledger, day = TODAY, target?: string): Promise<number> {
  const { pages } = await ledger.days([day]);
  return pagesOf(pages[0] ?? {}, target);
}

/** What is left of days once what is zero has been left out. */
export function compact(days: readonly DayPages[]): DayPages[] {
  return days.map((day) => {
    const targets = Object.entries(day).flatMap(([target, operations]) => {
      const left = Object.entries(operations).filter(([, pages]) => pages !== 0);
      return left.length > 0 ? [[target, Object.fromEntries(left.toSorted())] as const] : [];
    });
    return Object.fromEntries(targets.toSorted());
  });
}

/** Buys pages one after the other; how many were allowed. */
export async function buy(
  ledger: Ledger,
  who: Buyer,
  pages: number,
  operation = 'GetCostAndUsage',
): Promise<number> {
  let bought = 0;
  for (let page = 0; page < pages; page++) {
    if ((await verdict(ledger.authorize(who, operation))) !== 'ok') continue;
    await ledger.settle(who, operation, true);
    bought += 1;
  }
  return bought;
}
