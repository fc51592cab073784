import { orAborted } from '../abort.ts';
import { timedOut } from '../aws/aws-errors.ts';
import type { AwsSession } from '../aws/clients.ts';
import type { Target } from '../config.ts';
import { type CauseCode, type CollectionError, publicCause } from '../errors.ts';
import type { SkipReason } from '../metrics/self-families.ts';
import type { Collected } from './capability.ts';
import { partForLog, reasonForLog } from './log-reason.ts';
import type { Publisher } from './publisher.ts';
import { fingerprintOf, takeUp } from './restore.ts';
import type { Kept, Snapshot, SnapshotStore } from './snapshot.ts';
import type { CollectorState } from './state.ts';

/** Share of its interval for which a snapshot is fresh at most: a tick that comes a little early must not skip. */
export const FRESH_SHARE = 0.9;
/** How long earlier figures stay where AWS has no data any more, in milliseconds. */
export const NO_DATA_KEEP_MS = 24 * 3_600_000;

/** How a run ended. `paid` is false where it certainly cost nothing. */
export type RunOutcome =
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | { readonly kind: 'collected' | 'failed' | 'empty'; readonly paid: boolean };

/** What the runner needs of the rest of the program. */
export interface RunnerOptions {
  readonly store: SnapshotStore;
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
  /** Longest time for which a snapshot is fresh, in milliseconds; 0: never. */
  readonly cacheTtlMs: number;
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

  /** One run of one collector: skipped while its snapshot is fresh or another run is under way. */
  async run(state: CollectorState): Promise<RunOutcome> {
    if (this.#closing.signal.aborted) return { kind: 'failed', paid: false };
    if (this.#running.has(state)) return this.#skip(state, 'running');
    if (this.isFresh(state)) return this.#skip(state, 'fresh');
    const run = this.#attempt(state).finally(() => this.#running.delete(state));
    this.#running.set(state, run);
    return run;
  }

  /** When a collector's snapshot stops being fresh, in milliseconds since the epoch; 0 where it is not. */
  freshUntil({ capability, kept }: CollectorState): number {
    if (kept === undefined || kept.snapshot.partial) return 0;
    const lifetime = this.#lifetime(capability.intervalMs);
    const confirmed = Date.parse(kept.confirmedAt);
    const cap = capability.freshUntil?.(confirmed) ?? Number.POSITIVE_INFINITY;
    return Math.min(confirmed + lifetime, cap);
  }

  #lifetime(intervalMs: number): number {
    return Math.min(this.#options.cacheTtlMs, FRESH_SHARE * intervalMs);
  }

  /** Whether what was collected at an instant is fresh by its age alone. */
  #lives({ capability }: CollectorState, collectedAt: number): boolean {
    const age = this.#options.now() - collectedAt;
    return age >= 0 && age < this.#lifetime(capability.intervalMs);
  }

  isFresh(state: CollectorState): boolean {
    const now = this.#options.now();
    // A snapshot from the future was written under another clock: it cannot vouch for its age.
    return state.lastSuccess !== undefined && state.lastSuccess <= now && now < this.freshUntil(state);
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
          isFresh: (collectedAt) => this.#lives(state, Date.parse(collectedAt)),
          other: (collector) => this.#options.other(target, collector),
        });
        return { accountId, collected };
      };
      const { accountId, collected } = await orAborted(open(), signal, () =>
        timedOut({ cause: signal.reason }),
      );
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
      const ok = collected.failed.length === 0;
      const durationMs = performance.now() - started;
      events.onAttempt(capability.name, target.name, { ok, at, durationMs });
      const details = { ...log, durationMs: Math.round(durationMs), requests: snapshot.requests };
      if (ok) events.onLog('info', details, 'collected');
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
    }
  }

  async #keep(
    state: CollectorState,
    kept: Kept,
    { failed, passedOver = [] }: Collected<unknown>,
    at: number,
  ): Promise<void> {
    const before = { kept: state.kept, emptyHandedAt: state.emptyHandedAt };
    state.kept = kept;
    state.emptyHandedAt = undefined;
    try {
      await this.#options.publisher.publish([state]);
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
    this.#tellMoved(state);
    await this.#options.store.save(kept);
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
    if (error.code === 'no_credentials') {
      if (state.status !== 'no_credentials') events.onLog('warn', details, error.message);
      state.status = 'no_credentials';
      return this.#skip(state, 'no_credentials');
    }
    const empty = nothingToShow(error.code);
    state.status = empty ?? 'failed';
    state.failed = [];
    state.passedOver = [];
    state.lastAttempt = at;
    state.emptyHandedAt = at;
    if (empty !== undefined) state.lastSuccess = at;
    const tooOld =
      state.kept !== undefined && at - Date.parse(state.kept.snapshot.collectedAt) > NO_DATA_KEEP_MS;
    if (error.code === 'wrong_account' || (empty !== undefined && tooOld)) state.kept = undefined;
    await this.#publish([state]);
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

  #skip({ capability, target }: CollectorState, reason: SkipReason): RunOutcome {
    this.#options.events.onSkip(capability.name, target.name, reason);
    return { kind: 'skipped', reason };
  }
}

/** `no_data` and `not_enabled` are states of a successful collection. */
function nothingToShow(code: CauseCode): 'no_data' | 'not_enabled' | undefined {
  return code === 'no_data' || code === 'not_enabled' ? code : undefined;
}
