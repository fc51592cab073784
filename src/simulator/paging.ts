import type { BillIndex } from './bill/bill-index.ts';
import { AwsError } from './errors.ts';
import { type JsonObject, readOptionalString } from './input.ts';
import { type PageState, queryHash } from './page-tokens.ts';
import type { OperationContext } from './service.ts';

/** One request of a paged operation. */
export interface PagedQuery<Item> {
  readonly operation: string;
  readonly input: JsonObject;
  /** The request's field that holds the page token. */
  readonly tokenField: string;
  /** Items that the request wants on a page. */
  readonly size: number;
  /** How many of the items that are left may be on the page, where it is not their number alone that counts. */
  fits?(rest: readonly Item[]): number;
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** The whole list that the page is from. */
  readonly all: readonly Item[];
  /** The bill that the first page was made from. */
  readonly bill: BillIndex;
  /** Token of the next page; undefined on the last one. */
  readonly token: string | undefined;
}

function redeem(token: string, hash: string, context: OperationContext): PageState {
  try {
    return context.tokens.redeem(token, hash);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError('InvalidNextTokenException', error.message);
  }
}

/**
 * The page of a list that a request asks for. All pages of a query are cut from the list as it was at the first one.
 * Throws InvalidNextTokenException where the token is none of ours or belongs to another request, caller or region.
 * @param list makes the whole list from a bill, at a time
 */
export function page<Item>(
  { operation, input, tokenField, size, fits }: PagedQuery<Item>,
  context: OperationContext,
  list: (bill: BillIndex, now: Date) => readonly Item[],
): Page<Item> {
  const token = readOptionalString(input[tokenField], tokenField);
  const { accountId, region } = context.caller;
  const hash = queryHash(`${operation} ${region}`, accountId, input);
  const state = token === undefined || token === '' ? undefined : redeem(token, hash, context);
  const bill = context.billOf(state?.bill);
  const now = state === undefined ? context.now : new Date(state.asOf);
  const all = list(bill, now);
  const first = state?.position[0] ?? 0;
  const room = fits === undefined ? size : fits(all.slice(first));
  const end = first + Math.min(room, context.pageSize);
  return {
    items: all.slice(first, end),
    all,
    bill,
    token:
      end >= all.length
        ? undefined
        : context.tokens.issue({
            query: hash,
            page: (state?.page ?? 1) + 1,
            bill: bill.version,
            asOf: now.getTime(),
            position: [end],
          }),
  };
}
