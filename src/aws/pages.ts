import { invalidResponse } from './aws-errors.ts';

/** Most pages of one query. At AWS's 5,000 groups a page this is a million groups; beyond it something is wrong. */
export const PAGE_LIMIT = 200;

/**
 * Every page of a query, in order. The same request is sent each time, the token aside: AWS refuses anything else.
 *
 * @param token - the name that the service gives to the token, in requests and answers alike.
 * @param request - the first page's request, without a token.
 * @param send - sends one request; for Cost Explorer it goes through the door for money.
 * @throws {CollectionError} `invalid_response` where a token comes twice or the pages do not end within `limit`.
 */
export async function* pages<
  Token extends string,
  Request extends object,
  Page extends { [T in Token]?: string | undefined },
>(
  token: Token,
  request: Request,
  send: (request: Request & { [T in Token]?: string }) => Promise<Page>,
  limit = PAGE_LIMIT,
): AsyncGenerator<Page, void, void> {
  const seen = new Set<string>();
  let next: string | undefined;
  for (let count = 0; count < limit; count++) {
    const page = await send(next === undefined ? request : { ...request, [token]: next });
    yield page;
    next = page[token] || undefined;
    if (next === undefined) return;
    if (seen.has(next)) throw invalidResponse('it repeats a page token');
    seen.add(next);
  }
  throw invalidResponse(`it does not end within ${limit} pages`);
}
