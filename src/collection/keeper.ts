import { setImmediate } from 'node:timers/promises';
import { type CollectionError, notLeader, publicCause } from '../errors.ts';
import type { Leases } from '../replicas/leases.ts';
import type { Ledger } from '../spend/ledger.ts';
import type { Collected, EmptyReason } from './capability.ts';
import { FRESH_SHARE } from './freshness.ts';
import { reasonForLog } from './log-reason.ts';
import type { Publisher } from './publisher.ts';
import { takeUp } from './restore.ts';
import type { Kept, SnapshotStore } from './snapshot.ts';
import { standingOf } from './standing.ts';
import type { CollectorState } from './state.ts';

/** How long earlier figures stay where AWS has no data any more, in milliseconds. */
export const NO_DATA_KEEP_MS = 24 * 3_600_000;

/** What the keeper needs of the rest of the program. */
export interface KeeperOptions {
  readonly store: SnapshotStore;
  readonly leases: Pick<Leases, 'holds'>;
  readonly ledger: Pick<Ledger, 'interrupted' | 'done'>;
  readonly publisher: Publisher;
  readonly events: KeeperEvents;
  readonly now: () => number;
}

/** Where what is kept is told of. Times are milliseconds since the epoch. */
export interface KeeperEvents {
  /** A snapshot was found to be right at `at`; undefined where parts of it had failed. */
  onConfirmed(collector: string, target: string, at: number | undefined, accountId: string): void;
  /** The bill of a target was seen to have moved. */
  onMoved(target: string, at: number): void;
  onLog(level: 'info' | 'warn', details: object, message: string): void;
}

/** Keeps what collections bring, and how they stand: in memory, in the store and on the page. */
export class Keeper {
  readonly #options: KeeperOptions;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Takes up the kept snapshots of some collectors and publishes them, before anything is asked of AWS. */
  async restore(states: readonly CollectorState[]): Promise<void> {
    const { store, events } = this.#options;
    const found = await Promise.all(
      states.map(({ capability, target }) => store.load(capability.name, target.name)),
    );
    const restored = takeUp(states, found);
    for (const state of restored) {
      const { capability, target, lastSuccess, kept } = state;
      events.onConfirmed(capability.name, target.name, lastSuccess, kept?.snapshot.accountId ?? '');
      this.#tellMoved(state);
    }
    await this.#publish(restored);
  }

  /**
   * Takes a target over, at the start or from a replica that is gone: what is kept is as its last holder left it, and what
   * was cut off in the middle is not paid for again.
   */
  async takeOver(states: readonly CollectorState[]): Promise<void> {
    const { ledger } = this.#options;
    await this.restore(states);
    const [first] = states;
    if (first === undefined) return;
    const { name: target } = first.target;
    for (const { collector, at, pages } of await ledger.interrupted(target)) {
      const state = states.find(({ capability }) => capability.name === collector);
      if (state !== undefined && pages > 0) await this.#cutOff(state, at, pages);
      // Only now: whoever dies in between must find it again.
      await ledger.done({ target, collector });
    }
  }

