import type { Kept, SnapshotStore } from './snapshot.ts';

/** The identity of a snapshot as one string; no two pairs of names share one. */
export function snapshotId(collector: string, target: string): string {
  return JSON.stringify([collector, target]);
}

/** Keeps snapshots for as long as the process lives. */
export class MemoryStore implements SnapshotStore {
  readonly #kept = new Map<string, Kept>();

  async load(collector: string, target: string): Promise<Kept | undefined> {
    return this.#kept.get(snapshotId(collector, target));
  }

  async save(kept: Kept): Promise<void> {
    this.#kept.set(snapshotId(kept.snapshot.collector, kept.snapshot.target), kept);
  }

  /** Ends nothing: what is kept stays readable. */
  async close(): Promise<void> {}
}
