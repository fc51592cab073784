import { snapshotId } from './memory-store.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { Kept, Standing } from './snapshot.ts';
import { decode, encode, MAX_STORED_BYTES, UnreadableSnapshot } from './snapshot-codec.ts';
import { isStanding } from './standing.ts';

/** No bytes: nothing is kept there. */
export const EMPTY = Buffer.alloc(0);

const NO_SNAPSHOT = 'A value in Redis is not a snapshot that this version can read: ignored';
const NO_STANDING = 'A value in Redis is not one that this version can read: ignored';

/**
 * Where in Redis each value lies, and what its bytes mean. One that cannot be read is as good as none, and is one log line. What
 * asks Redis throws where it does not answer.
 */
export class RedisValues {
  readonly #connection: RedisConnection;
  /** What was said of a value that could not be read, by key: it is said once. */
  readonly #complaints = new Map<string, string>();

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /** The key of a snapshot: names are percent-encoded, so that no name can reach into another's key. */
  key(collector: string, target: string): string {
    const names = [collector, target].map((name) => encodeURIComponent(name.toWellFormed()));
    return `${this.#connection.keyPrefix}snapshot:${names.join(':')}`;
  }

  /** The key of the hash that has how every collector stands. */
  get standingsKey(): string {
    return `${this.#connection.keyPrefix}standings`;
  }

  /** Asks for a snapshot's bytes; none where there is none. */
  bytes(collector: string, target: string): Promise<Buffer> {
    const key = this.key(collector, target);
    return this.#connection
      .ask((redis) => redis.getrangeBuffer(key, 0, MAX_STORED_BYTES))
      .catch((error: unknown) => {
        this.#complain(key, foreign(error), NO_SNAPSHOT);
        return EMPTY;
      });
  }

  /** A snapshot; undefined where the bytes are none of this collector and target. */
  async decoded(collector: string, target: string, bytes: Buffer): Promise<Kept | undefined> {
    const key = this.key(collector, target);
    try {
      const stored = await decode(bytes);
      if (stored.snapshot.collector !== collector || stored.snapshot.target !== target) {
        throw new UnreadableSnapshot('of another collector or target');
      }
      this.#complaints.delete(key);
      return stored;
    } catch (error) {
      if (!(error instanceof UnreadableSnapshot)) throw error;
      this.#complain(key, error, NO_SNAPSHOT);
      return undefined;
    }
  }

  /** A snapshot's bytes; none where it cannot be kept: it stays in memory, trying again would give the same. */
  async encoded(collector: string, target: string, kept: Kept | undefined): Promise<Buffer> {
    const key = this.key(collector, target);
    try {
      const bytes = kept === undefined ? EMPTY : await encode(kept);
      this.#complaints.delete(key);
      return bytes;
    } catch (error) {
      this.#complain(key, error, 'A snapshot cannot be kept in Redis');
      return EMPTY;
    }
  }

  /** Asks how a collector stands: the text in Redis, and what it means where it can be read. */
  async standing(
    collector: string,
    target: string,
  ): Promise<{ text: string | undefined; standing: Standing | undefined }> {
    const id = snapshotId(collector, target);
    const key = `${this.standingsKey} ${collector} ${target}`;
    let text: string | undefined;
    try {
      text = (await this.#connection.ask((redis) => redis.hget(this.standingsKey, id))) ?? undefined;
    } catch (error) {
      this.#complain(key, foreign(error), NO_STANDING);
    }
    if (text === undefined) return { text, standing: undefined };
    const standing = parse(text);
    if (isStanding(standing) && standing.collector === collector && standing.target === target)
      return { text, standing };
    this.#complain(key, new Error('not how a collector stands'), NO_STANDING);
    return { text, standing: undefined };
  }

  #complain(key: string, error: unknown, message: string): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#complaints.get(key) === reason) return;
    this.#complaints.set(key, reason);
    this.#connection.logger.warn({ key, reason }, message);
  }
}

/** What JSON text says; undefined where it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A key that holds a list, a set, ... is not ours. @throws whatever else went wrong. */
function foreign(error: unknown): Error {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return new Error('not a string');
  throw error;
}
