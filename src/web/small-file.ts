import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Fault } from '../config/faults.ts';

/** Largest configuration file, certificate or key, in bytes. */
const MAX_BYTES = 1_048_576;

/** What a file, with those that it names, says: or why it cannot be used. */
export interface Read<Value> {
  /** Changes with every byte of them. */
  readonly fingerprint: string;
  /** The files that were read, in order. */
  readonly paths: readonly string[];
  /** Undefined where there are faults. */
  readonly value?: Value | undefined;
  readonly faults: readonly Fault[];
}

/**
 * The text of a file of reasonable size.
 *
 * @throws {Error} with a `code` in place of any text of the file.
 */
export function readSmallFile(path: string): string {
  const { size, isFile } = statOf(path);
  if (!isFile) throw Object.assign(new Error('not a file'), { code: 'not a regular file' });
  if (size > MAX_BYTES) throw Object.assign(new Error('too large'), { code: 'larger than 1 MiB' });
  return readFileSync(path, 'utf8');
}

function statOf(path: string): { size: number; isFile: boolean } {
  const stat = statSync(path);
  return { size: stat.size, isFile: stat.isFile() };
}

/** Reads files and remembers all that it has read: what a fingerprint is made of. */
export class FileReader {
  readonly #hash = createHash('sha256');
  readonly #paths: string[] = [];

  /** @throws {Error} with a `code` in place of any text of the file. */
  readonly read = (path: string): string => {
    this.#paths.push(path);
    try {
      const text = readSmallFile(path);
      this.#hash.update(`${path}\0${Buffer.byteLength(text)}\0${text}`);
      return text;
    } catch (error) {
      this.#hash.update(`${path}\0${codeOf(error)}`);
      throw error;
    }
  };

  /** What was read, once all is read. */
  done(): Pick<Read<never>, 'fingerprint' | 'paths'> {
    return { fingerprint: this.#hash.digest('base64'), paths: this.#paths };
  }
}

/** The fingerprint of files as they are now: the one of {@link Read} while nothing has changed. */
export function fingerprintOf(paths: readonly string[]): string {
  const reader = new FileReader();
  for (const path of paths) {
    try {
      reader.read(path);
    } catch {
      // It is in the fingerprint.
    }
  }
  return reader.done().fingerprint;
}

/** The code of an error: never its text, which may quote the file. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'error';
}
