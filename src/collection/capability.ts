import type { AwsSession } from '../aws/clients.ts';
import type { ChangeRules, Target } from '../config.ts';
import type { FailedPart } from '../errors.ts';
import type { Family, Sample } from '../metrics/family.ts';
import type { Day } from './periods.ts';
import type { Snapshot } from './snapshot.ts';

/** What a collection is given. */
export interface CollectContext<Data> {
  readonly target: Target;
  /** The account that the target's credentials belong to. */
  readonly accountId: string;
  /** AWS clients of this collection alone; all they buy is entered under its name. */
  readonly aws: AwsSession;
  /** Aborted at the timeout and when the program stops. Hand it to every call. */
  readonly signal: AbortSignal;
  /** When the collection started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** The last good snapshot, where there is one. */
  readonly previous: Snapshot<Data> | undefined;
  /** The last snapshot that was bought under another configuration, where a restart found one. */
  readonly former: Snapshot<Data> | undefined;
  /** The kept snapshot of another collector of the same target. */
  other(collector: string): Snapshot | undefined;
  /**
   * Whether a part that was collected at this instant (ISO 8601) need not be bought again yet: it is fresh, or the bill has
   * not moved since.
   *
   * @param days - that it is about, where a change of others does not concern it.
   */
  isFresh(collectedAt: string, days?: readonly BoughtPart[]): boolean;
  /**
   * Whether what was bought of some days is what the bill still says of them: somebody looks at the bill and has not seen them
   * move since, and it does not get too old before the next tick. False without change detection.
   */
  isStillTrue(days: BoughtPart): boolean;
  readonly changes: ChangeRules;
  /** Pages that a query is known to have at least where no snapshot tells: the budget has cut one off there. 0: nothing is known. */
  readonly minPages: number;
}

/** Some days of which something was bought: `end` is exclusive, `collectedAt` ISO 8601. */
export interface BoughtPart {
  readonly start: Day;
  readonly end: Day;
  readonly collectedAt: string;
}

/** What a collection brought. */
export interface Collected<Data> {
  readonly data: Data;
  /** Parts whose figures in `data` are still those of an earlier collection; empty where all went well. */
  readonly failed: readonly FailedPart[];
  /** Parts that have nothing to show though nothing failed: a tag key that is not activated, a source not enrolled. */
  readonly passedOver?: readonly FailedPart[];
  /** AWS was asked and says what the previous snapshot says: that one is confirmed, `data` is not looked at. */
  readonly unchanged?: boolean;
}

/** Why a successful collection brought no figures. */
export type EmptyReason = 'no_data' | 'not_enabled';

/** What a publication is made from. */
export interface View<Data> {
  readonly snapshot: Snapshot<Data>;
  /** The UTC day on which it is published. */
  readonly today: Day;
  /** The snapshot is of an earlier day, and an attempt of this day has brought nothing: what has ended is withdrawn. */
  readonly overdue: boolean;
  /** What targets before this one claim: left out of the families, not of the document. */
  readonly hidden: ReadonlySet<string>;
  /** Most series; 0: no cap. */
  readonly maxSeries: number;
  /** The kept snapshot of another collector of the same target. */
  other(collector: string): Snapshot | undefined;
}

/** What a collector is expected to buy, in pages of USD 0.01 each: for the plan, and for what is set aside of the budget. */
export interface Purchases {
  /** A whole collection. */
  readonly pages: number;
  /** What is bought once in a UTC day beside that. */
  readonly daily: number;
  /** The question whether the bill has moved, where a collection begins with it; absent: a collection is its own probe. */
  readonly probe?: number;
  /**
   * What is bought where the bill has moved: after the probe that found it, or, where a collector follows the bill, within the
   * UTC day of its last purchase. Absent: a whole collection.
   */
  readonly afterChange?: number;
}

/** One publication of a snapshot. Pure: made from a view and nothing else. */
export interface Presented {
  /** The samples of each family; each iterable is read once. */
  readonly samples: readonly (readonly [family: Family, samples: Iterable<Sample>])[];
  /** Series that were folded into `__other__`. */
  readonly folded: number;
  /** What the snapshot reports that only one target may (linked accounts): the first target in file order is heard. */
  readonly claims: readonly string[];
  /** The REST document without its envelope; `reason` is why there is nothing newer, or null. */
  document(reason: EmptyReason | null): object;
}

/**
 * One capability: what it buys, how often, and how that looks from outside. The machine knows no more of it than this.
 */
export interface Capability<Data = unknown> {
  /** Also the name of the plugin, its folder, the `collector` label and the OpenAPI tag. */
  readonly name: string;
  /** Time between two collections, in milliseconds. */
  readonly intervalMs: number;
  /** Longest time for one collection, in milliseconds; it is aborted then. */
  readonly timeoutMs: number;
  /** AWS operations that it calls, for the request metrics. */
  readonly operations: readonly string[];
  /** Version of `Data`: a kept snapshot of another one is ignored. */
  readonly schema: number;
  /** Its metric families, in page order. */
  readonly families: readonly Family[];
  /** Collectors of the same target whose snapshots `present` reads: it is published anew after them. */
  readonly reads: readonly string[];
  /** Collectors of the same target whose snapshots `collect` reads: its first run waits for theirs. */
  readonly collectsAfter?: readonly string[];
  /** Whether kept data found in a store is of this shape. */
  accepts(data: unknown): data is Data;
  /** What of the configuration decides what is bought: a kept snapshot with another fingerprint is not used. */
  fingerprint(target: Target): string;
  /** When a snapshot ends being fresh at the latest, whatever the configuration says; in milliseconds since the epoch. */
  freshUntil?(collectedAt: number): number;
  /**
   * Its figures change only when the bill does: with change detection it is bought after a change and once in each UTC day,
   * on a new day `at once` or together with the next change. Absent: it is bought at every tick.
   */
  readonly newDay?: 'at once' | 'with the next change';
  /**
   * What it is expected to buy for a target. Absent: nothing that is paid.
   *
   * @param snapshot - the last good one, where there is one.
   * @param assumedPages - pages of a query of which no snapshot tells how many it has.
   */
  purchases?(target: Target, snapshot: Snapshot<Data> | undefined, assumedPages: number): Purchases;
  /** When the bill was last seen moved, in milliseconds since the epoch; for the one collector that sees it. */
  movedAt?(data: Data): number | undefined;
  /** Since when each day has been seen not to move, in milliseconds since the epoch; for the same. */
  standsSince?(data: Data): ReadonlyMap<Day, number>;
  /**
   * The days that its figures are about, and when each was bought: a change of others does not concern it. Absent: every change
   * of the bill does.
   */
  boughtDays?(data: Data): readonly BoughtPart[];
  /** Buys. It may throw anything: the runner classifies it. */
  collect(context: CollectContext<Data>): Promise<Collected<Data>>;
  present(view: View<Data>): Presented;
  /** The REST document without its envelope where there is no snapshot, but a reason; `now` in milliseconds since the epoch. */
  empty(reason: EmptyReason, target: Target, now: number): object;
}
