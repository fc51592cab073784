import type { Kept, SnapshotStore, Standing, Stored } from './snapshot.ts';

/** The identity of a snapshot as one string; no two pairs of names share one. */
export function snapshotId(collector: string, target: string): string {
  return JSON.stringify([collector, target]);
}

/** Keeps snapshots for as long as the process lives. */
export class MemoryStore implements SnapshotStore {
  readonly #stored = new Map<string, Stored>();

  async load(collector: string, target: string): Promise<Stored> {
    return this.#stored.get(snapshotId(collector, target)) ?? NOTHING;
  }

  async save(kept: Kept, standing: Standing): Promise<boolean> {
    this.#stored.set(snapshotId(standing.collector, standing.target), { kept, standing });
    return true;
  }

  async note(standing: Standing): Promise<boolean> {
    const id = snapshotId(standing.collector, standing.target);
    this.#stored.set(id, { kept: confirmed(this.#stored.get(id)?.kept, standing), standing });
    return true;
  }

  /** Nobody else writes here. */
  onNews(): void {}

  /** Ends nothing: what is kept stays readable. */
  async close(): Promise<void> {}
}

/** What a store has where it has nothing. */
export const NOTHING: Stored = { kept: undefined, standing: undefined };

/** A snapshot with the later confirmation that a standing has of it. */
export function confirmed(kept: Kept | undefined, standing: Standing | undefined): Kept | undefined {
  if (kept === undefined || standing?.confirmedAt == null) return kept;
  if (standing.collectedAt !== kept.snapshot.collectedAt) return kept;
  const later = Date.parse(standing.confirmedAt) > Date.parse(kept.confirmedAt);
  return later ? { ...kept, confirmedAt: standing.confirmedAt } : kept;
}
