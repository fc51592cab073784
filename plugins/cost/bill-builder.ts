import type { Day } from '../../src/collection/periods.ts';
import type { Bill } from './model.ts';

/** Puts a bill together day by day; services, accounts and pairs are numbered in the order of their first coming. */
export class BillBuilder {
  readonly #days = new Map<Day, { estimated: boolean; costs: Map<number, number> }>();
  readonly #services = new Index();
  readonly #accounts = new Index();
  /** The number of each pair, by service and then by account. */
  readonly #pairs = new Map<string, Map<string, number>>();
  readonly #pairList: [number, number][] = [];
  readonly #names = new Map<string, string>();

  /** Names a linked account. */
  name(account: string, name: string): void {
    this.#names.set(account, name);
  }

  /** Says that the bill has a day. A day that is said twice goes on; it is estimated where it once was said to be. */
  day(date: Day, estimated: boolean): void {
    const day = this.#days.get(date) ?? { estimated: false, costs: new Map<number, number>() };
    this.#days.set(date, day);
    day.estimated ||= estimated;
  }

  has(date: Day): boolean {
    return this.#days.has(date);
  }

  /** The number of a (service, account). */
  pair(service: string, account: string): number {
    const byAccount = this.#pairs.get(service) ?? new Map<string, number>();
    this.#pairs.set(service, byAccount);
    const known = byAccount.get(account);
    if (known !== undefined) return known;
    const pair = this.#pairList.push([this.#services.of(service), this.#accounts.of(account)]) - 1;
    byAccount.set(account, pair);
    return pair;
  }

  /** Adds to the cost of a pair on a day of the bill. */
  add(date: Day, pair: number, cost: number): void {
    const costs = this.#days.get(date)?.costs;
    costs?.set(pair, (costs.get(pair) ?? 0) + cost);
  }

  bill(currency: string | null): Bill {
    return {
      currency,
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
