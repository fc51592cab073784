import type { GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import { invalidResponse } from '../../src/aws/aws-errors.ts';
import { Amounts, type CostPage, costPages } from '../../src/aws/cost-and-usage.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { addDays, type Day, dayOf, daysIn } from '../../src/collection/periods.ts';
import { wellFormed } from '../../src/collection/words.ts';
import { BillBuilder } from './bill-builder.ts';
import type { Bill, CostData } from './model.ts';

/** Some days in a row; `end` is exclusive. */
export interface Period {
  readonly start: Day;
  readonly end: Day;
}

/**
 * Buys daily cost by service and linked account: one query, merged over its pages.
 *
 * @param expected - pages that it is expected to have, or `HELD`.
 * @returns the bill of these days, and how many pages it had.
 * @throws {CollectionError} `invalid_response` where the answer has another shape, does not cover the days asked for
 *   (today alone may be missing) or mixes currencies; else what AWS's error means.
 */
export async function buyDays(
  { aws, signal, startedAt }: CollectContext<CostData>,
  metric: string,
  { start, end }: Period,
  expected: number,
): Promise<{ bill: Bill; pages: number }> {
  const request = {
    TimePeriod: { Start: start, End: end },
    Granularity: 'DAILY',
    Metrics: [metric],
    GroupBy: [
      { Type: 'DIMENSION', Key: 'SERVICE' },
      { Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' },
    ],
  } satisfies GetCostAndUsageCommandInput;
  const merger = new Merger(metric, daysIn(start, end));
  let pages = 0;
  for await (const page of costPages(aws, request, expected, signal)) {
    merger.add(page);
    pages++;
  }
  return { bill: merger.bill(dayOf(startedAt)), pages };
}

/** Merges pages by day: a day may go on on the next page, and names may become equal when they are made well-formed. */
class Merger {
  readonly #amounts: Amounts;
  readonly #asked: ReadonlySet<Day>;
  readonly #builder = new BillBuilder();
  /** The number of each pair, by service and account as AWS wrote them. */
  readonly #pairs = new Map<string, Map<string, number>>();

  constructor(metric: string, days: readonly Day[]) {
    this.#amounts = new Amounts(metric);
    this.#asked = new Set(days);
  }

  add(page: CostPage): void {
    for (const { Value, Attributes } of page.DimensionValueAttributes ?? []) {
      const name = Attributes?.description;
      if (name) this.#builder.name(wellFormed(Value), wellFormed(name));
    }
    for (const { TimePeriod, Estimated, Groups } of page.ResultsByTime) {
      const { Start, End } = TimePeriod;
      if (!this.#asked.has(Start) || End !== addDays(Start, 1)) {
        throw invalidResponse('it has a period that was not asked for');
      }
      this.#builder.day(Start, Estimated ?? false);
      for (const group of Groups) {
        const [service = '', account = ''] = group.Keys;
        this.#builder.add(Start, this.#pair(service, account), this.#amounts.of(group));
      }
    }
  }

  #pair(service: string, account: string): number {
    const byAccount = this.#pairs.get(service) ?? new Map<string, number>();
    this.#pairs.set(service, byAccount);
    const known = byAccount.get(account);
    if (known !== undefined) return known;
    const pair = this.#builder.pair(wellFormed(service), wellFormed(account));
    byAccount.set(account, pair);
    return pair;
  }

  bill(today: Day): Bill {
    for (const day of this.#asked) {
      if (day !== today && !this.#builder.has(day)) throw invalidResponse(`it lacks ${day}`);
    }
    return this.#builder.bill(this.#amounts.currency);
  }
}
