import type { Series } from '../acceptance/parse-metrics.ts';
import { type Expectation, type Known, one, rows } from './expected.ts';

const PREFIX = 'aws_cost_exporter_';

/** The series of a family on the pages of all processes. */
const all = ({ processes }: Known, name: string): Series[] =>
  processes.flatMap(({ page }) => [...page.series(`${PREFIX}${name}`)]);

/** Values grouped by some labels. */
function grouped(
  series: readonly Series[],
  labels: readonly string[],
  valueFor: (values: number[]) => number,
  seriesOf: (one: Series) => boolean = () => true,
): Map<string, number> {
  const chosen = series.filter(seriesOf);
  const groups = Map.groupBy(chosen, (one) =>
    JSON.stringify(labels.map((label) => [label, one.labels[label]])),
  );
  return rows(
    [...groups].map(([key, list]) => [
      Object.fromEntries(JSON.parse(key) as [string, string][]),
      valueFor(list.map(({ value }) => value)),
    ]),
  );
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const max = (values: readonly number[]) => Math.max(...values);
const min = (values: readonly number[]) => Math.min(...values);

const PAIR = ['collector', 'target'];
const success: Expectation = (known) => ({ rows: grouped(all(known, 'collector_success'), PAIR, min) });
const latest =
  (name: string): Expectation =>
  (known) => ({ rows: grouped(all(known, name), PAIR, max) });
const ages = (known: Known, name: string, labels = PAIR) =>
  grouped(all(known, name), labels, (values) => known.time - max(values));
const age =
  (name: string): Expectation =>
  (known) => ({ rows: ages(known, name), within: 1e-3 });

const spent = (known: Known) => sum(all(known, 'aws_spend_usd_total').map(({ value }) => value));

const RESULTS = ['success', 'throttled', 'access_denied', 'timeout', 'error'];

/** The quantile of cumulative buckets, straight between their bounds. */
function quantile(q: number, buckets: readonly (readonly [le: number, count: number])[]): number {
  const sorted = buckets.toSorted(([one], [other]) => one - other);
  const rank = q * (sorted.at(-1)?.[1] ?? 0);
  const index = sorted.findIndex(([, count]) => count >= rank);
  const [le = 0, count = 0] = sorted[index] ?? [];
  const [below, before] = sorted[index - 1] ?? [0, 0];
  return le === Number.POSITIVE_INFINITY
    ? below
    : below + ((le - below) * (rank - before)) / (count - before);
}

const p95: Expectation = (known) => {
  const buckets = all(known, 'aws_request_duration_seconds').filter(({ name }) => name.endsWith('_bucket'));
  const operations = Map.groupBy(buckets, ({ labels }) => labels.operation);
  return {
    rows: rows(
      [...operations].flatMap(([operation, list]) => {
        const byBound = Map.groupBy(list, ({ labels }) => Number(labels.le?.replace('+Inf', 'Infinity')));
        const counts = [...byBound].map(([le, ones]) => [le, sum(ones.map(({ value }) => value))] as const);
        const asked = max(counts.map(([, count]) => count)) > 0;
        return asked ? [[{ operation }, quantile(0.95, counts)] as const] : [];
      }),
    ),
  };
};

/** One row for each process. */
const perProcess =
  (
    valueFor: (process: Known['processes'][number]) => number | undefined,
    labels: readonly string[] = [],
  ): Expectation =>
  ({ processes }) => ({
    rows: rows(
      processes.flatMap((one) => {
        const value = valueFor(one);
        const version = one.page.series(`${PREFIX}build_info`)[0]?.labels.version;
        return value === undefined
          ? []
          : [[{ ...one.process, ...(labels.includes('version') ? { version } : {}) }, value] as const];
      }),
    ),
  });

const own =
  (name: string) =>
  ({ page }: Known['processes'][number]) =>
    page.series(`${PREFIX}${name}`)[0]?.value;

/** The queries of the exporter's own panels, by the pages of its processes. */
export const exporter: Readonly<Record<string, readonly Expectation[]>> = {
  'Collectors that fail': [(known) => one(sum([...success(known).rows.values()].map((value) => 1 - value)))],
  'Oldest figures': [
    (known) => ({
      ...one(max([...ages(known, 'collector_last_success_timestamp_seconds').values()])),
      within: 1e-3,
    }),
  ],
  'Since the bill has moved': [
    (known) => ({ rows: ages(known, 'bill_changed_timestamp_seconds', ['target']), within: 1e-3 }),
  ],
  'Spent in 24 hours': [(known) => one(spent(known), { job: known.job })],
  'Share of the budget': [
    (known) =>
      one(spent(known) / max(all(known, 'aws_spend_budget_usd').map(({ value }) => value)), {
        job: known.job,
      }),
  ],
  'Replicas, and how many show figures': [
    ({ processes }) => one(processes.length),
    (known) => one(sum(all(known, 'exposing').map(({ value }) => value))),
  ],
  Collectors: [
    success,
    age('collector_last_success_timestamp_seconds'),
    age('collector_last_attempt_timestamp_seconds'),
    latest('collector_duration_seconds'),
    latest('collector_series'),
    latest('collector_series_folded'),
  ],
  'Success of the collectors': [success],
  'Series on the page': [latest('collector_series')],
  'Dollars of 24 hours, by target': [
    (known) => ({ rows: grouped(all(known, 'aws_spend_usd_total'), ['target'], sum) }),
  ],
  // Nothing is bought while Prometheus looks.
  'Requests an hour, by result': [() => ({ rows: rows(RESULTS.map((result) => [{ result }, 0])) })],
  'Requests of 24 hours': [
    (known) => ({
      rows: new Map(
        [...grouped(all(known, 'aws_requests_total'), ['operation', 'result', 'target'], sum)].filter(
          ([, value]) => value > 0,
        ),
      ),
    }),
  ],
  'How long AWS takes': [p95],
  'Runs passed over in 24 hours': [
    (known) => ({ rows: grouped(all(known, 'collector_skipped_total'), ['reason'], sum) }),
  ],
  Replicas: [
    perProcess(own('exposing'), ['version']),
    perProcess(({ page }) => sum(page.series(`${PREFIX}lease_held`).map(({ value }) => value))),
    perProcess(own('cache_up')),
    // Memory and time go on: the processes are the question, and the size.
    (known) => ({
      ...perProcess(({ page }) => page.series('process_resident_memory_bytes')[0]?.value)(known),
      within: 1e9,
    }),
    (known) => ({
      ...perProcess(({ page }) => known.time - (page.series('process_start_time_seconds')[0]?.value ?? 0))(
        known,
      ),
      within: 1.1,
    }),
  ],
};
