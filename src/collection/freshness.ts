import type { ChangeRules, Target } from '../config.ts';
import { type BillSeen, stillStands } from './changes.ts';
import type { CollectorState } from './state.ts';

/** Share of its interval for which a snapshot is fresh at most: a tick that comes a little early must not skip. */
export const FRESH_SHARE = 0.9;
/** How far in the future of this clock a snapshot may be: that of a replica whose clock runs ahead. In milliseconds. */
const SKEW_MS = 5 * 60_000;

export interface FreshnessOptions {
  /** Longest time for which a snapshot is fresh, in milliseconds; 0: never. */
  readonly cacheTtlMs: number;
  readonly changes: ChangeRules;
  /** What is known of the bill of a target; undefined: nothing. */
  bill(target: Target): BillSeen | undefined;
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
  stands({ capability, kept, target }: CollectorState): boolean {
    if (kept === undefined || kept.snapshot.partial) return false;
    return this.#stands(capability, target, Date.parse(kept.snapshot.collectedAt));
  }

  /** Whether a part that was collected at an instant (milliseconds since the epoch) need not be bought again yet. */
  isPartFresh({ capability, target }: CollectorState, at: number): boolean {
    const age = this.#options.now() - at;
    const young = age >= -SKEW_MS && Math.max(0, age) < this.#lifetime(capability.intervalMs);
    return young || this.#stands(capability, target, at);
  }

  #stands({ newDay, intervalMs }: CollectorState['capability'], target: Target, at: number): boolean {
    if (newDay === undefined) return false;
    const { changes, bill, now } = this.#options;
    return stillStands(changes, bill(target), { at, intervalMs, newDay }, now());
  }

  #lifetime(intervalMs: number): number {
    return Math.min(this.#options.cacheTtlMs, FRESH_SHARE * intervalMs);
  }
}
