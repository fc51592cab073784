/** USD that AWS takes for one answered Cost Explorer request. Source: AWS Cost Management pricing. */
export const USD_PER_PAGE = 0.01;

/** Whose money a paid request spends, and for what. */
export interface Buyer {
  readonly target: string;
  readonly collector: string;
}

/** Paid pages of one UTC day, by target and operation. */
export type DayPages = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What the ledger says of some UTC days. */
export interface LedgerDays {
  /** Paid pages of each day, in the order asked for. */
  readonly pages: readonly DayPages[];
  /** Whether it is what all replicas have paid for; false while the store cannot be asked: others may have spent more. */
  readonly complete: boolean;
}

/** A collection that was cut off by the end of its process. */
export interface Interrupted extends Buyer {
  /** When its first paid request was sent, in milliseconds since the epoch. */
  readonly at: number;
  readonly pages: number;
}

/**
 * Where every paid attempt is entered before and after it: what is spent, what is set aside, and whether a page may be
 * sent. What was authorized and never settled stays counted: its outcome is unknown, AWS may have taken its price.
 */
export interface Ledger {
  /**
   * Sets pages aside for one query, whole, before its first page is sent; attempts of the buyer use them up.
   *
   * @throws {CollectionError} `budget` where it does not fit, `not_leader` where another replica buys for the target.
   */
  hold(buyer: Buyer, pages: number): Promise<void>;
  /** Enters one attempt, before it is sent. @throws as `hold`. */
  authorize(buyer: Buyer, operation: string): Promise<void>;
  /** Enters how an authorized attempt ended: `paid` is true for an answer with status 200 and for an unknown outcome. */
  settle(buyer: Buyer, operation: string, paid: boolean): Promise<void>;
  /** Ends a query: what is left of its hold is free again. */
  release(buyer: Buyer): Promise<void>;
  /** Ends a collection: nothing of it is under way any more. */
  done(buyer: Buyer): Promise<void>;
  /** Collections of a target that were cut off, also where they had paid for nothing; `done` forgets one. */
  interrupted(target: string): Promise<readonly Interrupted[]>;
  /** Paid pages of some UTC days (`YYYY-MM-DD`). */
  days(days: readonly string[]): Promise<LedgerDays>;
}
