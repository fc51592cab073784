import { awsError } from '../../src/aws/aws-errors.ts';
import { held } from '../../src/aws/held.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { dayOf } from '../../src/collection/periods.ts';
import { CollectionError, type FailedPart, publicCause } from '../../src/errors.ts';
import { COMMITMENT } from './commitments.ts';
import type { EstimateSettings } from './estimate.ts';
import type { OptimizationData, PaidPart } from './model.ts';

/** What this process has paid for, by target and account: also of collections that failed, whose snapshot is not kept. */
export type Purchased = Map<string, readonly PaidPart[]>;

/** The paid part of the estimate. */
export const EBS = 'ebs';

/** What one paid query has brought, and on how many pages. */
export interface Bought extends Pick<PaidPart, 'currency' | 'recommendations'> {
  readonly pages: number;
}

/** One collection's paid parts, each paid for at most once in a UTC day, and what became of them. */
export class Round {
  readonly context: CollectContext<OptimizationData>;
  readonly failed: FailedPart[] = [];
  readonly passedOver: FailedPart[] = [];
  readonly #paid = new Map<string, PaidPart>();
  readonly #estimate: EstimateSettings;
  readonly #purchased: Purchased;

  constructor(
    context: CollectContext<OptimizationData>,
    { estimate }: { readonly estimate: EstimateSettings },
    purchased: Purchased,
  ) {
    this.context = context;
    this.#estimate = estimate;
    this.#purchased = purchased;
    const { previous, former } = context;
    const known = [(previous ?? former)?.data.paid, purchased.get(this.#owner())];
    for (const part of known.flatMap((parts) => parts ?? [])) {
      if (part.query !== this.#queryOf(part.part)) continue;
      const other = this.#paid.get(part.part);
      if (other === undefined || other.triedAt <= part.triedAt) this.#paid.set(part.part, part);
    }
  }

  get paid(): PaidPart[] {
    return [...this.#paid.values()];
  }

  passOver(part: string, error: unknown): void {
    this.passedOver.push({ part, cause: causeOf(error), error });
  }

  fail(part: string, error: unknown): void {
    this.failed.push({ part, cause: causeOf(error), error });
  }

  /** A paid part: today's where it was paid for today, else bought; where that fails the last good one stays. */
  async part(name: string, buy: () => Promise<Bought>): Promise<PaidPart | undefined> {
    const kept = this.#paid.get(name);
    const { startedAt, signal, aws } = this.context;
    if (kept !== undefined && dayOf(Date.parse(kept.triedAt)) === dayOf(startedAt)) {
      if (kept.failure === null) return kept;
      const { code, message, advice } = kept.failure;
      return this.#ended(kept, new CollectionError(code, message, advice));
    }
    const triedAt = new Date(startedAt).toISOString();
    const base = { part: name, query: this.#queryOf(name), triedAt };
    const before = aws.paidRequests;
    try {
      const { currency, pages, recommendations } = await held(aws, kept?.pages ?? 1, buy);
      const part = { ...base, failure: null, collectedAt: triedAt, currency, pages, recommendations };
      this.#remember(part);
      return part;
    } catch (error) {
      const failure = causeOf(error);
      const last = isAbsent(error) ? undefined : kept;
      const { collectedAt = null, currency = null, recommendations = [] } = last ?? {};
      const paid = aws.paidRequests - before;
      const pages = Math.max(paid, last?.pages ?? 1);
      const part = { ...base, failure, collectedAt, currency, pages, recommendations };
      // What was answered is paid for, refused or not; what cost nothing is tried again at the next tick.
      if (paid > 0) this.#remember(part);
      else if (isAbsent(error)) this.#forget(name);
      if (signal.aborted) throw error;
      return this.#ended(part, error);
    }
  }

  #ended(part: PaidPart, error: unknown): PaidPart | undefined {
    if (isAbsent(error)) this.passOver(part.part, error);
    else this.fail(part.part, error);
    return part.collectedAt === null ? undefined : part;
  }

  #remember(part: PaidPart): void {
    this.#paid.set(part.part, part);
    this.#purchased.set(this.#owner(), this.paid);
  }

  #forget(name: string): void {
    this.#paid.delete(name);
    this.#purchased.set(this.#owner(), this.paid);
  }

  #owner(): string {
    return JSON.stringify([this.context.target.name, this.context.accountId]);
  }

  #queryOf(part: string): string {
    if (part === 'rightsizing') return '';
    const { metric, windowDays, rates } = this.#estimate;
    return JSON.stringify(part === EBS ? [metric, windowDays, rates.ebs] : COMMITMENT);
  }
}

/** Whether a source, or a part of one, is not to be had: nothing that waiting would mend. */
export function isAbsent(error: unknown): error is CollectionError {
  return error instanceof CollectionError && ['access_denied', 'not_enabled', 'no_data'].includes(error.code);
}

function causeOf(error: unknown): FailedPart['cause'] {
  return publicCause(error instanceof CollectionError ? error : awsError(error, 'ce:*'));
}
