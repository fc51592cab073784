import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { type Budget, pagesOf } from './budget.ts';
import type { Buyer, DayPages, Interrupted } from './ledger.ts';

/** How many UTC days are remembered: two months, for the month's sum and the one before. */
export const DAYS_KEPT = 62;
/** How long a hold counts at most, in milliseconds: longer than any collection may take. */
export const HOLD_MS = 20 * 60_000;

/** What one buyer has set aside and has under way. */
const Hold = Type.Object({
  target: Type.String(),
  collector: Type.String(),
  /** Pages set aside and not sent yet. */
  pages: Type.Integer({ minimum: 0 }),
  /** Pages sent by the collection that is under way. */
  paid: Type.Integer({ minimum: 0 }),
  /** When the collection sent its first request, in milliseconds since the epoch. */
  at: Type.Number(),
});
type Hold = Static<typeof Hold>;

/** The book as it is kept on disk. */
export const BookData = Type.Object({
  days: Type.Record(Type.String(), Type.Record(Type.String(), Type.Record(Type.String(), Type.Integer()))),
  holds: Type.Array(Hold),
});
export type BookData = Static<typeof BookData>;

const Data = TypeCompiler.Compile(BookData);

/** Paid pages by UTC day, and what is set aside: the rules of the budget for one process, in memory. */
export class Book {
  readonly #days = new Map<string, Map<string, Map<string, number>>>();
  readonly #holds = new Map<string, Hold>();

  /** A book as `toData` gave it; undefined where the text is none. */
  static from(data: unknown): Book | undefined {
    if (!Data.Check(data)) return undefined;
    const book = new Book();
    for (const [day, targets] of Object.entries(data.days)) book.replace(day, targets);
    for (const hold of data.holds) book.#holds.set(keyOf(hold), { ...hold });
    return book;
  }

  toData(): BookData {
    return {
      days: Object.fromEntries([...this.#days.keys()].map((day) => [day, this.#copy(day)])),
      holds: [...this.#holds.values()],
    };
  }

  /** Sets pages aside in place of what the buyer had set aside; false where they do not fit. */
  hold(buyer: Buyer, pages: number, day: string, now: number, budget: Budget): boolean {
    const hold = this.#holdOf(buyer, now);
    const before = hold.pages;
    hold.pages = 0;
    const fits = this.#fits(buyer, pages, day, now, budget);
    hold.pages = fits ? pages : before;
    if (fits && isOver(hold, now)) hold.at = now;
    if (fits) this.#holds.set(keyOf(buyer), hold);
    return fits;
  }

  /** Counts one page as spent; false where it does not fit. */
  spend(buyer: Buyer, operation: string, day: string, now: number, budget: Budget): boolean {
    const hold = this.#holdOf(buyer, now);
    if (hold.pages === 0 && !this.#fits(buyer, 1, day, now, budget)) return false;
    hold.pages = Math.max(0, hold.pages - 1);
    if (hold.paid === 0) hold.at = now;
    hold.paid += 1;
    this.#holds.set(keyOf(buyer), hold);
    this.add(day, buyer.target, operation, 1);
    return true;
  }

  /**
   * Takes one page of a day back: it was not sent, or AWS refused it. The query has it again, for a retry, unless another day
   * has begun, whose budget it was not taken from.
   */
  refund(buyer: Buyer, operation: string, day: string, today: string): void {
    this.add(day, buyer.target, operation, -1);
    const hold = this.#holds.get(keyOf(buyer));
    if (hold === undefined) return;
    hold.paid = Math.max(0, hold.paid - 1);
    if (day === today) hold.pages += 1;
  }

  /** Sets what is left of a query's hold free. */
  release(buyer: Buyer): void {
    const hold = this.#holds.get(keyOf(buyer));
    if (hold !== undefined) hold.pages = 0;
  }

  /** Forgets what a collection had under way; false where that was nothing. */
  done(buyer: Buyer): boolean {
    return this.#holds.delete(keyOf(buyer));
  }

  /** What a target's collections have under way. */
  underWay(target: string): Interrupted[] {
    return [...this.#holds.values()]
      .filter((hold) => hold.target === target)
      .map(({ collector, at, paid }) => ({ target, collector, at, pages: paid }));
  }

  /** Pages of a day by target and operation. */
  day(day: string): DayPages {
    return this.#copy(day);
  }

  /** The days that it knows anything of. */
  dayNames(): string[] {
    return [...this.#days.keys()];
  }

  add(day: string, target: string, operation: string, pages: number): void {
    const targets = this.#days.get(day) ?? new Map<string, Map<string, number>>();
    this.#days.set(day, targets);
    const operations = targets.get(target) ?? new Map<string, number>();
    targets.set(target, operations);
    operations.set(operation, Math.max(0, (operations.get(operation) ?? 0) + pages));
    this.#forgetOldDays();
  }

  /** Replaces what is known of a day. */
  replace(day: string, pages: DayPages): void {
    this.#days.delete(day);
    for (const [target, operations] of Object.entries(pages)) {
      for (const [operation, count] of Object.entries(operations)) this.add(day, target, operation, count);
    }
  }

  #fits(buyer: Buyer, pages: number, day: string, now: number, budget: Budget): boolean {
    const spent = this.#copy(day);
    const held = [...this.#holds.values()].filter(
      (hold) => keyOf(hold) !== keyOf(buyer) && !isOver(hold, now),
    );
    const setAside = budget.setAside(buyer);
    const sum = (holds: readonly Hold[]) => holds.reduce((total, hold) => total + hold.pages, 0);
    if (pagesOf(spent) + sum(held) + setAside.all + pages > budget.pages) return false;
    const own = budget.ofTarget(buyer.target);
    if (own === undefined) return true;
    const heldOwn = sum(held.filter(({ target }) => target === buyer.target));
    return pagesOf(spent, buyer.target) + heldOwn + setAside.ofTarget + pages <= own;
  }

  #holdOf({ target, collector }: Buyer, now: number): Hold {
    const hold = this.#holds.get(keyOf({ target, collector })) ?? {
      target,
      collector,
      pages: 0,
      paid: 0,
      at: now,
    };
    // What does not count for others any more may have been given to them.
    if (isOver(hold, now)) hold.pages = 0;
    return hold;
  }

  #copy(day: string): Record<string, Record<string, number>> {
    const targets = [...(this.#days.get(day) ?? [])];
    return Object.fromEntries(
      targets.map(([target, operations]) => [target, Object.fromEntries(operations)]),
    );
  }

  #forgetOldDays(): void {
    const days = [...this.#days.keys()].toSorted();
    for (const day of days.slice(0, -DAYS_KEPT)) this.#days.delete(day);
  }
}

/** Whether a hold does not count any more. */
function isOver({ at }: Hold, now: number): boolean {
  return now - at >= HOLD_MS;
}

function keyOf({ target, collector }: Buyer): string {
  return `${target} ${collector}`;
}
