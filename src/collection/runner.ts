import { orAborted } from '../abort.ts';
import { timedOut } from '../aws/aws-errors.ts';
import type { AwsSession } from '../aws/clients.ts';
import type { Target } from '../config.ts';
import { type CauseCode, type CollectionError, notLeader, publicCause } from '../errors.ts';
import type { SkipReason } from '../metrics/self-families.ts';
import type { Leases } from '../replicas/leases.ts';
import type { Ledger } from '../spend/ledger.ts';
import type { Collected } from './capability.ts';
import { FRESH_SHARE, type Freshness } from './freshness.ts';
import { partForLog, reasonForLog } from './log-reason.ts';
import type { Publisher } from './publisher.ts';
import { fingerprintOf, takeUp } from './restore.ts';
import type { Kept, Snapshot, SnapshotStore } from './snapshot.ts';
import { standingOf } from './standing.ts';
import type { CollectorState } from './state.ts';

/** How long earlier figures stay where AWS has no data any more, in milliseconds. */
export const NO_DATA_KEEP_MS = 24 * 3_600_000;

/** How a run ended. `paid` is false where it certainly cost nothing. */
export type RunOutcome =
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | { readonly kind: 'collected' | 'failed' | 'empty'; readonly paid: boolean };

/** What the runner needs of the rest of the program. */
export interface RunnerOptions {
  readonly store: SnapshotStore;
  readonly leases: Pick<Leases, 'holds' | 'why'>;
  readonly ledger: Pick<Ledger, 'done' | 'interrupted'>;
  readonly freshness: Freshness;
  readonly publisher: Publisher;
  /** AWS as a target sees it. */
  readonly aws: {
    /** The account of a target that may collect; throws a typed cause where it may not. */
    account(target: Target): Promise<string>;
    session(target: Target, collector: string, signal: AbortSignal): Promise<AwsSession>;
    /** The typed cause of whatever a collection threw. */
    classify(target: Target, error: unknown): CollectionError;
  };
  readonly events: RunnerEvents;
  /** The kept snapshot of another collector of a target. */
  other(target: Target, collector: string): Snapshot | undefined;
  readonly now: () => number;
}

/** Where runs are told of: metrics and the log. Times are milliseconds since the epoch. */
export interface RunnerEvents {
  onSkip(collector: string, target: string, reason: SkipReason): void;
  onAttempt(
    collector: string,
    target: string,
    attempt: { ok: boolean; at: number; durationMs: number },
  ): void;
  /** A kept snapshot was taken up at start; `at` is its last success, undefined where parts of it had failed. */
  onConfirmed(collector: string, target: string, at: number | undefined, accountId: string): void;
  /** The bill of a target was seen to have moved. */
  onMoved(target: string, at: number): void;
  /** One line a run. */
  onLog(level: 'info' | 'warn', details: object, message: string): void;
}

