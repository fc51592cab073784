import { createHash } from 'node:crypto';
import {
  identityOf,
  isCommitment,
  type Priority,
  priorityOf,
  type Recommendation,
  type Seen,
  type Source,
} from './model.ts';

/** Most identities that are remembered; beyond it those that were not seen for the longest time are forgotten. */
export const MAX_IDENTITIES = 50_000;

/** Counts the recommendations that were never seen before. */
export function countNew(
  before: Seen | undefined,
  { source, recommendations }: { source: Source; recommendations: readonly Recommendation[] },
  thresholds: { high: number; medium: number },
  maxIdentities = MAX_IDENTITIES,
): Seen {
  const identities = new Set(before?.identities);
  const counts = new Map(before?.counts.map((entry) => [keyOf(entry), { ...entry }]));
  const count = ({ type, account, savings }: Recommendation) => {
    const entry = { type, priority: priorityOf(savings, thresholds), account, count: 0 };
    const counted = counts.get(keyOf(entry)) ?? entry;
    counts.set(keyOf(entry), { ...counted, count: counted.count + 1 });
  };
  for (const recommendation of recommendations.filter((item) => !isCommitment(item))) {
    const identity = identityOf(recommendation);
    // Taken out and put in again it stands last: seen just now.
    const known = identities.delete(identity);
    identities.add(identity);
    if (!known) count(recommendation);
  }
  for (const recommendation of newCommitments(identities, source, recommendations.filter(isCommitment))) {
    count(recommendation);
  }
  return {
    identities: [...identities].slice(-Math.max(maxIdentities, recommendations.length)),
    counts: [...counts.values()],
  };
}

/**
 * The commitments that were never seen before. AWS names no resource for them, and each source describes them in its own
 * words. Their identity is what every source tells (account, type, category, product, region) and, after a dot, the source
 * and its words: what one source has seen is what another calls otherwise, one for one.
 *
 * @param identities - what was seen before; brought up to date.
 */
function newCommitments(
  identities: Set<string>,
  source: string,
  commitments: readonly Recommendation[],
): Recommendation[] {
  const knownOf = Map.groupBy(
    [...identities].filter((identity) => identity.includes('.')),
    (identity) => identity.slice(0, identity.indexOf('.')),
  );
  const fresh: Recommendation[] = [];
  for (const [common, list] of Map.groupBy(commitments, commonOf)) {
    const known = new Set(knownOf.get(common));
    const named = withOrdinals(list, (item) => `${common}.${source}.${hash(item.resource)}`);
    const unknown = named.filter(([identity]) => !known.delete(identity));
    const elsewhere = [...known].filter((identity) => !identity.startsWith(`${common}.${source}.`));
    for (const [, recommendation] of unknown) {
      const other = elsewhere.shift();
      if (other === undefined) fresh.push(recommendation);
      else identities.delete(other);
    }
    for (const [identity] of named) {
      identities.delete(identity);
      identities.add(identity);
    }
  }
  return fresh;
}

/** Each item with its identity; those that are alike in all but the amounts are numbered. */
function withOrdinals(
  list: readonly Recommendation[],
  nameOf: (item: Recommendation) => string,
): [identity: string, item: Recommendation][] {
  return [...Map.groupBy(list, nameOf)].flatMap(([name, items]) =>
    items.map((item, index): [string, Recommendation] => [index === 0 ? name : `${name}.${index}`, item]),
  );
}

function commonOf({ account, type, category, product, region }: Recommendation): string {
  return hash(JSON.stringify([account, type, category, product, region]));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
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
