import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AwsError } from './errors.ts';
import { isObject, type JsonObject } from './input.ts';

/** Where the next page of a query begins, and what the query's first page was computed from. */
export interface PageState {
  /** Hash of operation, caller and request. */
  readonly query: string;
  /** Number of the page that the token asks for; the first page has no token. */
  readonly page: number;
  /** Version of the bill that the first page came from. */
  readonly bill: number;
  /** The simulator's time at the first page, milliseconds since the epoch. */
  readonly asOf: number;
  /** Position in the operation's own terms. */
  readonly position: readonly number[];
}

/** The fields in which AWS services take a page token. */
const TOKEN_FIELDS = ['NextPageToken', 'NextToken', 'nextToken', 'PaginationToken'];

/** JSON with the fields of every object in one order, so that equal requests give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

/** A request as it would be for the first page. */
export function withoutToken(request: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(request).filter(([field]) => !TOKEN_FIELDS.includes(field)));
}

/** Identifies a query: the same operation, account and request, the page token aside, give the same hash. */
export function queryHash(operation: string, accountId: string, request: JsonObject): string {
  return createHash('sha256')
    .update(`${operation}\n${accountId}\n${canonicalJson(withoutToken(request))}`)
    .digest('base64url');
}

/** Issues page tokens and reads them back; no other process's tokens are taken. */
export class PageTokens {
  readonly #secret = randomBytes(32);

  #sign(payload: Buffer): Buffer {
    return createHmac('sha256', this.#secret).update(payload).digest();
  }

  issue(state: PageState): string {
    const payload = Buffer.from(JSON.stringify(state));
    return Buffer.concat([this.#sign(payload), payload]).toString('base64');
  }

  #open(token: string): PageState | undefined {
    const bytes = Buffer.from(token, 'base64');
    const payload = bytes.subarray(32);
    if (bytes.length <= 32 || !timingSafeEqual(bytes.subarray(0, 32), this.#sign(payload))) return undefined;
    return JSON.parse(payload.toString('utf8')) as PageState;
  }

  /** Reads a token that continues the query. Throws InvalidNextTokenException or RequestChangedException. */
  redeem(token: string, query: string): PageState {
    const state = this.#open(token);
    if (state === undefined) throw new AwsError('InvalidNextTokenException', 'Invalid next page token');
    if (state.query !== query) {
      throw new AwsError(
        'RequestChangedException',
        'The request changed between pages: every parameter but NextPageToken must stay the same',
      );
    }
    return state;
  }

  /** The number of the page that a request asks for; 1 where it carries no token of ours. */
  pageOf(request: unknown): number {
    if (!isObject(request)) return 1;
    for (const field of TOKEN_FIELDS) {
      const token = request[field];
      if (typeof token === 'string') return this.#open(token)?.page ?? 1;
    }
    return 1;
  }
}
