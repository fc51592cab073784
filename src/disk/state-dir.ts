import { lstat, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FolderLock } from './folder-lock.ts';
import { MAX_FILE_BYTES, seal, tooLarge, UnreadableFile, unseal } from './sealed-file.ts';
import { hasCode, StateDirError, wordsOf } from './state-dir-error.ts';

/** Most files that are kept set aside; beyond that the oldest goes. */
const MAX_SET_ASIDE = 5;

/** How the name of a file under way begins; no name of state begins with a dot. */
const TEMPORARY = '.tmp-';

const SET_ASIDE = /\.unreadable-(\d{8}T\d{6}\.\d{3}Z)$/;
const LOCK_FILES = /^lock\.db/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._~%+!'()*-]{0,199}$/;

export interface StateLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/**
 * A folder of small named files that outlast the process, whatever ends it: a file has the old content or the new one,
 * never a part, and what `write` has resolved for is on the disk. This process alone uses it.
 */
export interface StateDir {
  /** Absolute. */
  readonly path: string;
  /**
   * What was last written under a name; undefined where there is nothing, and where there is something else: that is
   * renamed to `NAME.unreadable-<UTC time>`, and one line of the log says so.
   *
   * @throws Error in the file system's words where it cannot be read though it may be good. It stays as it is.
   */
  read(name: string): Promise<Buffer | undefined>;
  /**
   * Puts a content in place of the one before. Of several at once under one name the last wins; each resolves when its own
   * or a later one is on the disk.
   *
   * @throws Error in the file system's words (disk full, read-only, folder removed ...); the content before stays.
   */
  write(name: string, bytes: Buffer): Promise<void>;
  /** Sets a file aside as `read` does, for a caller who finds no sense in its content. */
  setAside(name: string, reason: string): Promise<void>;
  /** Names that have a file, in order. */
  names(): Promise<string[]>;
  /** Resolves when what is under way has ended and the folder is free for another process. */
  close(): Promise<void>;
}

/**
 * Opens a state folder, and makes it (for this user alone) where there is none.
 *
 * @throws StateDirError where it cannot be made or written to, or another process uses it.
 */
export async function openStateDir(path: string, logger: StateLogger): Promise<StateDir> {
  const folder = resolve(path);
  try {
    await makeFolder(folder);
  } catch (error) {
    throw (await noFolder(folder)) ?? new StateDirError(folder, 'cannot be created', error);
  }
  const lock = new FolderLock(folder);
  try {
    await removeTemporaries(folder);
    await probe(folder);
  } catch (error) {
    lock.release();
    throw new StateDirError(folder, 'cannot be written to', error);
  }
  return new Folder(folder, lock, logger);
}

/**
 * Opens a state folder to look at what is in it, beside a process that may be using it: nothing is made, locked, renamed or
 * written. A file is replaced whole by whoever writes it, so what is read was written.
 *
 * @throws StateDirError where there is no such folder, or it cannot be read.
 */
export async function readStateDir(path: string, logger: Pick<StateLogger, 'warn'>): Promise<StateDir> {
  const folder = resolve(path);
  const names = () => namesIn(folder);
  try {
    await names();
  } catch (error) {
    const missing = hasCode(error, 'ENOENT') ? new StateDirError(folder, 'does not exist') : undefined;
    throw missing ?? (await noFolder(folder)) ?? new StateDirError(folder, 'cannot be read', error);
  }
  const ignore = async (name: string, reason: string) =>
    logger.warn({ file: join(folder, name), reason }, 'A file of state cannot be read: ignored');
  return {
    path: folder,
    async read(name) {
      if (!isName(name)) throw new TypeError(`${JSON.stringify(name)} is no name for a file of state`);
      try {
        return await readSealed(join(folder, name));
      } catch (error) {
        if (!(error instanceof UnreadableFile)) throw error;
        await ignore(name, error.message);
        return undefined;
      }
    },
    async write() {
      throw new Error('the state folder is opened for reading');
    },
    setAside: ignore,
    names,
    async close() {},
  };
}

/** What a path leads to in place of a folder; undefined where that is not what is wrong. */
async function noFolder(path: string): Promise<StateDirError | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return undefined;
    return new StateDirError(path, found.isFile() ? 'is a file, not a folder' : 'is not a folder');
  } catch (error) {
    return hasCode(error, 'ENOTDIR')
      ? new StateDirError(path, 'is below a file, not in a folder')
      : undefined;
  }
}

/** A write that has not begun, and after which nothing else was asked for under its name. */
interface Waiting {
  readonly content: { bytes: Buffer };
  readonly done: Promise<void>;
}

class Folder implements StateDir {
  readonly path: string;
  readonly #lock: FolderLock;
  readonly #logger: StateLogger;
  /** The end of the last task of each name that has one: they come one after the other. */
  readonly #tasks = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Waiting>();
  #temporaries = 0;
  #closing: Promise<void> | undefined;

