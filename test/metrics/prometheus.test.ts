import { once } from 'node:events';
import { createServer } from 'node:http';
import { Registry } from '@prometheus-io/client';
import fc from 'fast-check';
import t from 'tap';
import { Exposition } from '../../src/metrics/exposition.ts';
import type { Family, Sample } from '../../src/metrics/family.ts';
import { processRegistry, renderLive } from '../../src/metrics/live.ts';
import { negotiateEncoding, negotiateFormat } from '../../src/metrics/negotiate.ts';
import { createSelfMetrics } from '../../src/metrics/self.ts';
import {
  ACCEPT,
  promtoolCheckMetrics,
  requirePromtool,
  startAcceptProxy,
  startPrometheus,
} from '../servers/prometheus.ts';
import { anySamples, onPage, writeParts } from './helper.ts';

const cost: Family = {
  name: 'aws_cost_daily',
  type: 'gauge',
  help: 'Cost "of" one day,\nin \\dollars.',
  labels: ['service', 'account_id'],
};
const seen: Family = {
  name: 'aws_recommendations_total',
  type: 'counter',
  help: 'Recommendations seen.',
  labels: ['category'],
};

// A fixed seed, so that a failure can be run again. No two samples are one series on the page.
const generated = fc.sample(anySamples(2), { numRuns: 40, seed: 7 }).flat();
const costs = [
  ...new Map(generated.map((sample) => [JSON.stringify(sample[0].map(onPage)), sample])).values(),
];
const counts: Sample[] = Array.from({ length: 300 }, (_, index) => [[`category ${index} \\"|\n`], index]);
const exposition = new Exposition([cost, seen], ['cost/a', 'cost/b']);
exposition.swap(
  new Map([
    [
      'cost/a',
      await writeParts([
        [cost, costs.slice(0, 10)],
        [seen, counts],
      ]),
    ],
    ['cost/b', await writeParts([[cost, costs.slice(10)]])],
  ]),
);

const registry = new Registry();
const self = createSelfMetrics(registry, {
  version: '1.2.3',
  startTime: new Date(),
  costMetric: 'BlendedCost',
  targets: [{ name: 'default', features: ['cost'] }],
  collectors: [{ collector: 'cost', target: 'default' }],
  operations: [{ operation: 'GetCostAndUsage', target: 'default' }],
  redis: true,
  budgetUsd: 1,
  holds: () => true,
  exposes: () => true,
});
self.attemptEnded('cost', 'default', { ok: true, at: new Date(), durationSeconds: 1 });
self.billChanged('default', new Date());
self.awsRequest('GetCostAndUsage', 'default', 'success', 0.3);

t.test('the generator gave what the test is about', async (t) => {
  const text = costs.flatMap(([values]) => values).join('');
  t.ok(costs.length > 100, `${costs.length} series`);
  for (const special of ['\\', '\n', '"', '\0', '|']) t.ok(text.includes(special), JSON.stringify(special));
  t.notOk(text.isWellFormed());
});

t.test('promtool has no complaint', async (t) => {
  if (requirePromtool(t) === undefined) return;
  const live = await renderLive([registry, processRegistry()]);
  const page = await exposition.page('text', 'identity', live);
  t.same(await promtoolCheckMetrics(Buffer.concat(page.chunks).toString()), []);
});

t.test('a real Prometheus reads back every label set and value, in both formats', async (t) => {
  const server = createServer(async (request, response) => {
    const format = negotiateFormat(request.headers.accept);
    const encoding = negotiateEncoding(request.headers['accept-encoding']?.toString());
    const page = await exposition.page(format, encoding, await renderLive([registry, processRegistry()]));
    response.setHeader('content-type', page.contentType).setHeader('content-length', page.length);
    if (page.contentEncoding) response.setHeader('content-encoding', page.contentEncoding);
    for (const chunk of page.chunks) response.write(chunk);
    response.end();
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const url = `http://127.0.0.1:${address.port}/metrics`;
  const text = await startAcceptProxy(t, url, ACCEPT.text);
  const openMetrics = await startAcceptProxy(t, url, ACCEPT.openMetrics);
  const prometheus = await startPrometheus(t, {
    targets: [
      { url: text.url, job: 'text' },
      { url: openMetrics.url, job: 'openmetrics' },
      { url, job: 'own' },
    ],
  });
  if (prometheus === undefined) return;
  await prometheus.waitForTargetsUp();
  t.match([...text.contentTypes], [/^text\/plain; version=0\.0\.4/]);
  t.match([...openMetrics.contentTypes], [/^application\/openmetrics-text/]);
  for (const job of ['text', 'openmetrics', 'own']) {
    const byLabels = async (family: Family) =>
      (await prometheus.query(`${family.name}{job="${job}"}`))
        .map(({ metric, value }) =>
          JSON.stringify([family.labels.map((label) => metric[label] ?? ''), value]),
        )
        .toSorted();
    const asPublished = (samples: readonly Sample[]) =>
      samples
        .map(([values, value]) => JSON.stringify([values.map(onPage), value === 0 ? 0 : value]))
        .toSorted();
    t.same(await byLabels(cost), asPublished(costs), `${job}: gauges`);
    t.same(await byLabels(seen), asPublished(counts), `${job}: counters`);
    const [request] = await prometheus.query(
      `aws_cost_exporter_aws_requests_total{job="${job}",result="success"}`,
    );
    t.equal(request?.value, 1, `${job}: live counters`);
    const buckets = await prometheus.query(
      `aws_cost_exporter_aws_request_duration_seconds_bucket{job="${job}"}`,
    );
    t.equal(buckets.find(({ metric }) => metric.le === '0.5')?.value, 1, `${job}: live histograms`);
    t.equal(buckets.length, 10);
  }
  const types = await fetch(`${prometheus.url}/api/v1/targets/metadata?metric=${cost.name}`);
  const { data } = (await types.json()) as { data: { type: string; help: string }[] };
  t.equal(data.length, 3);
  for (const one of data) t.match(one, { type: 'gauge', help: cost.help });
});
