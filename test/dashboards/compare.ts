import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Test } from 'tap';
import type { Prometheus } from '../servers/prometheus.ts';
import { type Expectation, type Expected, type Known, rowOf } from './expected.ts';
import { interpolated, panelsOf, queriesOf, variablesOf } from './grafana.ts';

const near = (one: number, other: number, within: number) =>
  Math.abs(one - other) <= within + 1e-9 * Math.abs(other);

/** What is wrong with an answer. */
function faults(
  answer: ReadonlyMap<string, number>,
  { rows, rank = rows, top, zeros, within = 1e-6 }: Expected,
): string[] {
  const wrong = [...answer].flatMap(([row, value]) => {
    const expected = rows.get(row) ?? (zeros === 'free' ? 0 : undefined);
    return expected !== undefined && near(value, expected, within)
      ? []
      : [`${row} is ${value}, not ${expected}`];
  });
  const left = [...rows].filter(
    ([row, value]) => !answer.has(row) && !(zeros === 'free' && near(value, 0, within)),
  );
  if (top === undefined) return [...wrong, ...left.map(([row, value]) => `${row} is absent: ${value}`)];
  if (answer.size > top) wrong.push(`${answer.size} rows, more than ${top}`);
  if (answer.size < top) wrong.push(...left.map(([row, value]) => `${row} is absent: ${value}`));
  const least = Math.min(...[...answer.keys()].map((row) => rank.get(row) ?? 0));
  const greater = left.filter(([row]) => (rank.get(row) ?? 0) > least + within);
  return [...wrong, ...greater.map(([row]) => `${row} is greater than a row that is there`)];
}

/** Asks every query of a dashboard as Grafana would. */
export async function compare(
  t: Test,
  prometheus: Prometheus,
  dashboard: Dashboard,
  expected: Readonly<Record<string, readonly Expectation[]>>,
  known: Omit<Known, 'time'>,
): Promise<void> {
  const panels = panelsOf(dashboard);
  t.same(
    panels.map(({ title }) => title).toSorted(),
    Object.keys(expected).toSorted(),
    'each panel has its sums',
  );
  const variables = variablesOf(dashboard);
  for (const panel of panels) {
    const queries = queriesOf(panel);
    const sums = expected[panel.title ?? ''] ?? [];
    t.equal(queries.filter(({ refId }) => refId !== 'currency').length, sums.length, `${panel.title}`);
    for (const [index, { expr, refId, range }] of queries.entries()) {
      const promql = interpolated(expr, variables, known.choice);
      const answer = await prometheus.query(promql);
      const found = new Map(answer.map(({ metric, value }) => [rowOf(metric), value]));
      const time = answer[0]?.time ?? 0;
      const wanted: Expected | undefined =
        refId === 'currency'
          ? { rows: new Map([[rowOf({ currency: 'USD', unit: 'currency:financial:USD ' }), 1]]) }
          : sums[index]?.({ ...known, time });
      if (wanted === undefined) continue;
      t.equal(found.size, answer.length, `${panel.title} ${refId}: no row comes twice`);
      t.same(faults(found, wanted), [], `${panel.title} ${refId}: ${wanted.rows.size} sums`);
      if (range)
        t.same(await overTime(prometheus, promql), [...found.keys()].toSorted(), `${panel.title}: over time`);
    }
  }
}

/** Who is in the answer of a range query at its end. */
async function overTime({ url }: Prometheus, query: string): Promise<string[]> {
  const now = Date.now() / 1000;
  const params = new URLSearchParams({ query, start: String(now - 1), end: String(now), step: '1' });
  const body = (await (await fetch(`${url}/api/v1/query_range?${params}`)).json()) as {
    data: { result: { metric: Record<string, string> }[] };
  };
  return body.data.result.map(({ metric }) => rowOf(metric)).toSorted();
}