  constructor(path: string, lock: FolderLock, logger: StateLogger) {
    this.path = path;
    this.#lock = lock;
    this.#logger = logger;
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.#enqueue(name, async () => {
      try {
        return await readSealed(join(this.path, name));
      } catch (error) {
        if (!(error instanceof UnreadableFile)) throw error;
        await this.#putAside(name, error.message);
        return undefined;
      }
    });
  }

  async write(name: string, bytes: Buffer): Promise<void> {
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined && this.#closing === undefined) {
      waiting.content.bytes = bytes;
      return waiting.done;
    }
    const content = { bytes };
    const done = this.#enqueue(name, async () => {
      if (this.#waiting.get(name)?.content === content) this.#waiting.delete(name);
      await this.#replace(name, content.bytes);
    });
    this.#waiting.set(name, { content, done });
    return done;
  }

  async setAside(name: string, reason: string): Promise<void> {
    return this.#enqueue(name, () => this.#putAside(name, reason));
  }

  async names(): Promise<string[]> {
    return namesIn(this.path);
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all(this.#tasks.values()).then(() => this.#lock.release());
    return this.#closing;
  }

  #enqueue<T>(name: string, task: () => Promise<T>): Promise<T> {
    if (!isName(name)) throw new TypeError(`${JSON.stringify(name)} is no name for a file of state`);
    if (this.#closing !== undefined) throw new Error('the state folder is closed');
    // A write that waits has something behind it now: a later one must not overtake that.
    this.#waiting.delete(name);
    const done = (this.#tasks.get(name) ?? Promise.resolve()).then(task);
    const forget = () => {
      if (this.#tasks.get(name) === end) this.#tasks.delete(name);
    };
    const end = done.then(forget, forget);
    this.#tasks.set(name, end);
    return done;
  }

  async #replace(name: string, payload: Buffer): Promise<void> {
    const parts = seal(payload);
    const temporary = join(this.path, `${TEMPORARY}${this.#temporaries++}`);
    try {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        for (const part of parts) await handle.writeFile(part);
        await handle.sync();
      } finally {
        await handle.close();
      }
      this.#lock.hold();
      await rename(temporary, join(this.path, name));
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await syncFolder(this.path);
  }

  async #putAside(name: string, reason: string): Promise<void> {
    const fields = { file: join(this.path, name), reason };
    const time = new Date().toISOString().replaceAll(/[-:]/g, '');
    const aside = `${name}.unreadable-${time}`;
    try {
      await rename(join(this.path, name), join(this.path, aside));
      this.#logger.warn(
        { ...fields, aside },
        'A file of state cannot be read: set aside, going on without it',
      );
      await this.#removeOldest();
    } catch (error) {
      const failure = wordsOf(error);
      this.#logger.warn(
        { ...fields, failure },
        'A file of state cannot be read, and not be set aside: ignored',
      );
    }
  }

  async #removeOldest(): Promise<void> {
    const timeOf = (name: string) => SET_ASIDE.exec(name)?.[1] ?? '';
    const aside = (await readdir(this.path)).filter((name) => SET_ASIDE.test(name));
    const old = aside.toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1)).slice(MAX_SET_ASIDE);
    // A folder was never ours, nor is what is in it: it stays.
    for (const name of old) await unlink(join(this.path, name)).catch(() => {});
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && isName(entry.name));
  return files.map(({ name }) => name).toSorted();
}

/** The payload of a file; undefined where there is none. @throws UnreadableFile for a foreign or damaged one. */
async function readSealed(file: string): Promise<Buffer | undefined> {
  try {
    const found = await lstat(file);
    // A pipe would be waited for.
    if (!found.isFile()) throw new UnreadableFile('not a regular file');
    if (found.size > MAX_FILE_BYTES) throw new UnreadableFile(tooLarge(found.size, MAX_FILE_BYTES));
    return unseal(await readFile(file));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isName(name: string): boolean {
  return NAME.test(name) && !SET_ASIDE.test(name) && !LOCK_FILES.test(name);
}

/** Node's own `recursive` never ends where a file system answers ENOENT for a folder that it does not let anyone make (/proc). */
async function makeFolder(folder: string): Promise<void> {
  const make = () => mkdir(folder, { mode: 0o700 });
  try {
    await make().catch(async (error) => {
      if (!hasCode(error, 'ENOENT')) throw error;
      await makeFolder(dirname(folder));
      await make();
    });
  } catch (error) {
    if (!hasCode(error, 'EEXIST') || !(await stat(folder)).isDirectory()) throw error;
  }
}

/** What a crash has left of writes that were under way. */
async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(TEMPORARY)) await unlink(join(folder, name));
  }
}

/** @throws Error where no file can be made. A full disk is no reason: what is there can be read, and it may have room again. */
async function probe(folder: string): Promise<void> {
  const file = join(folder, `${TEMPORARY}probe`);
  try {
    await (await open(file, 'wx', 0o600)).close();
    await unlink(file);
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
  }
}

/** Makes a rename outlast a power failure. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems have nothing to do there, and say so in this way.
    if (!hasCode(error, 'EINVAL', 'ENOSYS', 'ENOTSUP')) throw error;
  } finally {
    await handle.close();
  }
}
