import { atMost } from '../abort.ts';
import { confirmed } from '../collection/memory-store.ts';
import type { Kept, SnapshotStore, Standing, Stored } from '../collection/snapshot.ts';
import { decode, encode } from '../collection/snapshot-codec.ts';
import { UnreadableFile } from './sealed-file.ts';
import { decodeStanding, encodeStanding } from './standing-codec.ts';
import type { StateDir, StateLogger } from './state-dir.ts';
import { wordsOf } from './state-dir-error.ts';

/** Longest time that closing waits for the last writes. */
const LAST_WRITES_MS = 1_000;

interface Entry {
  readonly collector: string;
  readonly target: string;
  kept: Kept | undefined;
  standing: Standing | undefined;
  /** What the folder has of it is read once. */
  reading: Promise<void> | undefined;
}

/**
 * Keeps snapshots in memory and, behind that, in a state folder for the next start: a file for each snapshot and one for
 * each standing. A standing is written after its snapshot. What could not be written is tried again with the next `save` or
 * `note`. It refuses nothing: no other process has the folder.
 */
export class DiskStore implements SnapshotStore {
  readonly #dir: StateDir;
  readonly #logger: StateLogger;
  readonly #entries = new Map<string, Entry>();
  /** What is to be written, by name of the file. */
  readonly #unwritten = new Map<string, () => Buffer | Promise<Buffer>>();
  #writing: Promise<void> = Promise.resolve();
  #failing = false;
  #closing: Promise<void> | undefined;

  /** @param dir - stays its opener's to close, after this store. */
  constructor(dir: StateDir, logger: StateLogger) {
    this.#dir = dir;
    this.#logger = logger;
  }

  async load(collector: string, target: string): Promise<Stored> {
    const entry = this.#entry(collector, target);
    entry.reading ??= this.#read(entry);
    await entry.reading;
    const { kept, standing } = entry;
    return { kept: confirmed(kept, standing), standing };
  }

  /** Resolves when it is in memory and the attempt to write it has ended. Always true. */
  async save(kept: Kept, standing: Standing): Promise<boolean> {
    const entry = this.#entry(kept.snapshot.collector, kept.snapshot.target);
    entry.kept = kept;
    this.#unwritten.set(fileOf('snapshot', entry), () => encode(kept));
    return this.note(standing);
  }

  /** As `save`. */
  async note(standing: Standing): Promise<boolean> {
    const entry = this.#entry(standing.collector, standing.target);
    entry.standing = standing;
    this.#unwritten.set(fileOf('standing', entry), () => encodeStanding(standing));
    await this.#write([fileOf('snapshot', entry), fileOf('standing', entry)]);
    return true;
  }

  /** Nobody else writes: there is never news. */
  onNews(): void {}

  /** Tries once more to write what is not written. What is kept stays readable. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await atMost(LAST_WRITES_MS, this.#write([]));
  }

  #entry(collector: string, target: string): Entry {
    const id = JSON.stringify([collector, target]);
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const entry: Entry = { collector, target, kept: undefined, standing: undefined, reading: undefined };
    this.#entries.set(id, entry);
    return entry;
  }

  /** Fills in what is not known yet. */
  async #read(entry: Entry): Promise<void> {
    const [kept, standing] = await Promise.all([
      this.#readFile(fileOf('snapshot', entry), entry, decode, ({ snapshot }) => snapshot),
      this.#readFile(fileOf('standing', entry), entry, decodeStanding, (own) => own),
    ]);
    entry.kept ??= kept;
    entry.standing ??= standing;
  }

  async #readFile<T>(
    name: string,
    entry: Entry,
    decoded: (bytes: Buffer) => T | Promise<T>,
    namesOf: (value: T) => { collector: string; target: string },
  ): Promise<T | undefined> {
    let bytes: Buffer | undefined;
    try {
      bytes = await this.#dir.read(name);
    } catch (error) {
      // It may be good, and be read at the next load.
      entry.reading = undefined;
      this.#logger.warn({ file: name, reason: wordsOf(error) }, 'State cannot be read from STATE_DIR');
    }
    if (bytes === undefined) return undefined;
    try {
      const value = await decoded(bytes);
      const { collector, target } = namesOf(value);
      if (collector !== entry.collector || target !== entry.target) {
        throw new UnreadableFile('of another collector or target');
      }
      return value;
    } catch (error) {
      // Unless it has been written anew meanwhile.
      if (!this.#isKnown(name, entry)) await this.#dir.setAside(name, wordsOf(error)).catch(() => {});
      return undefined;
    }
  }

  #isKnown(name: string, entry: Entry): boolean {
    return (name === fileOf('snapshot', entry) ? entry.kept : entry.standing) !== undefined;
  }

  /** Writes some files, and then what earlier attempts have left. Attempts come one after the other. */
  #write(names: readonly string[]): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const isWritten = await this.#writeAll(names);
      // Only behind them: what fails for itself alone must not hold up the others.
      if (isWritten) await this.#writeAll([...this.#unwritten.keys()]);
      if (!this.#failing || this.#unwritten.size > 0) return;
      this.#failing = false;
      this.#logger.info({ folder: this.#dir.path }, 'State is written to STATE_DIR again');
    });
    return this.#writing;
  }

  /** @returns whether all are; it ends at the first that is not. */
  async #writeAll(names: readonly string[]): Promise<boolean> {
    for (const name of names) {
      const content = this.#unwritten.get(name);
      if (content !== undefined && !(await this.#writeFile(name, content))) return false;
    }
    return true;
  }

  async #writeFile(name: string, content: () => Buffer | Promise<Buffer>): Promise<boolean> {
    const isCurrent = () => this.#unwritten.get(name) === content;
    let bytes: Buffer;
    try {
      bytes = await content();
    } catch (error) {
      // It stays in memory: trying again would give the same.
      if (isCurrent()) this.#unwritten.delete(name);
      const fields = { file: name, reason: wordsOf(error) };
      this.#logger.warn(fields, 'A snapshot cannot be written to STATE_DIR: it is kept in memory alone');
      return true;
    }
    try {
      await this.#dir.write(name, bytes);
      if (isCurrent()) this.#unwritten.delete(name);
      return true;
    } catch (error) {
      if (isCurrent()) {
        // To the end: the next attempt begins with another.
        this.#unwritten.delete(name);
        this.#unwritten.set(name, content);
      }
      if (!this.#failing) {
        const fields = { folder: this.#dir.path, file: name, reason: wordsOf(error) };
        this.#logger.warn(fields, 'State cannot be written to STATE_DIR: going on from memory');
      }
      this.#failing = true;
      return false;
    }
  }
}

/** The name of a file: names are percent-encoded, so that no name can reach into another's file. */
function fileOf(kind: 'snapshot' | 'standing', { collector, target }: Entry): string {
  const names = [collector, target].map((name) => encodeURIComponent(name.toWellFormed()));
  return `${kind}+${names.join('+')}`;
}
