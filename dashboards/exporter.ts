import { dashboard } from './build/dashboard.ts';
import { bars, curves, stat, table, timeline } from './build/panels.ts';
import { grown, ofProcesses } from './build/promql.ts';
import { job, target } from './build/variables.ts';

const own = (name: string, ...matchers: string[]) =>
  `aws_cost_exporter_${name}{${['job=~"$job"', ...matchers].join(', ')}}`;
const ofTarget = (name: string, ...matchers: string[]) => own(name, 'target=~"$target"', ...matchers);

const success = `min by (collector, target) (${ofTarget('collector_success')})`;
const age = (timestamp: string) => `time() - max by (collector, target) (${ofTarget(timestamp)})`;
const latest = (name: string) => `max by (collector, target) (${ofTarget(name)})`;

const spentToday = (by: string) =>
  `sum by (${by}) (${ofProcesses(grown(ofTarget('aws_spend_usd_total'), '1d'), 'job', 'target')})`;

/** Figures of Node's own names, of this exporter's processes alone. */
const process = (name: string) => `${name}{job=~"$job"} and on (job, instance) ${own('build_info')}`;

const COUNTED =
  'Of all replicas together, from what Prometheus has seen; GET /spend has the ledger, which forgets nothing.';
const RUNS = 'Only the replica that collects for a target says how its last attempt ended.';

const HOUR = 3600;

