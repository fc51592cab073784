import { type Amount, amountText } from '../../amounts.ts';
import { dayOf, startOf } from '../../days.ts';
import { validationError } from '../../errors.ts';
import { readOptionalInteger } from '../../input.ts';
import type { OperationContext } from '../../service.ts';
import { uuidOf } from '../../uuid.ts';

const DEFAULT_PAGE = 20;
/** The service model says 6,000; AWS answers otherwise (cloud-intelligence-dashboards-data-collection#380). */
const MOST_ON_PAGE = 1000;
const DECIMALS = 10;
/** The hour at which a day's recommendations are made. */
const GENERATED_HOUR = 4;

/** Reads `PageSize`. */
export function readPageSize(value: unknown): number {
  const size = readOptionalInteger(value, 'pageSize', 0, 6000) || DEFAULT_PAGE;
  if (size > MOST_ON_PAGE) throw validationError(`PageSize ${size} is more than ${MOST_ON_PAGE}`);
  return size;
}

/** An amount in an answer: ten decimals. */
export function money(value: Amount): string {
  return amountText(value.toDecimalPlaces(DECIMALS));
}

/** A share in an answer, as a percentage; 0 where there is nothing to have a share of. */
export function percentage(part: Amount, whole: Amount): string {
  return whole.isZero() ? '0' : amountText(part.div(whole).times(100).toDecimalPlaces(DECIMALS));
}

/** When the recommendations in force were generated, and their id, which is new each time. */
export function metadata(now: Date, ...query: readonly unknown[]) {
  const today = startOf(dayOf(now)) + GENERATED_HOUR * 3_600_000;
  const generated = today <= now.getTime() ? today : today - 86_400_000;
  return {
    RecommendationId: uuidOf(generated, ...query),
    GenerationTimestamp: new Date(generated).toISOString().replace('.000', ''),
  };
}

/** The account that buys for all that a caller sees; undefined where each buys its own. */
export function buyerFor(scope: string, { caller }: OperationContext): string | undefined {
  return scope === 'PAYER' ? caller.accountId : undefined;
}
