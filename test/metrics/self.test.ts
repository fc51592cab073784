import { Registry } from '@prometheus-io/client';
import t from 'tap';
import { createSelfMetrics, type SelfMetricsOptions } from '../../src/metrics/self.ts';
import { requestResults, selfFamilies, skipReasons } from '../../src/metrics/self-families.ts';
import { parseLine } from './helper.ts';

const P = 'aws_cost_exporter_';
const at = new Date('2025-03-01T12:00:00.500Z');
const pair = { collector: 'cost', target: 'default' };

const options: SelfMetricsOptions = {
  version: '1.2.3',
  revision: 'abc',
  startTime: new Date('2025-03-01T00:00:00Z'),
  costMetric: 'BlendedCost',
  targets: [
    { name: 'default', features: ['cost', 'forecast'] },
    { name: 'other', features: ['cost'] },
  ],
  collectors: [pair],
  operations: [{ operation: 'GetCostAndUsage', target: 'default' }],
  redis: true,
  budgetUsd: 2.5,
  holds: (target) => target === 'default',
  exposes: () => true,
};

function create(change: Partial<SelfMetricsOptions> = {}) {
  const registry = new Registry();
  const metrics = createSelfMetrics(registry, { ...options, ...change });
  /** The series of a family, as `labels: value`. */
  const series = async (name: string) => {
    const lines = (await registry.metrics()).split('\n').filter((line) => /^[a-z]/.test(line));
    return lines.map(parseLine).filter((sample) => sample.name === P + name);
  };
  const values = async (name: string) => (await series(name)).map(({ value }) => value);
  return { registry, metrics, series, values };
}

t.test('what is known at start is there from the start, at 0', async (t) => {
  const { series, values } = create();
  t.same(
    (await series('collector_skipped_total')).map(({ labels, value }) => [labels, value]),
    skipReasons.map((reason) => [{ ...pair, reason }, 0]),
  );
  t.same(
    (await series('aws_requests_total')).map(({ labels, value }) => [labels, value]),
    requestResults.map((result) => [{ operation: 'GetCostAndUsage', target: 'default', result }, 0]),
  );
  t.same(await values('aws_request_duration_seconds_count'), [0]);
  t.same(await values('collector_series'), [0]);
  t.same(await values('collector_series_folded'), [0]);
  t.same(await values('aws_spend_usd_total'), [0, 0]);
  t.same(await values('cache_up'), [0]);
  t.same(await values('aws_spend_budget_usd'), [2.5]);
  t.match(await series('build_info'), [
    { labels: { version: '1.2.3', revision: 'abc', node_version: process.version }, value: 1 },
  ]);
});

t.test('success, times and durations only after the event', async (t) => {
  const { values } = create();
  for (const name of [
    'success',
    'last_success_timestamp_seconds',
    'last_attempt_timestamp_seconds',
    'duration_seconds',
  ]) {
    t.same(await values(`collector_${name}`), [], name);
  }
  t.same(await values('bill_changed_timestamp_seconds'), []);
});

t.test('an attempt that failed moves the attempt, not the success', async (t) => {
  const { metrics, values } = create();
  const later = new Date(at.getTime() + 60_000);
  metrics.attemptEnded('cost', 'default', { ok: true, at, durationSeconds: 1.5 });
  t.same(await values('collector_success'), [1]);
  t.same(await values('collector_last_success_timestamp_seconds'), [1740830400.5]);
  metrics.attemptEnded('cost', 'default', { ok: false, at: later, durationSeconds: 2 });
  t.same(await values('collector_success'), [0]);
  t.same(await values('collector_last_success_timestamp_seconds'), [1740830400.5]);
  t.same(await values('collector_last_attempt_timestamp_seconds'), [1740830460.5]);
  t.same(await values('collector_duration_seconds'), [2]);
});

t.test('a confirmation moves the success time alone', async (t) => {
  const { metrics, values } = create();
  metrics.skipped('cost', 'default', 'unchanged');
  metrics.confirmed('cost', 'default', at);
  t.same(await values('collector_last_success_timestamp_seconds'), [1740830400.5]);
  t.same(await values('collector_success'), []);
  t.same(await values('collector_last_attempt_timestamp_seconds'), []);
  t.same(await values('collector_skipped_total'), [0, 1, 0, 0, 0, 0]);
});

