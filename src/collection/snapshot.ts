import type { Cause, FailedPart } from '../errors.ts';

/**
 * How a collector of a target stands: `pending` before its first attempt has ended, `partial` where some parts failed,
 * `no_data` and `not_enabled` after a successful attempt that brought nothing, `no_credentials` and `budget` after a skipped one.
 */
export const COLLECTOR_STATES = [
  'pending',
  'ok',
  'partial',
  'no_data',
  'not_enabled',
  'no_credentials',
  'budget',
  'failed',
] as const;

export type CollectorStatus = (typeof COLLECTOR_STATES)[number];

/** What one collection bought from AWS for one target. Immutable and JSON-safe. */
export interface Snapshot<Data = unknown> {
  /** Version of the shape of `data`; a kept snapshot of another version is ignored. */
  readonly schema: number;
  /** Name of the capability that collected it. */
  readonly collector: string;
  /** Name of the target. */
  readonly target: string;
  /** The account that the target's credentials belong to, as STS says it. */
  readonly accountId: string;
  /** When the collection started, ISO 8601 UTC. */
  readonly collectedAt: string;
  /** Paid AWS requests that the collection made. */
  readonly requests: number;
  /**
   * What of the configuration decided the content (cost metric, days asked for ...). A kept snapshot with another
   * fingerprint is not fresh and not shown: the configuration has changed.
   */
  readonly fingerprint: string;
  /** Parts failed: their figures are missing or those of an earlier collection. It is not fresh. */
  readonly partial: boolean;
  readonly data: Data;
}

/** A snapshot as the store keeps it. */
export interface Kept<Data = unknown> {
  readonly snapshot: Snapshot<Data>;
  /** Start of the last collection that found the snapshot to be right, ISO 8601 UTC; not before `collectedAt`. */
  readonly confirmedAt: string;
}

/**
 * How a collector of a target stands beside its snapshot: small, written after every run, and shared by the replicas. Times
 * are milliseconds since the epoch.
 */
export interface Standing {
  readonly collector: string;
  readonly target: string;
  /** What of the configuration decided what was bought: to another configuration it says nothing. */
  readonly fingerprint: string;
  /** `collectedAt` of the snapshot that was kept then; null where there was none. */
  readonly collectedAt: string | null;
  /** Last time that the snapshot was found to be right, ISO 8601 UTC. */
  readonly confirmedAt: string | null;
  readonly status: CollectorStatus;
  readonly cause: Cause | null;
  readonly failed: readonly Omit<FailedPart, 'error'>[];
  readonly passedOver: readonly Omit<FailedPart, 'error'>[];
  readonly lastAttempt: number | null;
  readonly lastSuccess: number | null;
  readonly emptyHandedAt: number | null;
  /** The last attempt was paid for and brought nothing: not before this time another one. */
  readonly notBefore: number | null;
  /** Collections that were cut off by the end of their process since the last one that succeeded. */
  readonly interruptions: number;
  /** Pages that a query is known to have at least: one that the budget has cut off had them, and one more. 0: nothing is known. */
  readonly minPages: number;
}

/** What a store has of a collector and target. */
export interface Stored {
  readonly kept: Kept | undefined;
  readonly standing: Standing | undefined;
}

/**
 * Keeps the last good snapshot of each collector and target. Implementations never throw and never hang: a store that
 * cannot reach its server goes on from memory.
 */
export interface SnapshotStore {
  /** What is kept and can be read. */
  load(collector: string, target: string): Promise<Stored>;
  /**
   * Keeps a snapshot in place of the one before. Resolves when it is readable by `load` of this process.
   *
   * @returns false where it was refused, since another replica collects for the target now.
   */
  save(kept: Kept, standing: Standing): Promise<boolean>;
  /** Keeps how a collector stands; its snapshot stays. False where it was refused, as by `save`. */
  note(standing: Standing): Promise<boolean>;
  /**
   * Tells of what another replica has saved or noted, again until it has been loaded.
   *
   * @param listener - says whether it is of interest here.
   */
  onNews(listener: (collector: string, target: string) => boolean): void;
  /** Ends connections; resolves within 2 s whatever the server does. */
  close(): Promise<void>;
}