  /** A collection had paid for something when its process ended: not again in the same round. */
  async #cutOff(state: CollectorState, at: number, pages: number): Promise<void> {
    const { now, events, store } = this.#options;
    const { capability, target } = state;
    state.interruptions += 1;
    // A collector that has nothing to show yet is tried once more.
    const again = state.kept === undefined && state.interruptions <= 1;
    if (!again) state.notBefore = at + FRESH_SHARE * capability.intervalMs;
    const next = new Date(again ? now() : (state.notBefore ?? 0)).toISOString();
    events.onLog(
      'warn',
      { collector: capability.name, target: target.name, pages, next },
      'a collection was cut off by the end of its process: what it had paid for is lost',
    );
    await store.note(standingOf(state));
  }

  /** Shows what another replica has saved or noted, if that is still wanted once it has been read. */
  async adopt(state: CollectorState, wanted: () => boolean): Promise<void> {
    const { store, events } = this.#options;
    const { capability, target } = state;
    const shown = () => `${state.kept?.snapshot.collectedAt} ${state.emptyHandedAt}`;
    const before = shown();
    const found = await store.load(capability.name, target.name);
    if (!wanted()) return;
    takeUp([state], [found]);
    if (state.kept !== undefined)
      events.onConfirmed(capability.name, target.name, state.lastSuccess, state.kept.snapshot.accountId);
    this.#tellMoved(state);
    if (shown() !== before) await this.#publish([state]);
  }

  /** Publishes every kept snapshot anew: a new UTC day has begun. */
  async newDay(states: readonly CollectorState[]): Promise<void> {
    await this.#publish(states.filter(({ kept }) => kept !== undefined));
  }

  /**
   * Keeps and shows what a collection has brought.
   *
   * @throws {CollectionError} `not_leader` where another replica has taken the target over: nothing is written then.
   * @throws whatever publishing throws: what was kept before stays.
   */
  async keep(
    state: CollectorState,
    kept: Kept,
    { failed, passedOver = [] }: Collected<unknown>,
    at: number,
  ): Promise<void> {
    const { leases, publisher, store } = this.#options;
    // To collect may have held the event loop for a while, and so may it to publish.
    await setImmediate();
    if (!leases.holds(state.target.name)) throw notLeader(state.target.name);
    const before = { kept: state.kept, emptyHandedAt: state.emptyHandedAt };
    state.kept = kept;
    state.emptyHandedAt = undefined;
    try {
      await publisher.publish([state]);
    } catch (error) {
      Object.assign(state, before);
      throw error;
    }
    state.lastAttempt = at;
    state.failed = failed;
    state.passedOver = passedOver;
    state.status = failed.length > 0 ? 'partial' : 'ok';
    state.cause = failed[0]?.cause ?? null;
    if (failed.length === 0) state.lastSuccess = at;
    // Parts that failed may have been paid for: a restart is no reason to try them again before the next tick.
    const again = failed.length > 0 && kept.snapshot.requests > 0;
    state.notBefore = again ? at + FRESH_SHARE * state.capability.intervalMs : undefined;
    state.interruptions = 0;
    state.minPages = 0;
    this.#tellMoved(state);
    if (!(await store.save(kept, standingOf(state)))) {
      await this.restore([state]);
      throw notLeader(state.target.name);
    }
  }

  /** The kept snapshot is what there would be to collect. */
  async confirm(state: CollectorState, at: number): Promise<void> {
    if (state.kept === undefined) return;
    const attempted = state.status !== 'ok' || state.emptyHandedAt !== undefined;
    state.kept = { ...state.kept, confirmedAt: new Date(at).toISOString() };
    Object.assign(state, {
      status: 'ok',
      cause: null,
      failed: [],
      lastSuccess: at,
      emptyHandedAt: undefined,
    });
    Object.assign(state, { notBefore: undefined, interruptions: 0 });
    if (attempted) await this.#publish([state]);
    await this.#options.store.note(standingOf(state));
  }

  /** Enters an attempt that brought no figures; one that was paid for is not repeated before its round is over. */
  async emptyHanded(
    state: CollectorState,
    status: EmptyReason | 'failed',
    error: CollectionError,
    { at, paid }: { at: number; paid: boolean },
  ): Promise<void> {
    const failed = status === 'failed';
    state.status = status;
    state.cause = publicCause(error);
    state.failed = error.parts?.failed ?? [];
    state.passedOver = error.parts?.passedOver ?? [];
    state.lastAttempt = at;
    state.emptyHandedAt = at;
    if (!failed) state.lastSuccess = at;
    if (failed && paid) state.notBefore = at + FRESH_SHARE * state.capability.intervalMs;
    const tooOld =
      state.kept !== undefined && at - Date.parse(state.kept.snapshot.collectedAt) > NO_DATA_KEEP_MS;
    if (error.code === 'wrong_account' || (!failed && tooOld)) state.kept = undefined;
    await this.#publish([state]);
    await this.#options.store.note(standingOf(state));
  }

  /**
   * Enters that nothing was brought, or tried, and why.
   *
   * @param paid - pages that were paid before the budget refused one.
   */
  async passOver(
    state: CollectorState,
    status: 'no_credentials' | 'budget',
    error: CollectionError,
    paid: number,
  ): Promise<void> {
    state.status = status;
    state.cause = publicCause(error);
    // A query that the budget has cut off is not begun again where it could not be ended.
    if (status === 'budget' && paid > 0) state.minPages = paid + 1;
    await this.#options.store.note(standingOf(state));
  }

  #tellMoved({ capability, target, kept }: CollectorState): void {
    const at = kept && capability.movedAt?.(kept.snapshot.data);
    if (at !== undefined) this.#options.events.onMoved(target.name, at);
  }

  /** Publishes; a failure of it is logged, and what was published before stays. */
  async #publish(states: readonly CollectorState[]): Promise<void> {
    if (states.length === 0) return;
    try {
      await this.#options.publisher.publish(states);
    } catch (error) {
      this.#options.events.onLog('warn', { reason: reasonForLog(error) }, 'publication failed');
    }
  }
}