/** Runs collections: single flight, timed out and aborted for real, the last good snapshot kept. Never throws. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #running = new Map<CollectorState, Promise<RunOutcome>>();
  readonly #closing = new AbortController();

  constructor(options: RunnerOptions) {
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
    const { ledger, store, now, events } = this.#options;
    await this.restore(states);
    const [first] = states;
    if (first === undefined) return;
    for (const { collector, at, pages } of await ledger.interrupted(first.target.name)) {
      const state = states.find(({ capability }) => capability.name === collector);
      if (state === undefined) continue;
      state.interruptions += 1;
      // A collector that has nothing to show yet is tried once more.
      const again = state.kept === undefined && state.interruptions <= 1;
      if (!again) state.notBefore = at + FRESH_SHARE * state.capability.intervalMs;
      const next = new Date(again ? now() : (state.notBefore ?? 0)).toISOString();
      events.onLog(
        'warn',
        { collector, target: first.target.name, pages, next },
        'a collection was cut off by the end of its process: what it had paid for is lost',
      );
      await store.note(standingOf(state));
    }
  }

  /** Shows what another replica has saved or noted. */
  async adopt(state: CollectorState): Promise<void> {
    if (this.#running.has(state)) return;
    const { store, events } = this.#options;
    const { capability, target } = state;
    const shown = () => `${state.kept?.snapshot.collectedAt} ${state.emptyHandedAt}`;
    const before = shown();
    const found = await store.load(capability.name, target.name);
    if (this.#running.has(state)) return;
    takeUp([state], [found]);
    if (state.kept !== undefined)
      events.onConfirmed(capability.name, target.name, state.lastSuccess, state.kept.snapshot.accountId);
    this.#tellMoved(state);
    if (shown() !== before) await this.#publish([state]);
  }

  /** One run of one collector: skipped where another replica collects, while its figures stand, or while a run is under way. */
  async run(state: CollectorState): Promise<RunOutcome> {
    const { leases, freshness } = this.#options;
    if (this.#closing.signal.aborted) return { kind: 'failed', paid: false };
    if (this.#running.has(state)) return this.#skip(state, 'running');
    if (!leases.holds(state.target.name)) return this.#notLeading(state);
    if (freshness.isFresh(state)) return this.#skip(state, 'fresh');
    const run = (freshness.stands(state) ? this.#leaveUnchanged(state) : this.#attempt(state)).finally(() =>
      this.#running.delete(state),
    );
    this.#running.set(state, run);
    return run;
  }

  /** When a collector may be run next without buying twice, in milliseconds since the epoch; 0: at once. */
  dueAt(state: CollectorState): number {
    const { freshness } = this.#options;
    return Math.max(freshness.isFresh(state) ? freshness.until(state) : 0, state.notBefore ?? 0);
  }

  /** Publishes every kept snapshot anew: a new UTC day has begun. */
  async newDay(states: readonly CollectorState[]): Promise<void> {
    await this.#publish(states.filter(({ kept }) => kept !== undefined));
  }

  /** Aborts what runs, the calls under way too, and waits for it. No run starts afterwards. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running.values());
  }

  async #attempt(state: CollectorState): Promise<RunOutcome> {
    const { events, now } = this.#options;
    const { capability, target } = state;
    const at = now();
    const started = performance.now();
    let session: AwsSession | undefined;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), capability.timeoutMs);
    const log = { collector: capability.name, target: target.name };
    try {
      const signal = AbortSignal.any([this.#closing.signal, timeout.signal]);
      const open = async () => {
        const accountId = await this.#options.aws.account(target);
        signal.throwIfAborted();
        session = await this.#options.aws.session(target, capability.name, signal);
        const ofAccount = (snapshot?: Snapshot) => (snapshot?.accountId === accountId ? snapshot : undefined);
        const collected = await capability.collect({
          target,
          accountId,
          aws: session,
          signal,
          startedAt: at,
          previous: ofAccount(state.kept?.snapshot),
          former: ofAccount(state.former),
          isFresh: (collectedAt) => this.#options.freshness.isPartFresh(state, Date.parse(collectedAt)),
          changes: this.#options.freshness.rules,
          other: (collector) => this.#options.other(target, collector),
        });
        return { accountId, collected };
      };
      const { accountId, collected } = await orAborted(open(), signal, () =>
        timedOut({ cause: signal.reason }),
      );
      const details = {
        ...log,
        durationMs: Math.round(performance.now() - started),
        requests: session?.paidRequests ?? 0,
      };
      const ended = { ok: collected.failed.length === 0, at, durationMs: performance.now() - started };
      if (collected.unchanged && state.kept !== undefined) {
        await this.#confirm(state, at);
        events.onAttempt(capability.name, target.name, ended);
        events.onLog('info', details, 'collected: the bill is unchanged');
        return { kind: 'collected', paid: details.requests > 0 };
      }
      const snapshot: Snapshot = {
        schema: capability.schema,
        collector: capability.name,
        target: target.name,
        accountId,
        collectedAt: new Date(at).toISOString(),
        requests: session?.paidRequests ?? 0,
        fingerprint: fingerprintOf(state),
        partial: collected.failed.length > 0,
        data: collected.data,
      };
      await this.#keep(state, { snapshot, confirmedAt: snapshot.collectedAt }, collected, at);
      events.onAttempt(capability.name, target.name, { ...ended, durationMs: performance.now() - started });
      if (ended.ok) events.onLog('info', details, 'collected');
      else
        events.onLog('warn', { ...details, failed: collected.failed.map(partForLog) }, 'collected in part');
      return { kind: 'collected', paid: snapshot.requests > 0 };
    } catch (thrown) {
      const error = this.#options.aws.classify(target, this.#closing.signal.aborted ? timedOut() : thrown);
      // A call that was cut off may have been answered after all.
      const paid = session !== undefined && (error.code === 'timeout' || session.paidRequests > 0);
      return this.#emptyHanded(state, error, { at, durationMs: performance.now() - started, paid });
    } finally {
      clearTimeout(timer);
      await this.#options.ledger.done({ target: target.name, collector: capability.name });
    }
  }

  async #keep(
    state: CollectorState,
    kept: Kept,
    { failed, passedOver = [] }: Collected<unknown>,
    at: number,
  ): Promise<void> {
    const { leases, publisher, store } = this.#options;
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
    state.notBefore = undefined;
    state.interruptions = 0;
    this.#tellMoved(state);
    if (!(await store.save(kept, standingOf(state)))) {
      await this.restore([state]);
      throw notLeader(state.target.name);
    }
  }

  /** The figures stand though nothing was asked: the bill has not moved, or may not be followed yet. */
  async #leaveUnchanged(state: CollectorState): Promise<RunOutcome> {
    const at = this.#options.now();
    await this.#confirm(state, at);
    this.#options.events.onConfirmed(
      state.capability.name,
      state.target.name,
      at,
      state.kept?.snapshot.accountId ?? '',
    );
    return this.#skip(state, 'unchanged');
  }

  /** The kept snapshot is what there would be to collect. */
  async #confirm(state: CollectorState, at: number): Promise<void> {
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

  /** Enters an attempt that brought no figures. */
  async #emptyHanded(
    state: CollectorState,
    error: CollectionError,
    { at, durationMs, paid }: { at: number; durationMs: number; paid: boolean },
  ): Promise<RunOutcome> {
    const { events } = this.#options;
    const { capability, target } = state;
    const details = {
      collector: capability.name,
      target: target.name,
      code: error.code,
      advice: error.advice,
    };
    if (this.#closing.signal.aborted) return { kind: 'failed', paid };
    state.cause = publicCause(error);
    if (error.code === 'not_leader') return this.#notLeading(state);
    if (error.code === 'no_credentials' || error.code === 'budget') {
      if (state.status !== error.code) events.onLog('warn', details, error.message);
      state.status = error.code;
      await this.#options.store.note(standingOf(state));
      return this.#skip(state, error.code);
    }
    const empty = nothingToShow(error.code);
    state.status = empty ?? 'failed';
    state.failed = error.parts?.failed ?? [];
    state.passedOver = error.parts?.passedOver ?? [];
    state.lastAttempt = at;
    state.emptyHandedAt = at;
    if (empty !== undefined) state.lastSuccess = at;
    if (empty === undefined && paid) state.notBefore = at + FRESH_SHARE * capability.intervalMs;
    const tooOld =
      state.kept !== undefined && at - Date.parse(state.kept.snapshot.collectedAt) > NO_DATA_KEEP_MS;
    if (error.code === 'wrong_account' || (empty !== undefined && tooOld)) state.kept = undefined;
    await this.#publish([state]);
    await this.#options.store.note(standingOf(state));
    events.onAttempt(capability.name, target.name, { ok: empty !== undefined, at, durationMs });
    events.onLog(
      empty === undefined ? 'warn' : 'info',
      { ...details, durationMs: Math.round(durationMs), reason: reasonForLog(error) },
      error.message,
    );
    return { kind: empty === undefined ? 'failed' : 'empty', paid };
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

  /** Another replica collects; before it has brought something, the state says so. */
  #notLeading(state: CollectorState): RunOutcome {
    const { name } = state.target;
    if (state.kept === undefined && (state.cause === null || state.cause.code === 'not_leader'))
      state.cause = publicCause(notLeader(name, this.#options.leases.why(name)));
    return this.#skip(state, 'not_leader');
  }

  #skip({ capability, target }: CollectorState, reason: SkipReason): RunOutcome {
    this.#options.events.onSkip(capability.name, target.name, reason);
    return { kind: 'skipped', reason };
  }
}

/** `no_data` and `not_enabled` are states of a successful collection. */
function nothingToShow(code: CauseCode): 'no_data' | 'not_enabled' | undefined {
  return code === 'no_data' || code === 'not_enabled' ? code : undefined;
}
