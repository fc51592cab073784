import type { Presented, View } from '../../src/collection/capability.ts';
import { linkedAccounts } from '../../src/collection/linked-accounts.ts';
import { sumOf } from '../../src/collection/money.ts';
import type { Family, Sample } from '../../src/metrics/family.ts';
import { type OptimizationData, PRIORITIES, priorityOf } from './model.ts';
import { OVERLAP_RULE } from './overlaps.ts';

const savings: Family = {
  name: 'aws_optimization_savings',
  type: 'gauge',
  labels: ['type', 'category', 'source', 'account_id'],
  help: 'Potential monthly savings, summed over the open recommendations, in the billing currency; they may overlap.',
};
const seen: Family = {
  name: 'aws_optimization_recommendations_total',
  type: 'counter',
  labels: ['type', 'priority', 'account_id'],
  help: "Recommendations seen for the first time since the start of record, the first collection's included.",
};
const open: Family = {
  name: 'aws_optimization_recommendations_open',
  type: 'gauge',
  labels: ['type', 'category', 'priority', 'source', 'account_id'],
  help: 'Recommendations open now.',
};
const deduplicated: Family = {
  name: 'aws_optimization_savings_deduplicated',
  type: 'gauge',
  labels: ['source', 'account_id'],
  help: `What can be saved in all a month, overlaps counted once, in the billing currency. ${OVERLAP_RULE} A payer's includes its members'.`,
};

/** Every family of the optimization capability, in page order. */
export const optimizationFamilies: readonly Family[] = [savings, seen, open, deduplicated];

/**
 * What only one target may report: the open recommendations of an account, and the count of those ever seen in it; of every
 * account that the target sees, so that it does not depend on what is open where. An estimate is the target's own alone.
 */
export function claimsOf({ snapshot, other }: Pick<View<OptimizationData>, 'snapshot' | 'other'>): string[] {
  const { source, recommendations, seen: record } = snapshot.data;
  const linked = source === 'estimate' ? [] : linkedAccounts(other('cost')?.data);
  const open = [...linked, ...recommendations.map(({ account }) => account)];
  const counted = [...linked, ...record.counts.map(({ account }) => account)];
  return [...new Set([...open.map(openIn), ...counted.map(seenIn)])];
}

const openIn = (account: string) => `open in ${account}`;
const seenIn = (account: string) => `seen in ${account}`;

/** The samples of every family. */
export function optimizationSamples(
  { snapshot, hidden }: View<OptimizationData>,
  thresholds: { high: number; medium: number },
): Presented['samples'] {
  const { data, accountId } = snapshot;
  const shown = data.recommendations.filter(({ account }) => !hidden.has(openIn(account)));
  const byKind = grouped(shown, ({ type, category, account }) => [type, category, data.source, account]);
  const byPriority = grouped(shown, ({ type, category, account, savings: amount }) => [
    type,
    category,
    priorityOf(amount, thresholds),
    data.source,
    account,
  ]);
  const counted = data.seen.counts.filter(({ account }) => !hidden.has(seenIn(account)));
  const types = grouped(counted, ({ type, account }) => [type, account]);
  const counts = types.flatMap(([[type = '', account = ''], entries]) =>
    PRIORITIES.map((priority): Sample => {
      const count = entries.find((entry) => entry.priority === priority)?.count ?? 0;
      return [[type, priority, account], count];
    }),
  );
  return [
    [savings, byKind.map(([labels, list]): Sample => [labels, sumOf(list.map((item) => item.savings))])],
    [seen, counts],
    [open, byPriority.map(([labels, list]): Sample => [labels, list.length])],
    [deduplicated, [[[data.source, accountId], data.deduplicated]]],
  ];
}

function grouped<Item>(items: readonly Item[], labelsOf: (item: Item) => string[]): [string[], Item[]][] {
  const groups = Map.groupBy(items, (item) => JSON.stringify(labelsOf(item)));
  return [...groups].map(([labels, list]) => [JSON.parse(labels), list]);
}
