import { invalidResponse } from './aws-errors.ts';

/** Most pages of one query. At AWS's 5,000 groups a page this is a million groups; beyond it something is wrong. */
export const PAGE_LIMIT = 200;

/**
 * Every page of a query, in order. The same request is sent each time, the token aside: AWS refuses anything else.
 *
 * @param request - the first page's request, without a token.
 * @param send - sends one request; it goes through the door for money.
 * @throws {CollectionError} `invalid_response` where a token comes twice or the pages do not end within `limit`.
 */
export async function* pages<Request extends object, Page extends { NextPageToken?: string | undefined }>(
  request: Request,
  send: (request: Request & { NextPageToken?: string }) => Promise<Page>,
  limit = PAGE_LIMIT,
): AsyncGenerator<Page, void, void> {
  const seen = new Set<string>();
  let token: string | undefined;
  for (let count = 0; count < limit; count++) {
    const page = await send(token === undefined ? request : { ...request, NextPageToken: token });
    yield page;
    token = page.NextPageToken || undefined;
    if (token === undefined) return;
    if (seen.has(token)) throw invalidResponse('it repeats a page token');
    seen.add(token);
  }
  throw invalidResponse(`it does not end within ${limit} pages`);
}
