import { createHash } from 'node:crypto';
import { atMost } from '../abort.ts';
import { SAVE } from '../replicas/lua.ts';
import type { RedisLeases } from '../replicas/redis-leases.ts';
import { confirmed, NOTHING, snapshotId } from './memory-store.ts';
import { LONGEST_ANSWER_MS, type RedisConnection } from './redis-connection.ts';
import { EMPTY, parse, RedisValues } from './redis-values.ts';
import type { Kept, SnapshotStore, Standing, Stored } from './snapshot.ts';
import { isNewer } from './snapshot-codec.ts';

/**
 * How long Redis keeps a snapshot that is not written again: 35 days. By then not one of the 30 days that a snapshot shows by
 * default is inside the window any more, so it is of no use; and what a removed target left behind does not stay for ever.
 */
export const EXPIRY_SECONDS = 35 * 24 * 60 * 60;

/** Longest time that closing waits for the last writes. */
const LAST_WRITES_MS = 1_000;

interface Entry {
  readonly collector: string;
  readonly target: string;
  kept?: Kept | undefined;
  standing?: Standing | undefined;
  /** The snapshot was collected by this process, not read from Redis. */
  own: boolean;
  /** What Redis does not have yet. */
  dirty?: 'standing' | 'snapshot' | undefined;
  /** Of the bytes in Redis that are known to be `kept`. */
  digest?: string | undefined;
  /** The standing's text in Redis, as far as it is known. */
  text?: string | undefined;
  /** The one that was loaded or written last: another one is news, also where this store has read it on its own account. */
  told?: string | undefined;
}

export interface RedisStoreOptions {
  readonly connection: RedisConnection;
  /** What this process may write; a write of another is refused by Redis. */
  readonly leases: Pick<RedisLeases, 'fence' | 'holds'>;
}

/**
 * Keeps snapshots in memory and, behind that, in Redis: for the next start of this process, and for replicas with the same
 * prefix. What could not be written is written when Redis is back, as is everything where Redis has lost it, by whoever
 * collects for the target. `load` gives whichever is newer. A value in Redis that cannot be read is as good as none, and
 * is one log line.
 */
export class RedisStore implements SnapshotStore {
  readonly #connection: RedisConnection;
  readonly #leases: RedisStoreOptions['leases'];
  readonly #entries = new Map<string, Entry>();
  readonly #values: RedisValues;
  #listener: ((collector: string, target: string) => boolean) | undefined;
  #counter = '0';
  #reconciled = 0;
  #closing: Promise<void> | undefined;

  constructor({ connection, leases }: RedisStoreOptions) {
    this.#connection = connection;
    this.#values = new RedisValues(connection);
    this.#leases = leases;
  }

  async load(collector: string, target: string): Promise<Stored> {
    if (await this.#connection.answers()) {
      try {
        await this.#refresh(collector, target);
      } catch {
        // It was not answered: the check finds out what that means.
        void this.#connection.check();
      }
    }
    const entry = this.#entries.get(snapshotId(collector, target));
    if (entry !== undefined) entry.told = entry.text;
    const { kept, standing } = entry ?? NOTHING;
    return { kept: confirmed(kept, standing), standing };
  }

  save(kept: Kept, standing: Standing): Promise<boolean> {
    const { collector, target } = standing;
    const text = this.#entries.get(snapshotId(collector, target))?.text;
    return this.#put({ collector, target, kept, standing, own: true, dirty: 'snapshot', text });
  }

  note(standing: Standing): Promise<boolean> {
    const { collector, target } = standing;
    const known = this.#entries.get(snapshotId(collector, target));
    const dirty = known?.dirty === 'snapshot' ? 'snapshot' : 'standing';
    return this.#put({ own: false, ...known, collector, target, standing, dirty });
  }

  onNews(listener: (collector: string, target: string) => boolean): void {
    this.#listener = listener;
  }

