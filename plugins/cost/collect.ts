import type { GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import { invalidResponse } from '../../src/aws/aws-errors.ts';
import { Amounts, type CostPage, costPages } from '../../src/aws/cost-and-usage.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { addDays, type Day, dayOf, daysIn, firstOfMonth } from '../../src/collection/periods.ts';
import { wellFormed } from '../../src/collection/words.ts';
import { hasMoved } from './changed.ts';
import type { CostData, CostSettings } from './model.ts';

/** The days asked for: from the earliest that any figure needs to today, so far. */
export function periodOf(settings: CostSettings, today: Day): { start: Day; end: Day } {
  const starts = [
    firstOfMonth(today),
    addDays(today, -settings.windowDays),
    addDays(today, -settings.dailyDays),
    addDays(today, -14),
    addDays(today, -settings.settledDays - 7),
  ];
  return { start: starts.toSorted()[0] ?? today, end: addDays(today, 1) };
}

/**
 * Buys daily cost by service and linked account: one query, merged over its pages.
 *
 * @throws {CollectionError} `invalid_response` where the answer has another shape, does not cover the days asked for
 *   (today alone may be missing) or mixes currencies; else what AWS's error means.
 */
export async function collectCost(
  context: CollectContext<CostData>,
  settings: CostSettings,
): Promise<CostData> {
  const today = dayOf(context.startedAt);
  const period = periodOf(settings, today);
  const request = {
    TimePeriod: { Start: period.start, End: period.end },
    Granularity: 'DAILY',
    Metrics: [settings.metric],
    GroupBy: [
      { Type: 'DIMENSION', Key: 'SERVICE' },
      { Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' },
    ],
  } satisfies GetCostAndUsageCommandInput;
  const merged = new Merger(settings.metric, daysIn(period.start, period.end));
  for await (const page of costPages(context.aws, request, 1, context.signal)) merged.add(page);
  const answer = merged.data(today);
  const before = context.previous?.data;
  if (before === undefined) return { ...answer, movedAt: null };
  const movedAt = hasMoved(before, answer) ? new Date(context.startedAt).toISOString() : before.movedAt;
  return { ...answer, movedAt };
}

/** Merges pages by day: a day may go on on the next page, and the same pair may come again. */
class Merger {
  readonly #amounts: Amounts;
  readonly #asked: ReadonlySet<Day>;
  readonly #days = new Map<Day, { estimated: boolean; costs: Map<number, number> }>();
  readonly #services = new Index();
  readonly #accounts = new Index();
  readonly #pairs = new Index();
  readonly #pairList: [number, number][] = [];
  readonly #names = new Map<string, string>();

  constructor(metric: string, days: readonly Day[]) {
    this.#amounts = new Amounts(metric);
    this.#asked = new Set(days);
  }

  add(page: CostPage): void {
    for (const { Value, Attributes } of page.DimensionValueAttributes ?? []) {
      const name = Attributes?.description;
      if (name) this.#names.set(wellFormed(Value), wellFormed(name));
    }
    for (const { TimePeriod, Estimated, Groups } of page.ResultsByTime) {
      const { Start, End } = TimePeriod;
      if (!this.#asked.has(Start) || End !== addDays(Start, 1)) {
        throw invalidResponse('it has a period that was not asked for');
      }
      const day = this.#days.get(Start) ?? { estimated: false, costs: new Map<number, number>() };
      this.#days.set(Start, day);
      day.estimated ||= Estimated ?? false;
      for (const group of Groups) {
        const [service = '', account = ''] = group.Keys;
        const pair = this.#pair(wellFormed(service), wellFormed(account));
        day.costs.set(pair, (day.costs.get(pair) ?? 0) + this.#amounts.of(group));
      }
    }
  }

  data(today: Day): Omit<CostData, 'movedAt'> {
    for (const day of this.#asked) {
      if (day !== today && !this.#days.has(day)) throw invalidResponse(`it lacks ${day}`);
    }
    return {
      currency: this.#amounts.currency,
      services: this.#services.keys(),
      accounts: this.#accounts.keys().map((id) => ({ id, name: this.#names.get(id) ?? null })),
      pairs: this.#pairList,
      days: [...this.#days.entries()]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([date, { estimated, costs }]) => ({
          date,
          estimated,
          pairs: [...costs.keys()],
          costs: [...costs.values()],
        })),
    };
  }

  #pair(service: string, account: string): number {
    const ids: [number, number] = [this.#services.of(service), this.#accounts.of(account)];
    const pair = this.#pairs.of(`${ids[0]} ${ids[1]}`);
    if (pair === this.#pairList.length) this.#pairList.push(ids);
    return pair;
  }
}

/** Numbers texts in the order of their first coming. */
class Index {
  readonly #numbers = new Map<string, number>();

  of(key: string): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  keys(): string[] {
    return [...this.#numbers.keys()];
  }
}