export const exporter = dashboard({
  uid: 'aws-cost-exporter',
  title: 'AWS cost / The exporter itself',
  description: 'Freshness, requests, dollars and replicas of aws-cost-exporter.',
  from: 'now-24h',
  variables: [job, target],
  sections: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Collectors that fail',
          description: `Collectors whose last attempt failed, in whole or in part. ${RUNS} GET /ready says why, and what to do.`,
          unit: 'short',
          decimals: 0,
          size: [4, 4],
          steps: [
            { value: null, color: 'green' },
            { value: 1, color: 'red' },
          ],
          queries: [{ expr: `sum(1 - ${success})`, legend: 'failing' }],
        }),
        stat({
          title: 'Oldest figures',
          description:
            'Time since the collector that succeeded longest ago has succeeded, or found its figures unchanged.',
          unit: 's',
          size: [4, 4],
          steps: [
            { value: null, color: 'green' },
            { value: 13 * HOUR, color: 'yellow' },
            { value: 25 * HOUR, color: 'red' },
          ],
          queries: [{ expr: `max(${age('collector_last_success_timestamp_seconds')})`, legend: 'oldest' }],
        }),
        stat({
          title: 'Since the bill has moved',
          description:
            'Time since the bill of a target was last seen to move. AWS refreshes it up to three times a day: is AWS late, or the exporter?',
          unit: 's',
          size: [4, 4],
          noValue: 'It has not been seen to move yet',
          queries: [
            {
              expr: `time() - max by (target) (${ofTarget('bill_changed_timestamp_seconds')})`,
              legend: '{{target}}',
            },
          ],
        }),
        stat({
          title: 'Spent in 24 hours',
          description: `What AWS charges for the exporter's own requests of the last 24 hours, in US dollars. ${COUNTED}`,
          unit: 'currencyUSD',
          decimals: 2,
          size: [4, 4],
          queries: [{ expr: spentToday('job'), legend: '{{job}}' }],
        }),
        stat({
          title: 'Share of the budget',
          description: `What the last 24 hours have cost by AWS_SPEND_BUDGET_USD, which is of a UTC day: the exporter sends no page above it. ${COUNTED}`,
          unit: 'percentunit',
          decimals: 0,
          size: [4, 4],
          steps: [
            { value: null, color: 'green' },
            { value: 0.8, color: 'yellow' },
            { value: 1, color: 'red' },
          ],
          queries: [
            {
              expr: `${spentToday('job')} / (max by (job) (${own('aws_spend_budget_usd')}) > 0)`,
              legend: '{{job}}',
            },
          ],
        }),
        stat({
          title: 'Replicas, and how many show figures',
          description:
            'Processes that Prometheus scrapes, and those that show the cost families: one, or all with EXPOSE=all or without Redis.',
          unit: 'short',
          decimals: 0,
          size: [4, 4],
          queries: [
            { expr: `count(${ofProcesses(own('exposing'))})`, legend: 'replicas' },
            { expr: `sum(${ofProcesses(own('exposing'))})`, legend: 'show figures' },
          ],
        }),
      ],
    },
    {
      title: 'Collectors',
      panels: [
        table({
          title: 'Collectors',
          description: `For each collector and target: whether the last attempt succeeded (1), how old figures and attempt are, how long it took, and its series. ${RUNS}`,
          unit: 's',
          size: [24, 10],
          columns: { target: 'Target', collector: 'Collector' },
          units: { 'Last attempt succeeded': 'none', Series: 'short', Folded: 'short' },
          sortBy: 'Age of the figures',
          queries: [
            { expr: success, legend: 'Last attempt succeeded' },
            { expr: age('collector_last_success_timestamp_seconds'), legend: 'Age of the figures' },
            { expr: age('collector_last_attempt_timestamp_seconds'), legend: 'Since the last attempt' },
            { expr: latest('collector_duration_seconds'), legend: 'Took' },
            { expr: latest('collector_series'), legend: 'Series' },
            { expr: latest('collector_series_folded'), legend: 'Folded' },
          ],
        }),
        timeline({
          title: 'Success of the collectors',
          description: `Green where the last attempt had succeeded, red where a part of it had failed. ${RUNS}`,
          unit: 'none',
          decimals: 0,
          size: [12, 9],
          steps: [
            { value: null, color: 'red' },
            { value: 1, color: 'green' },
          ],
          queries: [{ expr: success, legend: '{{collector}}, {{target}}' }],
        }),
        curves({
          title: 'Series on the page',
          description:
            'Series of each collector and target, all its families together. Above MAX_SERIES the smallest are folded into "__other__".',
          unit: 'short',
          min: 0,
          size: [12, 9],
          queries: [{ expr: latest('collector_series'), legend: '{{collector}}, {{target}}' }],
        }),
      ],
    },
    {
      title: 'Requests and dollars',
      panels: [
        curves({
          title: 'Dollars of 24 hours, by target',
          description: `What AWS has charged in the 24 hours before each instant, in US dollars. ${COUNTED}`,
          unit: 'currencyUSD',
          decimals: 2,
          min: 0,
          size: [12, 9],
          queries: [{ expr: spentToday('target'), legend: '{{target}}' }],
        }),
        curves({
          title: 'Requests an hour, by result',
          description: 'HTTP attempts at AWS by all replicas, retries included, by how they ended.',
          unit: 'suffix:/h',
          decimals: 0,
          min: 0,
          size: [12, 9],
          queries: [
            {
              expr: `sum by (result) (${ofProcesses(`rate(${ofTarget('aws_requests_total')}[$__rate_interval])`, 'operation', 'result', 'target')}) * ${HOUR}`,
              legend: '{{result}}',
            },
          ],
        }),
        table({
          title: 'Requests of 24 hours',
          description:
            'HTTP attempts at AWS by all replicas in the last 24 hours, retries included, by operation and by how they ended.',
          unit: 'short',
          decimals: 0,
          size: [12, 10],
          columns: { operation: 'Operation', result: 'Result', target: 'Target' },
          sortBy: 'Requests',
          queries: [
            {
              expr: `sum by (operation, result, target) (${ofProcesses(grown(ofTarget('aws_requests_total'), '1d'), 'operation', 'result', 'target')}) > 0`,
              legend: 'Requests',
            },
          ],
        }),
        bars({
          title: 'How long AWS takes',
          description:
            'The time within which 95 of 100 HTTP attempts at AWS of the last 24 hours have ended, by operation; estimated from the buckets of the histogram.',
          unit: 's',
          size: [6, 10],
          queries: [
            {
              expr: `sort_desc(histogram_quantile(0.95, sum by (le, operation) (${ofProcesses(grown(ofTarget('aws_request_duration_seconds_bucket'), '1d'), 'le', 'operation', 'target')})) > 0)`,
              legend: '{{operation}}',
            },
          ],
        }),
        bars({
          title: 'Runs passed over in 24 hours',
          description:
            'Runs that did not ask AWS for the figures, by reason: "unchanged" and "fresh" have saved money, "budget" and "no_credentials" want something done.',
          unit: 'short',
          decimals: 0,
          size: [6, 10],
          queries: [
            {
              expr: `sort_desc(sum by (reason) (${ofProcesses(grown(ofTarget('collector_skipped_total'), '1d'), 'collector', 'reason', 'target')}))`,
              legend: '{{reason}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Replicas',
      panels: [
        table({
          title: 'Replicas',
          description:
            'Each process: its version, whether it shows the cost families (1), for how many targets it collects, whether Redis answers it (1; empty without Redis), its memory and how long it runs.',
          unit: 'none',
          decimals: 0,
          size: [24, 8],
          columns: { namespace: 'Namespace', pod: 'Pod', instance: 'Instance', version: 'Version' },
          units: { Memory: 'bytes', Runs: 's' },
          sortBy: 'Shows figures',
          queries: [
            {
              expr: `${ofProcesses(own('build_info'), 'version')} * 0 + on (namespace, pod, instance) group_left () ${ofProcesses(own('exposing'))}`,
              legend: 'Shows figures',
            },
            {
              expr: `sum by (namespace, pod, instance) (${ofProcesses(own('lease_held'), 'target')})`,
              legend: 'Collects for',
            },
            { expr: ofProcesses(own('cache_up')), legend: 'Redis' },
            { expr: ofProcesses(process('process_resident_memory_bytes')), legend: 'Memory' },
            { expr: `time() - ${ofProcesses(process('process_start_time_seconds'))}`, legend: 'Runs' },
          ],
        }),
      ],
    },
  ],
});
