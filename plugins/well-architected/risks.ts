import { Type } from '@sinclair/typebox';
import type { RiskCounts } from './model.ts';

/** AWS's counts are integers of 32 bits; sums of larger ones could be none. */
const count = Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }));

/** AWS's risk counts: a missing one is 0. */
export const AwsRiskCounts = Type.Partial(
  Type.Object({ HIGH: count, MEDIUM: count, NONE: count, NOT_APPLICABLE: count, UNANSWERED: count }),
);

/** AWS's counts in this program's words. */
export function riskCounts(counts: Partial<Record<string, number>> = {}): RiskCounts {
  const { HIGH = 0, MEDIUM = 0, NONE = 0, NOT_APPLICABLE = 0, UNANSWERED = 0 } = counts;
  return { high: HIGH, medium: MEDIUM, none: NONE, notApplicable: NOT_APPLICABLE, unanswered: UNANSWERED };
}
