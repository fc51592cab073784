import type { Family } from './family.ts';

/** A family of the exporter about itself: these may be histograms too. */
export interface SelfFamily extends Omit<Family, 'type'> {
  readonly type: Family['type'] | 'histogram';
}

/** Why a run was passed over (the `reason` of `aws_cost_exporter_collector_skipped_total`). */
export const skipReasons = [
  'fresh',
  'unchanged',
  'running',
  'budget',
  'not_leader',
  'no_credentials',
] as const;
export type SkipReason = (typeof skipReasons)[number];

/** How an HTTP attempt at AWS ended (the `result` of `aws_cost_exporter_aws_requests_total`). */
export const requestResults = ['success', 'throttled', 'access_denied', 'timeout', 'error'] as const;
export type RequestResult = (typeof requestResults)[number];

/** Upper bounds of `aws_cost_exporter_aws_request_duration_seconds`: Cost Explorer takes tenths of a second to many seconds. */
export const requestDurationBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const perCollector = ['collector', 'target'];

/** Every family that the exporter publishes about itself: the metrics are made from it, and `docs/metrics.md` too. */
export const selfFamilies = {
  collectorSuccess: {
    name: 'aws_cost_exporter_collector_success',
    type: 'gauge',
    help: '1 if the last attempt to collect succeeded, 0 if any part of it failed. Absent until the first attempt has ended.',
    labels: perCollector,
  },
  lastSuccess: {
    name: 'aws_cost_exporter_collector_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'Start of the last collection that succeeded or found the figures unchanged, in seconds since the epoch.',
    labels: perCollector,
  },
  lastAttempt: {
    name: 'aws_cost_exporter_collector_last_attempt_timestamp_seconds',
    type: 'gauge',
    help: 'Start of the last attempt to collect that has ended, in seconds since the epoch.',
    labels: perCollector,
  },
  duration: {
    name: 'aws_cost_exporter_collector_duration_seconds',
    type: 'gauge',
    help: 'How long the last attempt to collect took, in seconds.',
    labels: perCollector,
  },
  skipped: {
    name: 'aws_cost_exporter_collector_skipped_total',
    type: 'counter',
    help: 'Runs that were passed over without asking AWS for the figures, by reason.',
    labels: [...perCollector, 'reason'],
  },
  series: {
    name: 'aws_cost_exporter_collector_series',
    type: 'gauge',
    help: 'Number of series that the collector has on the page, all its families together.',
    labels: perCollector,
  },
  seriesFolded: {
    name: 'aws_cost_exporter_collector_series_folded',
    type: 'gauge',
    help: 'Number of series that were folded into __other__ to keep under MAX_SERIES.',
    labels: perCollector,
  },
  requests: {
    name: 'aws_cost_exporter_aws_requests_total',
    type: 'counter',
    help: 'HTTP attempts made at AWS, retries included, by operation and by how they ended.',
    labels: ['operation', 'result', 'target'],
  },
  requestDuration: {
    name: 'aws_cost_exporter_aws_request_duration_seconds',
    type: 'histogram',
    help: 'How long the HTTP attempts at AWS took, in seconds.',
    labels: ['operation', 'target'],
  },
  spend: {
    name: 'aws_cost_exporter_aws_spend_usd_total',
    type: 'counter',
    help: 'What AWS charges for the paid requests of this process, in US dollars: 0.01 for each page answered or of unknown outcome.',
    labels: ['target'],
  },
  spendBudget: {
    name: 'aws_cost_exporter_aws_spend_budget_usd',
    type: 'gauge',
    help: 'What all replicas together may spend on AWS requests in one UTC day, in US dollars.',
    labels: [],
  },
  leaseHeld: {
    name: 'aws_cost_exporter_lease_held',
    type: 'gauge',
    help: '1 while this replica collects for the target, 0 while another one does. Always 1 without Redis.',
    labels: ['target'],
  },
  exposing: {
    name: 'aws_cost_exporter_exposing',
    type: 'gauge',
    help: '1 while this replica shows the cost families, 0 while another one does.',
    labels: [],
  },
  cacheUp: {
    name: 'aws_cost_exporter_cache_up',
    type: 'gauge',
    help: '1 while Redis answers, 0 while the exporter goes on from memory. Only where Redis is configured.',
    labels: [],
  },
  billChanged: {
    name: 'aws_cost_exporter_bill_changed_timestamp_seconds',
    type: 'gauge',
    help: 'When the bill was last seen to have moved, in seconds since the epoch.',
    labels: ['target'],
  },
  scrapes: {
    name: 'aws_cost_exporter_scrapes_total',
    type: 'counter',
    help: 'Scrapes of this process: answers to GET /metrics with the header X-Prometheus-Scrape-Timeout-Seconds, which Prometheus, its agent and vmagent send.',
    labels: [],
  },
  buildInfo: {
    name: 'aws_cost_exporter_build_info',
    type: 'gauge',
    help: '1, with the version, the source revision and the version of Node.js that run.',
    labels: ['version', 'revision', 'node_version'],
  },
  info: {
    name: 'aws_cost_exporter_info',
    type: 'gauge',
    help: '1 for each target, with its account (empty until STS has answered), the start of the process, the capabilities and the cost metric.',
    labels: ['version', 'target', 'account_id', 'start_time', 'features', 'cost_metric'],
  },
} as const satisfies Readonly<Record<string, SelfFamily>>;
