import { daysSummed } from '../../test/e2e/numbered-bill.ts';

/** Services and accounts of the bill: each pair costs the same on every day. */
export interface Shape {
  readonly services: number;
  readonly accounts: number;
}

/** What a page of metrics shows. */
export interface PageFigures {
  /** Series of the bill. */
  readonly series: number;
  /** Numbers of the bills that the figures of each collector are of: one where the page is whole, none where they are absent. */
  readonly numbers: Readonly<Record<'cost' | 'forecast' | 'tags', readonly number[]>>;
  /** Families with another count of series than the bill has. */
  readonly faults: readonly string[];
}

/** A number of a bill, without what sums and divisions of binary fractions add to it. */
export const rounded = (number: number) => Math.round(number * 1e6) / 1e6;

/** Reads what a page says of the bill, by the day that it is. */
export function figuresOf(text: string, { services, accounts }: Shape, today: string): PageFigures {
  const pairs = services * accounts;
  const days = daysSummed(today);
  const counts = new Map<string, number>();
  const cost = new Set<number>();
  const forecast = new Set<number>();
  const tags = new Set<number>();
  let from = 0;
  for (let end = text.indexOf('\n'); end >= 0; from = end + 1, end = text.indexOf('\n', from)) {
    if (!text.startsWith('aws_cost_', from) && !text.startsWith('aws_tag_', from)) continue;
    const brace = text.indexOf('{', from);
    const name = text.slice(from, brace);
    const value = Number(text.slice(text.lastIndexOf(' ', end - 1) + 1, end));
    const counted = days[name];
    if (counted !== undefined) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      cost.add(rounded(value / counted));
    } else if (name === 'aws_cost_forecast') forecast.add(rounded(value / 30 / pairs));
    else if (name === 'aws_tag_cost_total' && !text.slice(brace, end).includes('tag_value="untagged"'))
      tags.add(rounded(value / 30 / (pairs / 10)));
  }
  const faults = Object.keys(days).flatMap((name) => {
    const [count = 0, expected] = [counts.get(name), name === 'aws_cost_daily' ? 31 * pairs : pairs];
    return cost.size === 0 || count === expected ? [] : [`${count} series of ${name}, not ${expected}`];
  });
  return {
    series: [...counts.values()].reduce((sum, count) => sum + count, 0),
    numbers: { cost: [...cost], forecast: [...forecast], tags: [...tags] },
    faults,
  };
}