t.test('requests, spend, series, bill and cache', async (t) => {
  const { metrics, series, values } = create();
  metrics.awsRequest('GetCostAndUsage', 'default', 'throttled', 0.2);
  metrics.awsRequest('GetCallerIdentity', 'default', 'success', 0.01);
  t.match(
    (await series('aws_requests_total')).filter(({ value }) => value === 1).map(({ labels }) => labels),
    [
      { operation: 'GetCostAndUsage', result: 'throttled' },
      { operation: 'GetCallerIdentity', result: 'success' },
    ],
  );
  t.same(await values('aws_request_duration_seconds_sum'), [0.2, 0.01]);
  for (let page = 0; page < 70; page++) metrics.spend('default', 0.01);
  t.same(await values('aws_spend_usd_total'), [0.7, 0], 'without the dust of 70 additions');
  t.same(await values('aws_spend_usd_total'), [0.7, 0], 'and the same when read again');
  metrics.series('cost', 'default', { series: 12, folded: 3 });
  t.same([await values('collector_series'), await values('collector_series_folded')], [[12], [3]]);
  metrics.billChanged('default', at);
  t.same(await values('bill_changed_timestamp_seconds'), [1740830400.5]);
  metrics.cacheUp(true);
  t.same(await values('cache_up'), [1]);
});

t.test('info: one series per target; the one without an account goes when STS has answered', async (t) => {
  const { metrics, series } = create();
  const accounts = async () => (await series('info')).map(({ labels }) => [labels.target, labels.account_id]);
  t.match(await series('info'), [
    {
      labels: {
        version: '1.2.3',
        target: 'default',
        account_id: '',
        start_time: '2025-03-01T00:00:00.000Z',
        features: 'cost,forecast',
        cost_metric: 'BlendedCost',
      },
      value: 1,
    },
    { labels: { target: 'other', features: 'cost' } },
  ]);
  metrics.account('default', '111111111111');
  t.same((await accounts()).toSorted(), [
    ['default', '111111111111'],
    ['other', ''],
  ]);
  metrics.account('default', '222222222222');
  metrics.account('default', '222222222222');
  metrics.account('unknown', '333333333333');
  t.same((await accounts()).toSorted(), [
    ['default', '222222222222'],
    ['other', ''],
  ]);
});

t.test('leases and exposing are asked for at each scrape', async (t) => {
  const held = new Set(['default']);
  let exposes = true;
  const { series, values } = create({ holds: (target) => held.has(target), exposes: () => exposes });
  const leases = async () => (await series('lease_held')).map(({ labels, value }) => [labels, value]);
  t.same(await leases(), [
    [{ target: 'default' }, 1],
    [{ target: 'other' }, 0],
  ]);
  t.same(await values('exposing'), [1]);
  held.clear();
  exposes = false;
  t.same(await leases(), [
    [{ target: 'default' }, 0],
    [{ target: 'other' }, 0],
  ]);
  t.same(await values('exposing'), [0]);
});

t.test('what another replica has taken over says nothing of attempts any more', async (t) => {
  const { metrics, values } = create();
  metrics.attemptEnded('cost', 'default', { ok: true, at, durationSeconds: 1 });
  metrics.handedOver('cost', 'default');
  for (const name of ['success', 'last_attempt_timestamp_seconds', 'duration_seconds'])
    t.same(await values(`collector_${name}`), [], name);
  t.same(
    await values('collector_last_success_timestamp_seconds'),
    [1740830400.5],
    'the figures are as old as they are',
  );
});

t.test('without Redis there is no cache_up', async (t) => {
  const { metrics, registry } = create({ redis: false });
  metrics.cacheUp(true);
  t.notMatch(await registry.metrics(), /cache_up/);
});

t.test('two apps in one process do not see each other', async (t) => {
  const one = create();
  const other = create();
  one.metrics.spend('default', 1);
  t.same(await other.values('aws_spend_usd_total'), [0, 0]);
});

t.test('the list of families is what the registry has', async (t) => {
  const { registry } = create();
  const text = await registry.metrics();
  const types = Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => `${name} ${type}`);
  t.same(
    types.toSorted(),
    Object.values(selfFamilies)
      .map(({ name, type }) => `${name} ${type}`)
      .toSorted(),
  );
  for (const { name, help, labels } of Object.values(selfFamilies)) {
    t.ok(text.includes(`# HELP ${name} ${help}\n`), name);
    const inUse = registry.getMetricsAsArray().find((metric) => metric.name === name);
    t.match(inUse, { labelNames: [...labels] });
  }
});
