import { isIP } from 'node:net';
import { FormatRegistry, type SchemaOptions, Type } from '@sinclair/typebox';

const DURATION = /^(\d+)(ms|s|m|h|d)$/;
const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `90s` or `1h`; undefined where the text is none or not within 1s to 24d. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  return ms >= 1_000 && ms <= 24 * 86_400_000 ? ms : undefined;
}

FormatRegistry.Set('duration', (text) => parseDuration(text) !== undefined);
FormatRegistry.Set('http-url', (text) => isUrl(text, ['http:', 'https:']));
FormatRegistry.Set('redis-url', isRedisUrl);
FormatRegistry.Set('host', (text) => isIP(text) !== 0 || /^[^\s/@:[\]?#]+$/.test(text));
FormatRegistry.Set('region', (text) => /^[a-z]{2,5}(-[a-z]+)+-\d+$/.test(text));

function isUrl(text: string, protocols: readonly string[]): boolean {
  // The parser of URLs takes more than is one: it passes over line breaks, and needs no slashes.
  if (!/^[a-z]+:\/\/[^\s/]\S*$/i.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocols.includes(protocol) && hostname !== '';
}

/** Largest number of a Redis database. */
export const MAX_REDIS_DB = 1_023;

/**
 * Whether the client of Redis can make use of all of it: at most a database number as its path, user and password that can be
 * decoded, and no query, which the client would take for options.
 */
function isRedisUrl(text: string): boolean {
  if (!isUrl(text, ['redis:', 'rediss:'])) return false;
  const { pathname, username, password, search, hash } = new URL(text);
  if (search !== '' || hash !== '') return false;
  if (!/^(\/|\/\d{1,4})?$/.test(pathname) || Number(pathname.slice(1)) > MAX_REDIS_DB) return false;
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

/** What is said of a setting beside its type and its limits. */
export interface Doc {
  /** What the setting does, for `docs/configuration.md` and the OpenAPI-like listing of `check`. */
  description: string;
  /** What a right value looks like, completing "must be ...". */
  expects: string;
  /** One right value, as a user would write it. */
  example: string;
  /** The value is never shown: not in errors, not by `check`. */
  secret?: boolean;
}

/** A whole number within limits. */
export const integer = (minimum: number, maximum: number, fallback: number, doc: Omit<Doc, 'expects'>) =>
  Type.Integer({
    minimum,
    maximum,
    default: fallback,
    expects: `a whole number from ${minimum} to ${maximum}`,
    ...doc,
  });

/** A time as `<n>ms|s|m|h|d`. */
export const duration = (fallback: string, doc: Omit<Doc, 'expects' | 'example'>) =>
  Type.String({
    format: 'duration',
    default: fallback,
    expects: 'a duration `<n>ms|s|m|h|d` from 1s to 24d',
    example: '90m',
    ...doc,
  });

/** One of some words. */
export const oneOf = <const T extends string>(values: readonly T[], options?: SchemaOptions) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    options,
  );

/** One of some words, with a default. */
export const choice = <const T extends string>(
  values: readonly T[],
  fallback: T,
  doc: Omit<Doc, 'expects' | 'example'>,
) =>
  oneOf(values, {
    default: fallback,
    expects: `one of ${values.join(', ')}`,
    example: values.at(-1) ?? '',
    ...doc,
  });

/** An address; of Redis, what its client can use whole. */
export const url = (format: 'http-url' | 'redis-url', doc: Omit<Doc, 'expects'>) =>
  Type.Optional(
    Type.String({
      format,
      expects:
        format === 'http-url'
          ? 'an http:// or https:// URL'
          : `a redis:// or rediss:// URL: user and password percent-encoded, after the host nothing but a database number from 0 to ${MAX_REDIS_DB}`,
      ...doc,
    }),
  );
