import type { Target } from '../config.ts';
import type { Cause, FailedPart } from '../errors.ts';
import type { Capability, EmptyReason } from './capability.ts';
import { dayOf } from './periods.ts';
import type { CollectorStatus, Kept, Snapshot } from './snapshot.ts';

/** All that the machine knows of one collector of one target; changed by the runner alone. */
export interface CollectorState {
  readonly capability: Capability;
  readonly target: Target;
  status: CollectorStatus;
  /** Why the status is not `ok`. */
  cause: Cause | null;
  failed: readonly FailedPart[];
  /** Parts that had nothing to show at the last attempt though nothing failed. */
  passedOver: readonly FailedPart[];
  /** A kept snapshot of another configuration, found at start: not shown, but what it counted goes on. */
  former: Snapshot | undefined;
  /** The last good snapshot. */
  kept: Kept | undefined;
  /** Start of the last attempt that ended, and of the last that succeeded; milliseconds since the epoch. */
  lastAttempt: number | undefined;
  lastSuccess: number | undefined;
  /** Start of the last attempt that ended without figures (failed, no data); undefined once one brings figures. */
  emptyHandedAt: number | undefined;
  /** The last attempt was paid for and brought nothing: the next one waits until then; milliseconds since the epoch. */
  notBefore: number | undefined;
  /** Collections that were cut off by the end of their process since the last that succeeded. */
  interruptions: number;
  /** Pages that a query is known to have at least, since the budget has cut it off there; 0: nothing is known. */
  minPages: number;
  /** When the next run is due; milliseconds since the epoch, undefined before the jobs start. */
  nextRun: number | undefined;
}

/** Whether a collector's figures are old: its last attempt failed, or its last success is older than two intervals. */
export function isStale(state: CollectorState, now: number): boolean {
  if (state.status === 'failed' || state.status === 'partial') return true;
  return state.lastSuccess === undefined || now - state.lastSuccess > 2 * state.capability.intervalMs;
}

/** Whether the snapshot is of an earlier UTC day than `now`, and an attempt of that day has ended without figures. */
export function isOverdue({ emptyHandedAt, kept }: CollectorState, now: number): boolean {
  if (emptyHandedAt === undefined || kept === undefined) return false;
  const today = dayOf(now);
  return dayOf(emptyHandedAt) === today && dayOf(Date.parse(kept.snapshot.collectedAt)) < today;
}

/** Why a collector has no figures though nothing failed; null where it has, or where something did. */
export function reasonOf({ status }: CollectorState): EmptyReason | null {
  return status === 'no_data' || status === 'not_enabled' ? status : null;
}

/** The collectors of every target: by capability in the canonical order, and within it by target in file order. */
export class CollectorStates {
  readonly #states: CollectorState[] = [];

  /** Adds a capability for each target that has it. */
  add(capability: Capability, targets: readonly Target[]): void {
    if (this.#states.some((state) => state.capability.name === capability.name)) {
      throw new TypeError(`two capabilities are named ${capability.name}`);
    }
    for (const target of targets.filter(({ capabilities }) => capabilities.includes(capability.name))) {
      this.#states.push({
        capability,
        target,
        status: 'pending',
        cause: null,
        failed: [],
        passedOver: [],
        former: undefined,
        kept: undefined,
        lastAttempt: undefined,
        lastSuccess: undefined,
        emptyHandedAt: undefined,
        notBefore: undefined,
        interruptions: 0,
        minPages: 0,
        nextRun: undefined,
      });
    }
  }

  all(): readonly CollectorState[] {
    return this.#states;
  }

  /** The collector of a target; undefined where the target does not have the capability. */
  get(collector: string, target: string): CollectorState | undefined {
    return this.#states.find((state) => state.capability.name === collector && state.target.name === target);
  }

  /** The targets of one collector, in file order. */
  ofCollector(collector: string): readonly CollectorState[] {
    return this.#states.filter((state) => state.capability.name === collector);
  }

  /** The collectors of one target. */
  ofTarget(target: string): readonly CollectorState[] {
    return this.#states.filter((state) => state.target.name === target);
  }
}
