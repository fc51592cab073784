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
 * Keeps the last good snapshot of each collector and target. Implementations never throw and never hang: a store that
 * cannot reach its server goes on from memory.
 */
export interface SnapshotStore {
  /** The kept snapshot, or undefined where there is none that can be read. */
  load(collector: string, target: string): Promise<Kept | undefined>;
  /** Keeps a snapshot in place of the one before. Resolves when it is readable by `load` of this process. */
  save(kept: Kept): Promise<void>;
  /** Ends connections; resolves within 2 s whatever the server does. */
  close(): Promise<void>;
}
