import type { Decimal } from 'decimal.js';
import { type ExpectedBill, equals, focusService, type Sums } from '../../e2e/bill.ts';
import type { Prometheus, Sample } from './prometheus.ts';

type KeyOf = (labels: Sample['metric']) => string;

/**
 * Holds what Prometheus answers against the bill's own sums, to a millionth.
 * @param selector of one installation's series, e.g. `namespace="cost"`.
 * @returns how many sums were compared. @throws Error with those that differ.
 */
export async function compareSums(
  prometheus: Prometheus,
  selector: string,
  expected: ExpectedBill,
): Promise<number> {
  const wrong: string[] = [];
  let compared = 0;
  async function sums(promql: string, keyOf: KeyOf, wanted: Sums): Promise<void> {
    const found = new Map<string, number>();
    for (const { metric, value } of await prometheus.query(promql)) {
      found.set(keyOf(metric), (found.get(keyOf(metric)) ?? 0) + value);
    }
    compared += wanted.size;
    if (wanted.size === 0) wrong.push(`${promql}: the bill has nothing to compare`);
    for (const [key, sum] of wanted) {
      if (!equals(found.get(key), sum)) wrong.push(`${promql} ${key}: ${found.get(key)}, the bill ${sum}`);
    }
    for (const key of found.keys()) if (!wanted.has(key)) wrong.push(`${promql} ${key}: not in the bill`);
  }
  const one = (promql: string, sum: Decimal) => sums(promql, () => '', new Map([['', sum]]));
  const service: KeyOf = (labels) => focusService(labels.service ?? '');
  const account: KeyOf = (labels) => labels.account_id ?? '';

  await one(`sum(aws_cost_total{${selector}})`, expected.total);
  await sums(`sum by (service) (aws_cost_total{${selector}})`, service, expected.byService);
  await sums(`sum by (account_id) (aws_cost_total{${selector}})`, account, expected.byAccount);
  await sums(
    `aws_cost_total{${selector}}`,
    (labels) => `${service(labels)}|${account(labels)}`,
    expected.byServiceAndAccount,
  );
  await one(`sum(aws_cost_month_to_date{${selector}})`, expected.monthToDate);
  await one(`sum(aws_cost_last_complete_day{${selector}})`, expected.lastCompleteDay);
  await sums(`sum by (date) (aws_cost_daily{${selector}})`, (labels) => labels.date ?? '', expected.daily);
  await one(`sum(aws_cost_forecast{${selector}})`, expected.forecast);
  await one(`sum(aws_cost_forecast_month_end{${selector}})`, expected.monthEnd);
  if (wrong.length > 0)
    throw new Error(`${wrong.length} of ${compared} sums differ: ${wrong.join('; ').slice(0, 2_000)}`);
  return compared;
}
