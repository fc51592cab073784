import type { ChangeRules } from '../config.ts';
import type { BoughtPart } from './capability.ts';
import { type BillSeen, type BoughtDays, isStillTrue, stillStands } from './changes.ts';
import type { CollectorState } from './state.ts';

/** Share of its interval for which a snapshot is fresh at most: a tick that comes a little early must not skip. */
export const FRESH_SHARE = 0.9;
/**
 * How long before something gets too old it is bought, in milliseconds, never more than a twentieth of the interval: room for the
 * longest wait of a run.
 */
const BEFORE_TOO_OLD_MS = 35_000;
/** How far in the future of this clock a snapshot may be: that of a replica whose clock runs ahead. In milliseconds. */
const SKEW_MS = 5 * 60_000;

export interface FreshnessOptions {
  /** Longest time for which a snapshot is fresh, in milliseconds; 0: never. */
  readonly cacheTtlMs: number;
  readonly changes: ChangeRules;
  /** What is known of the bill that a collector's snapshot is about; undefined: nothing. */
  bill(follower: CollectorState): BillSeen | undefined;
  readonly now: () => number;
}

/** Whether what was bought need not be bought again yet. */
export class Freshness {
  readonly #options: FreshnessOptions;

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  get rules(): ChangeRules {
    return this.#options.changes;
  }

  /** When a collector's snapshot stops being fresh, in milliseconds since the epoch; 0 where it is not. */
  until({ capability, kept }: CollectorState): number {
    if (kept === undefined || kept.snapshot.partial) return 0;
    const lifetime = this.#lifetime(capability.intervalMs);
    if (lifetime === 0) return 0;
    const confirmed = Date.parse(kept.confirmedAt);
    const cap = capability.freshUntil?.(confirmed) ?? Number.POSITIVE_INFINITY;
    return Math.min(confirmed + lifetime, cap);
  }

  /**
   * When a collector's snapshot is due to be bought again, in milliseconds since the epoch; 0: at once. A snapshot is not fresh
   * any more a little before, so that no tick misses it; a restart in between does not move the rhythm.
   */
  dueAt(state: CollectorState): number {
    const until = this.until(state);
    if (until === 0 || state.kept === undefined || !this.#isKnown(state)) return 0;
    const { intervalMs } = state.capability;
    const confirmed = Date.parse(state.kept.confirmedAt);
    return until === confirmed + FRESH_SHARE * intervalMs ? confirmed + intervalMs : until;
  }

  isFresh(state: CollectorState): boolean {
    return this.#isKnown(state) && this.#options.now() < this.until(state);
  }

  /** Whether its age is known: a snapshot from far in the future was written under a wrong clock. */
  #isKnown({ lastSuccess }: CollectorState): boolean {
    return lastSuccess !== undefined && lastSuccess <= this.#options.now() + SKEW_MS;
  }

  /** Whether a whole snapshot is not fresh any more, but says what the bill still says. */
  stands(state: CollectorState): boolean {
    const { capability, kept } = state;
    if (kept === undefined || kept.snapshot.partial) return false;
    const { collectedAt, data } = kept.snapshot;
    return this.#stands(state, Date.parse(collectedAt), capability.boughtDays?.(data));
  }

  /**
   * Whether a part that was collected at an instant (milliseconds since the epoch) need not be bought again yet.
   *
   * @param days - that it is about; undefined: the bill as a whole.
   */
  isPartFresh(state: CollectorState, at: number, days?: readonly BoughtPart[]): boolean {
    const age = this.#options.now() - at;
    const young = age >= -SKEW_MS && Math.max(0, age) < this.#lifetime(state.capability.intervalMs);
    return young || this.#stands(state, at, days);
  }

  /** Whether what was bought of some days is known to be what the bill says of them now. */
  isStillTrue(state: CollectorState, days: BoughtPart): boolean {
    const { changes, bill, now } = this.#options;
    return isStillTrue(changes, bill(state), boughtDays(days), state.capability.intervalMs, now());
  }

  /**
   * When a collector is run at the latest, in milliseconds since the epoch: just before something of its snapshot gets older than
   * `MAX_SNAPSHOT_AGE`. Undefined where all of it is bought at every tick, or may get that old between two.
   */
  latestAt(state: CollectorState): number | undefined {
    const { detect, maxAgeMs } = this.#options.changes;
    const { capability, kept } = state;
    const { boughtDays, newDay, intervalMs } = capability;
    if (!detect || kept === undefined || maxAgeMs <= intervalMs) return undefined;
    const bought = [
      ...(newDay === undefined ? [] : [kept.snapshot]),
      ...(boughtDays?.(kept.snapshot.data) ?? []),
    ].map(({ collectedAt }) => Date.parse(collectedAt));
    if (bought.length === 0) return undefined;
    const margin = Math.min(BEFORE_TOO_OLD_MS, intervalMs / 20);
    return Math.max(this.until(state), Math.min(...bought) + maxAgeMs - margin);
  }

  #stands(state: CollectorState, at: number, parts: readonly BoughtPart[] | undefined): boolean {
    const { newDay, intervalMs } = state.capability;
    if (newDay === undefined) return false;
    const { changes, bill, now } = this.#options;
    const days = parts?.map(boughtDays);
    return stillStands(changes, bill(state), { at, intervalMs, newDay, days }, now());
  }

  #lifetime(intervalMs: number): number {
    return Math.min(this.#options.cacheTtlMs, FRESH_SHARE * intervalMs);
  }
}

function boughtDays({ start, end, collectedAt }: BoughtPart): BoughtDays {
  return { start, end, at: Date.parse(collectedAt) };
}
