import { AwsError, constraintError, validationError } from './errors.ts';

/** A JSON object as it came over the wire. */
export type JsonObject = Record<string, unknown>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongType(path: string, expected: string): AwsError {
  return new AwsError('SerializationException', `Unexpected value at '${path}': expected ${expected}`);
}

/**
 * Reads an object and refuses fields that its shape does not have. (AWS ignores those; a simulator that did so would
 * let misspelt parameters pass.)
 */
export function readObject(value: unknown, path: string, fields: readonly string[]): JsonObject {
  if (value === undefined || value === null) throw constraintError(null, path, 'Member must not be null');
  if (!isObject(value)) throw wrongType(path, 'a structure');
  for (const field of Object.keys(value)) {
    if (!fields.includes(field)) throw validationError(`Unknown field '${field}' at '${path}'`);
  }
  return value;
}

/** Reads a string that must be there. */
export function readString(value: unknown, path: string): string {
  if (value === undefined || value === null) throw constraintError(null, path, 'Member must not be null');
  if (typeof value !== 'string') throw wrongType(path, 'a string');
  return value;
}

/** Reads a string that may be missing. */
export function readOptionalString(value: unknown, path: string): string | undefined {
  return value === undefined || value === null ? undefined : readString(value, path);
}

/** Reads a string that must be one of a set. */
export function readEnum(value: unknown, path: string, allowed: readonly string[]): string {
  const text = readString(value, path);
  if (!allowed.includes(text)) {
    throw constraintError(text, path, `Member must satisfy enum value set: [${allowed.join(', ')}]`);
  }
  return text;
}

/** Reads a list; a missing one is empty. */
export function readList(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongType(path, 'a list');
  return value;
}

/** Reads a list of strings; a missing one is empty. */
export function readStrings(value: unknown, path: string): string[] {
  return readList(value, path).map((item, i) => readString(item, `${path}.${i + 1}.member`));
}

/** Reads an integer within bounds that may be missing. */
export function readOptionalInteger(
  value: unknown,
  path: string,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(path, 'an integer');
  if (value < least) {
    throw constraintError(value, path, `Member must have value greater than or equal to ${least}`);
  }
  if (value > most)
    throw constraintError(value, path, `Member must have value less than or equal to ${most}`);
  return value;
}

/** Reads a boolean that may be missing. */
export function readOptionalBoolean(value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw wrongType(path, 'a boolean');
  return value;
}

/** Reads a string that must be one of a set, or missing. */
export function readOptionalEnum(
  value: unknown,
  path: string,
  allowed: readonly string[],
): string | undefined {
  return value === undefined || value === null ? undefined : readEnum(value, path, allowed);
}

/** Refuses a list that is there with fewer or more members than it may have. */
export function checkLength(list: readonly unknown[], value: unknown, path: string, most: number): void {
  const isMissing = value === undefined || value === null;
  if (!isMissing && (list.length < 1 || list.length > most)) {
    const limits = `Member must have length between 1 and ${most}`;
    throw constraintError(`${list.length} members`, path, limits);
  }
}

/** Reads a string of so many characters. */
export function readText(value: unknown, path: string, least: number, most: number): string {
  const text = readString(value, path);
  const length = [...text].length;
  if (length >= least && length <= most) return text;
  const limits = `Member must have length between ${least} and ${most}`;
  throw constraintError(text.slice(0, 100), path, limits);
}
