import type { MiddlewareStack } from '@smithy/types';
import { notLeader } from '../errors.ts';
import type { Buyer, Ledger } from '../spend/ledger.ts';
import { neverSent, statusOf } from './aws-errors.ts';

/** What the door asks and tells. */
export interface Till {
  readonly ledger: Ledger;
  readonly buyer: Buyer;
  /** Whether the buyer's target is still this replica's to buy for; asked next to the wire. */
  mayBuy(): boolean;
  /** Told of each attempt that costs, for the collection that it belongs to. */
  onPaid(): void;
}

/**
 * The one door for money. Makes every HTTP attempt of a client, SDK retries included, pass the ledger: it stands inside
 * the SDK's retry loop, next to the wire.
 *
 * @param signal - once it is aborted, nothing more is sent.
 */
export function purchaseThrough<Input extends object, Output extends object>(
  stack: MiddlewareStack<Input, Output>,
  { ledger, buyer, mayBuy, onPaid }: Till,
  signal: AbortSignal,
): void {
  stack.add(
    (next, context) => async (args) => {
      const operation = operationOf(context);
      signal.throwIfAborted();
      await ledger.authorize(buyer, operation);
      const settle = async (paid: boolean) => {
        if (paid) onPaid();
        await ledger.settle(buyer, operation, paid);
      };
      // The ledger, or a process that was paused, may have taken its time.
      if (signal.aborted || !mayBuy()) {
        await settle(false);
        signal.throwIfAborted();
        throw notLeader(buyer.target);
      }
      let result: Awaited<ReturnType<typeof next>>;
      try {
        result = await next(args);
      } catch (error) {
        const status = statusOf(error);
        await settle(status === undefined ? !neverSent(error) : status === 200);
        throw error;
      }
      await settle(true);
      return result;
    },
    { step: 'deserialize', name: 'purchase', priority: 'high', override: true },
  );
}

/** Name of the operation that a middleware's context belongs to, e.g. `GetCostAndUsage`. */
export function operationOf(context: { commandName?: string }): string {
  return (context.commandName ?? 'Unknown').replace(/Command$/, '');
}
