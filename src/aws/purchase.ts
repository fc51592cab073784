import type { MiddlewareStack } from '@smithy/types';
import { neverSent, statusOf } from './aws-errors.ts';

/** USD that AWS takes for one answered Cost Explorer request. Source: AWS Cost Management pricing. */
export const USD_PER_REQUEST = 0.01;

/** Whose money a paid request spends, and for what. */
export interface Buyer {
  readonly target: string;
  readonly collector: string;
}

/** Where every paid attempt is entered before and after it. */
export interface Ledger {
  /** Called before an attempt is sent; a throw keeps it from being sent. */
  authorize(buyer: Buyer, operation: string): Promise<void>;
  /** Called after it: `paid` is true for an answer with status 200 and for an unknown outcome. */
  settle(buyer: Buyer, operation: string, paid: boolean): void;
}

/** What a ledger has counted. */
export interface LedgerEntry extends Buyer {
  readonly operation: string;
  readonly requests: number;
}

/** A ledger in this process's memory that authorizes everything. */
export class MemoryLedger implements Ledger {
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #onSpend: (target: string, usd: number) => void;

  /** @param onSpend - told of each paid request, in USD. */
  constructor(onSpend: (target: string, usd: number) => void = () => {}) {
    this.#onSpend = onSpend;
  }

  async authorize(): Promise<void> {}

  settle(buyer: Buyer, operation: string, paid: boolean): void {
    if (!paid) return;
    const key = JSON.stringify([buyer.target, buyer.collector, operation]);
    const requests = (this.#entries.get(key)?.requests ?? 0) + 1;
    this.#entries.set(key, { ...buyer, operation, requests });
    this.#onSpend(buyer.target, USD_PER_REQUEST);
  }

  /** Paid requests since the start, by target, collector and operation. */
  entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }
}

/**
 * The one door for money. Makes every HTTP attempt of a client, SDK retries included, pass the ledger: it stands inside
 * the SDK's retry loop, next to the wire.
 *
 * @param signal - once it is aborted, nothing more is sent.
 * @param onPaid - told of each attempt that costs, for the collection that it belongs to.
 */
export function purchaseThrough<Input extends object, Output extends object>(
  stack: MiddlewareStack<Input, Output>,
  ledger: Ledger,
  buyer: Buyer,
  signal: AbortSignal,
  onPaid: () => void,
): void {
  stack.add(
    (next, context) => async (args) => {
      const operation = operationOf(context);
      signal.throwIfAborted();
      await ledger.authorize(buyer, operation);
      const settle = (paid: boolean) => {
        ledger.settle(buyer, operation, paid);
        if (paid) onPaid();
      };
      // The ledger may have taken its time.
      if (signal.aborted) settle(false);
      signal.throwIfAborted();
      try {
        const result = await next(args);
        settle(true);
        return result;
      } catch (error) {
        const status = statusOf(error);
        settle(status === undefined ? !neverSent(error) : status === 200);
        throw error;
      }
    },
    { step: 'deserialize', name: 'purchase', priority: 'high', override: true },
  );
}

/** Name of the operation that a middleware's context belongs to, e.g. `GetCostAndUsage`. */
export function operationOf(context: { commandName?: string }): string {
  return (context.commandName ?? 'Unknown').replace(/Command$/, '');
}
