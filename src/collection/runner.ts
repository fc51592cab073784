import { orAborted } from '../abort.ts';
import { timedOut } from '../aws/aws-errors.ts';
import type { AwsSession } from '../aws/clients.ts';
import type { Target } from '../config.ts';
import { type CauseCode, type CollectionError, notLeader, publicCause } from '../errors.ts';
import { withRoomyHeap } from '../heap.ts';
import type { SkipReason } from '../metrics/self-families.ts';
import type { Leases } from '../replicas/leases.ts';
import type { Ledger } from '../spend/ledger.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Freshness } from './freshness.ts';
import type { Keeper, KeeperEvents } from './keeper.ts';
import { partForLog, reasonForLog } from './log-reason.ts';
import type { Snapshot } from './snapshot.ts';
import type { CollectorState } from './state.ts';

/** Longest wait of who follows the bill for a look at it that is under way, in milliseconds. */
const LOOK_MS = 30_000;

/** How a run ended. `paid` is false where it certainly cost nothing. */
export type RunOutcome =
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | { readonly kind: 'collected' | 'failed' | 'empty'; readonly paid: boolean };

/** What the runner needs of the rest of the program. */
export interface RunnerOptions {
  readonly keeper: Keeper;
  readonly leases: Pick<Leases, 'holds' | 'why'>;
  readonly ledger: Pick<Ledger, 'done'>;
  readonly freshness: Freshness;
  /** AWS as a target sees it. */
  readonly aws: {
    /** The account of a target that may collect; throws a typed cause where it may not. */
    account(target: Target): Promise<string>;
    session(target: Target, collector: string, signal: AbortSignal): Promise<AwsSession>;
    /** The typed cause of whatever a collection threw. */
    classify(target: Target, error: unknown): CollectionError;
  };
  readonly events: RunnerEvents;
  /** The collector that sees the bill of a target move. */
  seer(target: Target): CollectorState | undefined;
  /** The kept snapshot of another collector of a target. */
  other(target: Target, collector: string): Snapshot | undefined;
  readonly now: () => number;
}

/** Where runs are told of: metrics and the log. Times are milliseconds since the epoch. */
export interface RunnerEvents extends KeeperEvents {
  onSkip(collector: string, target: string, reason: SkipReason): void;
  onAttempt(
    collector: string,
    target: string,
    attempt: { ok: boolean; at: number; durationMs: number },
  ): void;
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

  /** Shows what another replica has saved or noted. */
  async adopt(state: CollectorState): Promise<void> {
    let shown = false;
    // While it runs itself it may bring something newer; where it does not, what the other has brought still counts.
    while (!shown) {
      await Promise.allSettled([this.#running.get(state)]);
      await this.#options.keeper.adopt(state, () => {
        shown = !this.#running.has(state);
        return shown;
      });
    }
  }

