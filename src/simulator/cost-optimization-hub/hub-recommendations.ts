import type { BillIndex } from '../bill/bill-index.ts';
import { dayOf, startOf } from '../days.ts';
import { AwsError } from '../errors.ts';
import { recommendationsFor } from '../optimization/recommendations.ts';
import type { OperationContext } from '../service.ts';
import { uuidOf } from '../uuid.ts';
import type { IdentifiedRecommendation } from './filter.ts';

/** The hour at which the hub's recommendations of a day are made. */
const REFRESH_HOUR = 3;

/** Refuses as AWS does where the account is not enrolled. */
export function checkEnrolled({ settings }: OperationContext): void {
  if (!settings.hubEnrolled) {
    throw new AwsError('AccessDeniedException', 'AWS account is not enrolled for recommendations.');
  }
}

/** When the recommendations in force were made, seconds since the epoch. */
export function refreshedAt(now: Date): number {
  const today = startOf(dayOf(now)) / 1000 + REFRESH_HOUR * 3600;
  return today * 1000 <= now.getTime() ? today : today - 86_400;
}

/** What the hub recommends to a caller; the ids are new after each refresh. */
export function hubRecommendations(
  bill: BillIndex,
  now: Date,
  { caller, settings }: OperationContext,
): readonly IdentifiedRecommendation[] {
  const refresh = refreshedAt(now);
  return recommendationsFor(bill, now, caller, settings.savingsEstimationMode).map((item) => {
    const { account, region, currentType, resource, action, current, recommended } = item;
    const id = uuidOf(refresh, account, region, currentType, resource, action, current, recommended);
    return { ...item, id: Buffer.from(`${account}_${id}`).toString('base64') };
  });
}
