import { closeSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { StateDirError } from './state-dir-error.ts';

/** The file that is locked; it stays empty. */
const FILE = 'lock.db';

/**
 * How long a lock that is taken is tried again: two that come at the same moment may see each other without either having
 * it yet. It is no wait for the end of a process.
 */
const CONTENTION_MS = 200;

/** SQLite's result code for "another connection has the lock". */
const SQLITE_BUSY = 5;

/**
 * The right of one process to a folder: a transaction of SQLite, begun `EXCLUSIVE` on an empty database and never ended.
 *
 * That is a POSIX record lock: the kernel drops it when the process dies, however it dies, it holds between containers that
 * share a volume, and no child inherits it; Node.js has no `flock` of its own. A Unix socket outlives its process as a
 * file whose removal is a race, locks of npm are files with a timestamp (stale after a kill) or native builds, and
 * `PRAGMA locking_mode=EXCLUSIVE` would let two that come together refuse each other (seen in a third of 60 races).
 *
 * Nothing else in this process may open the file: closing any descriptor of it would drop the lock. It is never removed:
 * a file made anew is another file, and two could hold a lock each.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #file: string;
  #database: DatabaseSync | undefined;
  #identity: string | undefined;

  /** @throws StateDirError where another process has it, or the folder has no place for it. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, FILE);
    this.#take(CONTENTION_MS);
  }

  /**
   * Makes sure that the lock still stands for the folder of that path: where someone has removed the file or has put
   * another folder in its place, it is taken anew.
   * @throws StateDirError where that cannot be done.
   */
  hold(): void {
    if (this.#database !== undefined && identityOf(this.#file) === this.#identity) return;
    this.release();
    this.#take(0);
  }

  release(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #take(patienceMs: number): void {
    const Database = databaseClass();
    if (Database === undefined) {
      throw new StateDirError(
        this.#folder,
        'cannot be locked: this Node.js was built or started without SQLite',
      );
    }
    try {
      this.#database = begin(Database, this.#file, patienceMs);
    } catch (error) {
      if (isBusy(error)) throw this.#refusal(error);
      // Not a database: what a crash or a user left there. Whoever had the lock would have been told of first.
      this.#database = this.#takeEmptied(Database, patienceMs);
    }
    this.#identity = identityOf(this.#file);
  }

  #takeEmptied(Database: typeof DatabaseSync, patienceMs: number): DatabaseSync {
    try {
      // Emptied in place, and not replaced: it may be another's by now. Made where there is none: a folder that nothing can be made in
      // says why, which SQLite does not.
      closeSync(openSync(this.#file, 'w', 0o600));
      return begin(Database, this.#file, patienceMs);
    } catch (error) {
      if (isBusy(error)) throw this.#refusal(error);
      throw new StateDirError(this.#folder, `cannot be locked (its file ${FILE})`, error);
    }
  }

  #refusal(cause: unknown): StateDirError {
    return new StateDirError(
      this.#folder,
      'is in use by another process: give each its own folder, or let replicas share a Redis',
      cause,
    );
  }
}

function begin(Database: typeof DatabaseSync, file: string, timeout: number): DatabaseSync {
  const database = new Database(file, { timeout });
  try {
    // With a journal in memory there is no second file.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite, loaded where a state folder is used and not before, and without its warning that it is experimental. */
function databaseClass(): typeof DatabaseSync | undefined {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...more: unknown[]) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) {
      Reflect.apply(emitWarning, process, [warning, ...more]);
    }
  };
  try {
    return process.getBuiltinModule('node:sqlite')?.DatabaseSync;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Which file a path leads to; undefined where there is none. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    // The upper bits are details.
    (error.errcode & 0xff) === SQLITE_BUSY
  );
}
