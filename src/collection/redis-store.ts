import { createHash } from 'node:crypto';
import { snapshotId } from './memory-store.ts';
import { LONGEST_ANSWER_MS, type RedisConnection } from './redis-connection.ts';
import type { Kept, SnapshotStore } from './snapshot.ts';
import { decode, encode, isNewer, MAX_STORED_BYTES, UnreadableSnapshot } from './snapshot-codec.ts';

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
  kept: Kept;
  /** Collected by this process, not read from Redis. */
  own: boolean;
  /** Not in Redis yet. */
  dirty: boolean;
  /** Of the bytes in Redis that are known to be `kept`. */
  digest?: string | undefined;
}

/**
 * Keeps snapshots in memory and, behind that, in Redis: for the next start of this process, and for others with the same
 * prefix. `save` never waits for Redis; what could not be written is written when Redis is back, as is everything where
 * Redis has lost it. `load` gives whichever is newer. A value in Redis that cannot be read is as good as none, and is one log line.
 */
export class RedisStore implements SnapshotStore {
  readonly #connection: RedisConnection;
  readonly #entries = new Map<string, Entry>();
  /** What was said of a value that could not be read, by key: it is said once. */
  readonly #complaints = new Map<string, string>();
  #reconciled = 0;
  #closing: Promise<void> | undefined;

  /** Starts the connection. */
  constructor(connection: RedisConnection) {
    this.#connection = connection;
    connection.addCheck(() => this.#synchronize());
    connection.start();
  }

  async load(collector: string, target: string): Promise<Kept | undefined> {
    const id = snapshotId(collector, target);
    if (await this.#connection.answers()) {
      try {
        await this.#refresh(collector, target);
      } catch {
        // It was not answered: the check finds out what that means.
        void this.#connection.check();
      }
    }
    return this.#entries.get(id)?.kept;
  }

  async save(kept: Kept): Promise<void> {
    const { collector, target } = kept.snapshot;
    this.#entries.set(snapshotId(collector, target), { collector, target, kept, own: true, dirty: true });
    void this.#connection.check();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WRITES_MS);
    });
    if (this.#dirty() !== undefined) await Promise.race([this.#connection.check(), patience]);
    clearTimeout(timer);
    await this.#connection.close();
  }

  /** The key of a snapshot: names are percent-encoded, so that no name can reach into another's key. */
  #key(collector: string, target: string): string {
    const names = [collector, target].map((name) => encodeURIComponent(name.toWellFormed()));
    return `${this.#connection.keyPrefix}snapshot:${names.join(':')}`;
  }

  #dirty(): Entry | undefined {
    for (const entry of this.#entries.values()) if (entry.dirty) return entry;
    return undefined;
  }

  /** Brings Redis up to date. @throws Error where it cannot be written to. */
  async #synchronize(): Promise<void> {
    const { generation } = this.#connection;
    if (this.#reconciled !== generation) {
      for (const [id, { collector, target }] of [...this.#entries]) {
        const stored = await this.#refresh(collector, target);
        const entry = this.#entries.get(id);
        if (entry !== undefined && stored !== entry.kept) entry.dirty = true;
      }
      this.#reconciled = generation;
    }
    for (let entry = this.#dirty(); entry !== undefined; entry = this.#dirty()) await this.#write(entry);
  }

  async #write(entry: Entry): Promise<void> {
    const key = this.#key(entry.collector, entry.target);
    let bytes: Buffer;
    try {
      bytes = await encode(entry.kept);
    } catch (error) {
      // It stays in memory: trying again would give the same.
      entry.dirty = false;
      this.#complain(key, error, 'A snapshot cannot be kept in Redis');
      return;
    }
    await this.#connection.ask((redis) => redis.set(key, bytes, 'EX', EXPIRY_SECONDS), LONGEST_ANSWER_MS);
    this.#complaints.delete(key);
    entry.digest = digestOf(bytes);
    entry.dirty = false;
  }

  /**
   * Reads what Redis has, and takes it over where it is to replace what is known.
   * @returns the snapshot in Redis, the very object in memory where the two are the same; undefined where there is none.
   * @throws Error where Redis does not answer.
   */
  async #refresh(collector: string, target: string): Promise<Kept | undefined> {
    const key = this.#key(collector, target);
    const id = snapshotId(collector, target);
    try {
      const bytes = await this.#connection
        .ask((redis) => redis.getrangeBuffer(key, 0, MAX_STORED_BYTES))
        .catch(foreign);
      if (bytes.length === 0) return undefined;
      const digest = digestOf(bytes);
      const known = this.#entries.get(id);
      if (known?.digest === digest) return known.kept;
      const stored = await decode(bytes);
      if (stored.snapshot.collector !== collector || stored.snapshot.target !== target) {
        throw new UnreadableSnapshot('of another collector or target');
      }
      this.#complaints.delete(key);
      const current = this.#entries.get(id);
      if (current === undefined || replaces(stored, current)) {
        this.#entries.set(id, { collector, target, kept: stored, own: false, dirty: false, digest });
      }
      return stored;
    } catch (error) {
      if (!(error instanceof UnreadableSnapshot)) throw error;
      this.#complain(key, error, 'A value in Redis is not a snapshot that this version can read: ignored');
      return undefined;
    }
  }

  #complain(key: string, error: unknown, message: string): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#complaints.get(key) === reason) return;
    this.#complaints.set(key, reason);
    this.#connection.logger.warn({ key, reason }, message);
  }
}

/** Whether a snapshot from Redis is to be shown in place of the known one. */
function replaces(stored: Kept, { kept, own }: Entry): boolean {
  const { schema, fingerprint } = kept.snapshot;
  const alike = stored.snapshot.schema === schema && stored.snapshot.fingerprint === fingerprint;
  // Another version or configuration runs on another replica: what this process has collected is right for it.
  return alike ? isNewer(stored, kept) : !own;
}

/** A key that holds a list, a set, ... is not ours. */
function foreign(error: unknown): never {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) {
    throw new UnreadableSnapshot('not a string', { cause: error });
  }
  throw error;
}

function digestOf(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('base64');
}
