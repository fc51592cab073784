import { dayOf } from '../collection/periods.ts';
import { CollectionError } from '../errors.ts';
import { OpenAttempts } from './attempts.ts';
import { Book } from './book.ts';
import { type Budget, overBudget } from './budget.ts';
import type { Buyer, Interrupted, Ledger, LedgerDays } from './ledger.ts';

/** Where a ledger outlasts its process. */
export interface LedgerFile {
  /**
   * What was written last; undefined where there is nothing, or nothing that makes sense.
   *
   * @throws Error where it cannot be read though it may be good: nothing is bought then.
   */
  read(): Promise<Book | undefined>;
  /** Resolves when it is on disk, or could not be written: false. Never rejects. */
  write(book: Book): Promise<boolean>;
}

/** The ledger of a process that has no replicas: in memory, and on disk where there is a file for it. */
export class LocalLedger implements Ledger {
  readonly #budget: Budget;
  readonly #now: () => number;
  readonly #file: LedgerFile | undefined;
  readonly #attempts = new OpenAttempts();
  #reading: Promise<Book> | undefined;
  #wasWritten = false;

  constructor(budget: Budget, now: () => number, file?: LedgerFile) {
    this.#budget = budget;
    this.#now = now;
    this.#file = file;
  }

  async hold(buyer: Buyer, pages: number): Promise<void> {
    const book = await this.#book();
    const now = this.#now();
    const day = dayOf(now);
    if (!book.hold(buyer, pages, day, now, this.#budget))
      throw overBudget(buyer, pages, now, this.#budget, book.day(day));
  }

  async authorize(buyer: Buyer, operation: string): Promise<void> {
    const book = await this.#book();
    const now = this.#now();
    const day = dayOf(now);
    if (!book.spend(buyer, operation, day, now, this.#budget))
      throw overBudget(buyer, 1, now, this.#budget, book.day(day));
    this.#attempts.opened(buyer, operation, day);
    if (await this.#keep(book)) return;
    await this.settle(buyer, operation, false);
    throw unwritable();
  }

  async settle(buyer: Buyer, operation: string, paid: boolean): Promise<void> {
    const day = this.#attempts.closed(buyer, operation);
    if (paid || day === undefined) return;
    const book = await this.#book();
    book.refund(buyer, operation, day, dayOf(this.#now()));
    await this.#keep(book);
  }

  async release(buyer: Buyer): Promise<void> {
    (await this.#book()).release(buyer);
  }

  async done(buyer: Buyer): Promise<void> {
    const book = await this.#book();
    if (book.done(buyer)) await this.#keep(book);
  }

  async interrupted(target: string): Promise<readonly Interrupted[]> {
    return (await this.#book()).underWay(target);
  }

  async days(days: readonly string[]): Promise<LedgerDays> {
    const book = await this.#book();
    return { pages: days.map((day) => book.day(day)), complete: true };
  }

  /** The book, read once; where that fails it is read again at the next use. */
  #book(): Promise<Book> {
    this.#reading ??= Promise.resolve(this.#file?.read()).then(
      (book) => book ?? new Book(),
      (error) => {
        this.#reading = undefined;
        throw error;
      },
    );
    return this.#reading;
  }

  /**
   * Writes the book. A process that has written it once goes on from memory where that fails later; one that never could buys
   * nothing, else a crash loop on a full disk would have no budget.
   */
  async #keep(book: Book): Promise<boolean> {
    if (this.#file === undefined) return true;
    const written = await this.#file.write(book);
    this.#wasWritten ||= written;
    return this.#wasWritten;
  }
}

function unwritable(): CollectionError {
  return new CollectionError(
    'error',
    'The ledger of paid requests cannot be written to STATE_DIR, so nothing is bought.',
    'Make room in the folder of STATE_DIR, or let it be written to: the log has the reason.',
  );
}
