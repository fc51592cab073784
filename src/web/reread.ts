import type { Loaded } from '../config.ts';
import { fingerprintOf, type Read } from './small-file.ts';

/** What is told about files that have changed. */
export interface RereadLog {
  info(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** How a file is followed. */
export interface RereadOptions<Value> {
  readonly loaded: Loaded<Value>;
  /** The setting that names the file. */
  readonly setting: string;
  readonly read: (path: string) => Read<Value>;
  /** Why a new version cannot take the place of the one in force, if it cannot. */
  readonly refuse?: (next: Value, inForce: Value) => string | undefined;
  readonly onChange?: (next: Value) => void;
  readonly log: RereadLog;
}

/**
 * A file, with those that it names, that is read again when one of them changes: by what is in them, so that it does not matter how
 * they are put in place (in one go, as an editor does it, or by a symbolic link, as Kubernetes does). A new version counts once
 * two looks have found the same; one that is wrong is one log line, and the former one stays in force.
 */
export class Reread<Value> {
  readonly #options: RereadOptions<Value>;
  #inForce: Read<Value> & { value: Value };
  #seen: string;
  #refused: string | undefined;

  constructor(options: RereadOptions<Value>) {
    const { read } = options.loaded;
    this.#options = options;
    this.#inForce = sound(read);
    this.#seen = read.fingerprint;
  }

  /** What is in force. */
  get value(): Value {
    return this.#inForce.value;
  }

  /** Looks at the files once. */
  look(): void {
    const now = fingerprintOf(this.#inForce.paths);
    if (now === this.#inForce.fingerprint) {
      this.#seen = now;
      this.#refused = undefined;
      return;
    }
    const { loaded, read, refuse, onChange, log, setting } = this.#options;
    const next = read(loaded.path);
    const still = next.fingerprint === this.#seen;
    this.#seen = next.fingerprint;
    if (!still || next.fingerprint === this.#refused) return;
    const faults = next.faults.map(({ where, reason }) => `${where}: ${reason}`);
    if (next.value !== undefined) {
      const reason = refuse?.(next.value, this.value);
      if (reason !== undefined) faults.push(`${setting}: ${reason}`);
    }
    if (faults.length > 0) {
      this.#refused = next.fingerprint;
      log.error(
        { file: loaded.path, faults },
        `${setting} has changed and is wrong: what was in force stays so`,
      );
      return;
    }
    this.#inForce = sound(next);
    this.#refused = undefined;
    log.info({ file: loaded.path }, `${setting} was read again`);
    onChange?.(this.value);
  }
}

function sound<Value>(read: Read<Value>): Read<Value> & { value: Value } {
  const { value } = read;
  if (value === undefined) throw new TypeError('a file with faults cannot be in force');
  return { ...read, value };
}
