import { identityOf, type Priority, priorityOf, type Recommendation, type Seen } from './model.ts';

/** Most identities that are remembered; beyond it those that were not seen for the longest time are forgotten. */
export const MAX_IDENTITIES = 50_000;

/** Counts the recommendations that were never seen before. */
export function countNew(
  before: Seen | undefined,
  recommendations: readonly Recommendation[],
  thresholds: { high: number; medium: number },
  maxIdentities = MAX_IDENTITIES,
): Seen {
  const identities = new Set(before?.identities);
  const counts = new Map(before?.counts.map((entry) => [keyOf(entry), { ...entry }]));
  for (const recommendation of recommendations) {
    const identity = identityOf(recommendation);
    // Taken out and put in again it stands last: seen just now.
    const known = identities.delete(identity);
    identities.add(identity);
    if (known) continue;
    const { type, account, savings } = recommendation;
    const entry = { type, priority: priorityOf(savings, thresholds), account, count: 0 };
    const counted = counts.get(keyOf(entry)) ?? entry;
    counts.set(keyOf(entry), { ...counted, count: counted.count + 1 });
  }
  return {
    identities: [...identities].slice(-Math.max(maxIdentities, recommendations.length)),
    counts: [...counts.values()],
  };
}

function keyOf({
  type,
  priority,
  account,
}: {
  type: string;
  priority: Priority | string;
  account: string;
}): string {
  return JSON.stringify([type, priority, account]);
}