  /** One run of one collector: skipped where another replica collects, while its figures stand, or while a run is under way. */
  async run(state: CollectorState): Promise<RunOutcome> {
    const { leases, freshness } = this.#options;
    await this.#billLookedAt(state);
    if (this.#closing.signal.aborted) return { kind: 'failed', paid: false };
    if (this.#running.has(state)) return this.#skip(state, 'running');
    if (!leases.holds(state.target.name)) return this.#notLeading(state);
    if (freshness.isFresh(state)) return this.#skip(state, 'fresh');
    const stands = freshness.stands(state);
    const run = (stands ? this.#leaveUnchanged(state) : withRoomyHeap(() => this.#attempt(state))).finally(
      () => this.#running.delete(state),
    );
    this.#running.set(state, run);
    return run;
  }

  /** Who follows the bill waits where it is being looked at, for a while: one look decides for all. */
  async #billLookedAt({ capability, target }: CollectorState): Promise<void> {
    if (capability.newDay === undefined || !this.#options.freshness.rules.detect) return;
    const seer = this.#options.seer(target);
    const look = seer?.lastSuccess === undefined ? undefined : this.#running.get(seer);
    if (look === undefined) return;
    const enough = new AbortController();
    const timer = setTimeout(() => enough.abort(), LOOK_MS);
    try {
      await orAborted(look, AbortSignal.any([this.#closing.signal, enough.signal]), () => timedOut());
    } catch {
      // It goes by what is known.
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether what it has is fresh: a run is passed over. */
  isFresh(state: CollectorState): boolean {
    return this.#options.freshness.isFresh(state);
  }

  /** When a collector may be run next without buying twice, in milliseconds since the epoch; 0: at once. */
  dueAt(state: CollectorState): number {
    return Math.max(this.#options.freshness.dueAt(state), state.notBefore ?? 0);
  }

  /** When a collector is run at the latest, in milliseconds since the epoch; undefined: at its ticks. */
  latestAt(state: CollectorState): number | undefined {
    return this.#options.freshness.latestAt(state);
  }

  /** Aborts what runs, the calls under way too, and waits for it. No run starts afterwards. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running.values());
  }

  async #attempt(state: CollectorState): Promise<RunOutcome> {
    const { events, freshness, now } = this.#options;
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
          isFresh: (collectedAt, days) => freshness.isPartFresh(state, Date.parse(collectedAt), days),
          isStillTrue: (days) => freshness.isStillTrue(state, days),
          changes: freshness.rules,
          minPages: state.minPages,
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
        await this.#options.keeper.confirm(state, at);
        await this.#done(state);
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
      await this.#options.keeper.keep(state, { snapshot, confirmedAt: snapshot.collectedAt }, collected, at);
      await this.#done(state);
      events.onAttempt(capability.name, target.name, { ...ended, durationMs: performance.now() - started });
      if (ended.ok) events.onLog('info', details, 'collected');
      else
        events.onLog('warn', { ...details, failed: collected.failed.map(partForLog) }, 'collected in part');
      return { kind: 'collected', paid: snapshot.requests > 0 };
    } catch (thrown) {
      const error = this.#options.aws.classify(target, this.#closing.signal.aborted ? timedOut() : thrown);
      // A call that was cut off may have been answered after all.
      const paid = session !== undefined && (error.code === 'timeout' || session.paidRequests > 0);
      const pages = session?.paidRequests ?? 0;
      return this.#emptyHanded(state, error, { at, durationMs: performance.now() - started, paid, pages });
    } finally {
      clearTimeout(timer);
      // What the end of the process cuts off stays in the ledger: the next start must know.
      if (!this.#closing.signal.aborted) await this.#done(state);
    }
  }

  #done({ capability, target }: CollectorState): Promise<void> {
    return this.#options.ledger.done({ target: target.name, collector: capability.name });
  }

  /** The figures stand though nothing was asked: the bill has not moved, or may not be followed yet. */
  async #leaveUnchanged(state: CollectorState): Promise<RunOutcome> {
    const at = this.#options.now();
    await this.#options.keeper.confirm(state, at);
    this.#options.events.onConfirmed(
      state.capability.name,
      state.target.name,
      at,
      state.kept?.snapshot.accountId ?? '',
    );
    return this.#skip(state, 'unchanged');
  }

  /** Enters an attempt that brought no figures. */
  async #emptyHanded(
    state: CollectorState,
    error: CollectionError,
    { at, durationMs, paid, pages }: { at: number; durationMs: number; paid: boolean; pages: number },
  ): Promise<RunOutcome> {
    const { events, keeper } = this.#options;
    const { capability, target } = state;
    const details = {
      collector: capability.name,
      target: target.name,
      code: error.code,
      advice: error.advice,
    };
    if (this.#closing.signal.aborted) return { kind: 'failed', paid };
    if (error.code === 'not_leader') return this.#notLeading(state);
    if (error.code === 'no_credentials' || error.code === 'budget') {
      if (state.status !== error.code) events.onLog('warn', details, error.message);
      await keeper.passOver(state, error.code, error, pages);
      return this.#skip(state, error.code);
    }
    const empty = nothingToShow(error.code);
    await keeper.emptyHanded(state, empty ?? 'failed', error, { at, paid });
    events.onAttempt(capability.name, target.name, { ok: empty !== undefined, at, durationMs });
    events.onLog(
      empty === undefined ? 'warn' : 'info',
      { ...details, durationMs: Math.round(durationMs), reason: reasonForLog(error) },
      error.message,
    );
    return { kind: empty === undefined ? 'failed' : 'empty', paid };
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