  /** Looks for what other replicas have written, where the counter of all that is written has moved. Never rejects. */
  async look(counter: string): Promise<void> {
    if (counter === this.#counter || !(await this.#connection.answers())) return;
    try {
      const all = await this.#connection.ask((redis) => redis.hgetall(this.#values.standingsKey));
      const wanted = Object.entries(all).filter(([field, text]) => {
        if (this.#entries.get(field)?.told === text) return false;
        const names: unknown = parse(field);
        if (!Array.isArray(names) || names.length !== 2) return false;
        return this.#listener?.(String(names[0]), String(names[1])) ?? false;
      });
      // What could not be loaded this time is told of again.
      if (wanted.length === 0) this.#counter = counter;
    } catch {
      void this.#connection.check();
    }
  }

  /** Brings Redis up to date. @throws Error where it cannot be written to. */
  async synchronize(): Promise<void> {
    const { generation } = this.#connection;
    if (this.#reconciled !== generation) {
      for (const [id, { collector, target }] of [...this.#entries]) {
        const there = await this.#refresh(collector, target);
        const entry = this.#entries.get(id);
        if (entry === undefined) continue;
        if (entry.kept !== undefined && there !== entry.kept) entry.dirty = 'snapshot';
        else if (entry.text === undefined && entry.standing !== undefined) entry.dirty ??= 'standing';
      }
      this.#reconciled = generation;
    }
    for (const entry of [...this.#entries.values()]) {
      if (entry.dirty !== undefined) await this.#write(entry);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const dirty = [...this.#entries.values()].some((entry) => entry.dirty !== undefined);
    if (dirty) await atMost(LAST_WRITES_MS, this.#connection.check());
    await this.#connection.close();
  }

  /** Takes an entry into memory and writes it, where Redis answers. */
  async #put(entry: Entry): Promise<boolean> {
    const id = snapshotId(entry.collector, entry.target);
    this.#entries.set(id, entry);
    // Where writing is known to fail, so may its fence: what a replica of Redis has of the lease is no refusal.
    if (!(await this.#connection.answers()) || this.#connection.up === false) {
      void this.#connection.check();
      return true;
    }
    try {
      const accepted = await this.#write(entry);
      if (!accepted) this.#entries.delete(id);
      return accepted;
    } catch {
      void this.#connection.check();
      return true;
    }
  }

  /**
   * Writes what Redis does not have of an entry.
   * @returns false where it is refused: another replica collects for the target now.
   * @throws Error where Redis does not answer.
   */
  async #write(entry: Entry): Promise<boolean> {
    const { collector, target, dirty, standing } = entry;
    const fence = this.#leases.fence(target);
    if (fence === undefined || standing === undefined) {
      entry.dirty = undefined;
      return fence !== undefined;
    }
    const bytes = dirty === 'snapshot' ? await this.#values.encoded(collector, target, entry.kept) : EMPTY;
    const text = JSON.stringify(standing);
    const accepted = await this.#connection.ask(
      (redis) =>
        redis.eval(
          SAVE,
          4,
          fence.key,
          this.#values.standingsKey,
          `${this.#connection.keyPrefix}news`,
          this.#values.key(collector, target),
          fence.owner,
          fence.token,
          fence.now,
          snapshotId(collector, target),
          text,
          EXPIRY_SECONDS,
          bytes,
        ),
      LONGEST_ANSWER_MS,
    );
    if (accepted !== 1) return false;
    if (bytes.length > 0) entry.digest = digestOf(bytes);
    entry.text = text;
    entry.told = text;
    entry.dirty = undefined;
    return true;
  }

  /**
   * Reads what Redis has, and takes it over where it is to replace what is known.
   * @returns the snapshot in Redis, the very object in memory where the two are the same; undefined where there is none.
   * @throws Error where Redis does not answer.
   */
  async #refresh(collector: string, target: string): Promise<Kept | undefined> {
    const id = snapshotId(collector, target);
    const { text, standing } = await this.#values.standing(collector, target);
    const known = this.#entries.get(id);
    const same =
      known?.kept !== undefined &&
      known.digest !== undefined &&
      standing !== undefined &&
      standing.collectedAt === known.kept.snapshot.collectedAt &&
      this.#reconciled === this.#connection.generation;
    // Only after its standing: one that was written in between is news by the standing's text, and never missed.
    const there = same ? known.kept : await this.#snapshot(collector, target);
    const current = this.#entries.get(id);
    if (current?.dirty !== undefined) return there;
    const entry: Entry = current ?? { collector, target, own: false };
    entry.text = text;
    if (standing !== undefined) entry.standing = standing;
    this.#entries.set(id, entry);
    return there;
  }

  /** The snapshot in Redis, taken over where it is to be shown in place of the known one. */
  async #snapshot(collector: string, target: string): Promise<Kept | undefined> {
    const id = snapshotId(collector, target);
    const bytes = await this.#values.bytes(collector, target);
    if (bytes.length === 0) return undefined;
    const digest = digestOf(bytes);
    const known = this.#entries.get(id);
    if (known?.kept !== undefined && known.digest === digest) return known.kept;
    const stored = await this.#values.decoded(collector, target, bytes);
    if (stored === undefined) return undefined;
    const current = this.#entries.get(id);
    const wanted =
      current?.kept === undefined || replaces(stored, current.kept, current.own, this.#leases.holds(target));
    if (wanted) {
      const taken = { collector, target, kept: stored, own: false, dirty: undefined, digest };
      this.#entries.set(id, { ...current, ...taken });
    }
    return stored;
  }
}

/** Whether a snapshot from Redis is to be shown in place of the known one. */
function replaces(stored: Kept, kept: Kept, own: boolean, holds: boolean): boolean {
  const { schema, fingerprint } = kept.snapshot;
  const alike = stored.snapshot.schema === schema && stored.snapshot.fingerprint === fingerprint;
  // Another version or configuration runs on another replica: what this process has collected is right for it.
  if (!alike) return !own;
  // Clocks differ: what the holder has written is the latest, whatever its time says.
  return holds ? isNewer(stored, kept) : true;
}

function digestOf(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('base64');
}
