import type { CostData, Grouping } from './model.ts';

/** How a snapshot's pairs are shown so that its series stay within a cap. */
export interface Folding extends Grouping {
  /** Service (undefined: folded) and account of each group, as indices into the snapshot's lists. */
  readonly groups: readonly { readonly service: number | undefined; readonly account: number }[];
  /** Series that the folded pairs would have had. */
  readonly folded: number;
}

interface FoldOptions {
  /** Series of a pair beside its days: the families that have one for each pair. */
  readonly familiesPerPair: number;
  /** Days of `data` that have a series of their own. */
  readonly dailyDays: readonly CostData['days'][number][];
  /** Series that no pair has. */
  readonly otherSeries: number;
  /** Most series; 0: no cap. */
  readonly maxSeries: number;
  /** Cost of each pair over the window: the smallest absolute ones are folded first. */
  readonly windowCost: readonly number[];
  /** Linked accounts that are left out. */
  readonly hidden: ReadonlySet<number>;
}

/**
 * Folds whole (service, account) pairs into one group of each account until the series fit, or nothing is left to fold:
 * never below one group per account.
 */
export function fold(data: CostData, options: FoldOptions): Folding {
  const { familiesPerPair, dailyDays, maxSeries, windowCost, hidden } = options;
  const datesOf = data.pairs.map((): number[] => []);
  dailyDays.forEach(({ pairs }, date) => {
    for (const pair of pairs) datesOf[pair]?.push(date);
  });
  const seriesOf = (pair: number) => familiesPerPair + (datesOf[pair]?.length ?? 0);
  const shown = data.pairs.map((_, pair) => pair).filter((pair) => !hidden.has(data.pairs[pair]![1]));
  let series = shown.reduce((sum, pair) => sum + seriesOf(pair), options.otherSeries);
  let folded = 0;
  const foldedPairs = new Set<number>();
  const datesByAccount = new Map<number, Set<number>>();
  const magnitude = (pair: number) => Math.abs(windowCost[pair] ?? 0);
  const smallestFirst =
    maxSeries > 0 && series > maxSeries ? shown.toSorted((a, b) => magnitude(a) - magnitude(b)) : [];
  for (const pair of smallestFirst) {
    if (series <= maxSeries) break;
    const account = data.pairs[pair]![1];
    const dates = datesByAccount.get(account) ?? new Set();
    if (!datesByAccount.has(account)) series += familiesPerPair;
    datesByAccount.set(account, dates);
    const before = dates.size;
    for (const date of datesOf[pair] ?? []) dates.add(date);
    series += dates.size - before - seriesOf(pair);
    folded += seriesOf(pair);
    foldedPairs.add(pair);
  }
  return { ...group(data, shown, foldedPairs), folded };
}

function group(
  data: CostData,
  shown: readonly number[],
  folded: ReadonlySet<number>,
): Omit<Folding, 'folded'> {
  const groups: { service: number | undefined; account: number }[] = [];
  const groupOf = data.pairs.map(() => -1);
  const others = new Map<number, number>();
  for (const pair of shown) {
    const [service, account] = data.pairs[pair]!;
    if (!folded.has(pair)) {
      groupOf[pair] = groups.push({ service, account }) - 1;
      continue;
    }
    const other = others.get(account) ?? groups.push({ service: undefined, account }) - 1;
    others.set(account, other);
    groupOf[pair] = other;
  }
  return { groups, groupOf, count: groups.length };
}
