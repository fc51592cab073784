// What stands on /metrics, in which format and encoding.
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { startCosts } from '../helper.ts';
import { ACCEPT, promtoolCheckMetrics, requirePromtool } from '../servers/prometheus.ts';
import { MEMBER, PAYER } from './bill.ts';
import { parseMetrics } from './parse-metrics.ts';

/** Type and labels of every family that cost and forecast own. */
const BUSINESS: Readonly<Record<string, readonly string[]>> = {
  aws_cost_total: ['service', 'account_id'],
  aws_cost_daily: ['service', 'account_id', 'date'],
  aws_cost_forecast: ['account_id'],
  aws_cost_month_to_date: ['service', 'account_id'],
  aws_cost_last_complete_day: ['service', 'account_id'],
  aws_cost_settled_day: ['service', 'account_id'],
  aws_cost_settled_day_timestamp_seconds: ['account_id'],
  aws_cost_trailing_week: ['service', 'account_id'],
  aws_cost_preceding_week: ['service', 'account_id'],
  aws_cost_week_median: ['service', 'account_id'],
  aws_cost_forecast_month_end: ['account_id'],
  aws_cost_forecast_lower: ['account_id'],
  aws_cost_forecast_upper: ['account_id'],
  aws_account_info: ['account_id', 'account_name'],
  aws_cost_currency_info: ['account_id', 'currency'],
};

/** Labels of the families about the exporter itself; those after `optional` come with later capabilities or with Redis. */
const SELF: Readonly<Record<string, readonly string[]>> = {
  info: ['version', 'target', 'account_id', 'start_time', 'features', 'cost_metric'],
  collector_success: ['collector', 'target'],
  collector_last_success_timestamp_seconds: ['collector', 'target'],
  collector_last_attempt_timestamp_seconds: ['collector', 'target'],
  collector_duration_seconds: ['collector', 'target'],
  collector_skipped_total: ['collector', 'target', 'reason'],
  collector_series: ['collector', 'target'],
  collector_series_folded: ['collector', 'target'],
  aws_requests_total: ['operation', 'result', 'target'],
  aws_spend_usd_total: ['target'],
  build_info: ['version', 'revision', 'node_version'],
};
const OPTIONAL = [
  'bill_changed_timestamp_seconds',
  'aws_spend_budget_usd',
  'cache_up',
  'lease_held',
  'exposing',
  'scrapes_total',
];

t.test('the families are those of the contract, with its types and labels', async (t) => {
  const { metrics } = await startCosts(t);
  const page = await metrics();
  t.same(page.business(), Object.keys(BUSINESS).toSorted());
  for (const [family, labels] of Object.entries(BUSINESS)) {
    t.equal(page.families.get(family)?.type, 'gauge', family);
    for (const series of page.series(family)) {
      t.same(Object.keys(series.labels).toSorted(), labels.toSorted(), family);
      if (/_info$/.test(family)) t.equal(series.value, 1, family);
    }
  }
  for (const [name, labels] of Object.entries(SELF)) {
    const family = `aws_cost_exporter_${name}`;
    t.equal(page.families.get(family)?.type, /_total$/.test(name) ? 'counter' : 'gauge', family);
    t.ok(page.series(family).length > 0, `${family} has series`);
    for (const series of page.series(family))
      t.same(Object.keys(series.labels).toSorted(), labels.toSorted(), family);
  }
  t.equal(page.families.get('aws_cost_exporter_aws_request_duration_seconds')?.type, 'histogram');
  const known = [...Object.keys(SELF), ...OPTIONAL, 'aws_request_duration_seconds'].map(
    (name) => `aws_cost_exporter_${name}`,
  );
  const strangers = [...page.families.keys()].filter(
    (name) => name.startsWith('aws_') && !(name in BUSINESS) && !known.includes(name),
  );
  t.same(strangers, [], 'and no others');
  t.notOk(/ NaN$/m.test(page.text), 'never NaN');
});

t.test('promtool finds nothing but the named exceptions', async (t) => {
  if (requirePromtool(t) === undefined) return;
  const { metrics } = await startCosts(t);
  const complaints = await promtoolCheckMetrics((await metrics()).text);
  t.ok(complaints.length > 0, 'the exception is complained about');
  t.same(
    complaints.filter((line) => !line.startsWith('aws_cost_total ')),
    [],
  );
});

t.test('what the labels of the exporter itself say', async (t) => {
  const { metrics, sim, run } = await startCosts(t, { env: { COST_METRIC: 'AmortizedCost' } });
  const page = await metrics();
  const [info] = page.series('aws_cost_exporter_info');
  t.match(info?.labels, {
    target: 'default',
    account_id: PAYER,
    start_time: '2026-11-22T08:00:00.000Z',
    features: 'cost,forecast',
    cost_metric: 'AmortizedCost',
  });
  t.match(info?.labels.version, /^\d+\.\d+\.\d+/);
  for (const collector of ['cost', 'forecast']) {
    const labels = { collector, target: 'default' };
    t.equal(page.value('aws_cost_exporter_collector_success', labels), 1);
    const at = Date.parse('2026-11-22T08:00:00Z') / 1_000;
    t.equal(page.value('aws_cost_exporter_collector_last_success_timestamp_seconds', labels), at);
    t.equal(page.value('aws_cost_exporter_collector_last_attempt_timestamp_seconds', labels), at);
    t.equal(page.value('aws_cost_exporter_collector_series_folded', labels), 0);
    const own = Object.keys(BUSINESS).filter((name) => /forecast/.test(name) === (collector === 'forecast'));
    const count = own.reduce((total, name) => total + page.series(name).length, 0);
    t.equal(page.value('aws_cost_exporter_collector_series', labels), count, 'all of its series');
  }
  const requests = 'aws_cost_exporter_aws_requests_total';
  for (const operation of ['GetCostAndUsage', 'GetCostForecast', 'GetCallerIdentity']) {
    const received = sim.requests.filter((request) => request.operation === operation).length;
    t.equal(page.value(requests, { operation, result: 'success' }), received, operation);
    for (const result of ['throttled', 'access_denied', 'timeout', 'error']) {
      t.equal(page.value(requests, { operation, result }), 0, `${operation} ${result} exists at 0`);
    }
    const count = page.series('aws_cost_exporter_aws_request_duration_seconds', { operation });
    t.equal(count.find(({ name }) => name.endsWith('_count'))?.value, received);
  }
  t.equal(page.value('aws_cost_exporter_aws_spend_usd_total', { target: 'default' }), 0.02);
  for (const reason of ['fresh', 'unchanged', 'running', 'budget', 'not_leader', 'no_credentials']) {
    t.equal(
      page.value('aws_cost_exporter_collector_skipped_total', { collector: 'cost', reason }),
      0,
      reason,
    );
  }
  await run('cost');
  t.equal((await metrics()).value('aws_cost_exporter_aws_spend_usd_total'), 0.03);
});

t.test(
  'before the first attempt has ended there is no business series, no success, and no false 0',
  async (t) => {
    const { metrics, sim } = await startCosts(t, {
      settle: false,
      before: ({ faults }) => faults.add({ kind: 'hang' }),
    });
    const page = await metrics();
    t.same(page.business(), []);
    for (const family of [
      'collector_success',
      'collector_last_success_timestamp_seconds',
      'collector_last_attempt_timestamp_seconds',
      'collector_duration_seconds',
    ]) {
      t.same(page.series(`aws_cost_exporter_${family}`), [], `${family} is absent`);
    }
    t.match(
      page.series('aws_cost_exporter_info'),
      [{ labels: { account_id: '' } }],
      'the account is not known yet',
    );
    t.equal(page.value('aws_cost_exporter_aws_spend_usd_total', { target: 'default' }), 0);
    t.equal(
      page.value('aws_cost_exporter_aws_requests_total', { operation: 'GetCostAndUsage', result: 'success' }),
      0,
    );
    t.equal(page.value('aws_cost_exporter_collector_series', { collector: 'cost' }), 0);
    t.equal(
      page.value('aws_cost_exporter_collector_skipped_total', { collector: 'cost', reason: 'fresh' }),
      0,
    );
    sim.faults.clear();
  },
);

t.test('text or OpenMetrics by Accept, never 406', async (t) => {
  const { scrape } = await startCosts(t);
  const text = await scrape();
  for (const accept of [
    undefined,
    '*/*',
    ACCEPT.text,
    'text/plain',
    'application/json',
    'text/html;q=0.9',
    'nonsense',
    ',;=',
  ]) {
    const answer = await scrape({ headers: accept === undefined ? {} : { accept } });
    t.equal(answer.status, 200, String(accept));
    t.match(answer.headers['content-type'], /^text\/plain; ?version=0\.0\.4/, String(accept));
    t.equal(parseMetrics(answer.text).businessText(), parseMetrics(text.text).businessText());
  }
  const open = await scrape({ headers: { accept: ACCEPT.openMetrics } });
  t.match(open.headers['content-type'], /^application\/openmetrics-text; ?version=1\.0\.0/);
  t.ok(
    open.text.endsWith('\n# EOF\n') && open.text.indexOf('# EOF') === open.text.length - 6,
    'one EOF, at the end',
  );
  t.notOk(/\n\n/.test(open.text), 'no blank line');
  t.match(open.text, /^# TYPE aws_cost_exporter_aws_requests counter$/m, "a counter's head has no _total");
  t.match(open.text, /^aws_cost_exporter_aws_requests_total\{/m);
  t.match(open.text, /^# TYPE aws_cost_total (gauge|unknown)$/m, 'a gauge keeps its name');
  const samples = (page: string) =>
    page.split('\n').filter((line) => line.startsWith('aws_') && !line.startsWith('aws_cost_exporter_'));
  t.same(samples(open.text), samples(text.text), 'the same series in both formats');
});

t.test('gzip or identity by Accept-Encoding, one gzip member', async (t) => {
  const { scrape } = await startCosts(t);
  for (const accept of [ACCEPT.text, ACCEPT.openMetrics]) {
    const plain = await scrape({ headers: { accept } });
    t.equal(plain.headers['content-encoding'], undefined);
    t.equal(plain.headers['content-length'], String(plain.bytes.length));
    const packed = await scrape({ headers: { accept, 'accept-encoding': 'gzip' } });
    t.equal(packed.headers['content-encoding'], 'gzip');
    t.equal(packed.headers['content-length'], String(packed.bytes.length));
    const business = (page: string) => page.split('\n').filter((line) => /^aws_(?!cost_exporter)/.test(line));
    t.same(business(gunzipSync(packed.bytes).toString()), business(plain.text));
    t.equal(
      packed.bytes.readUInt32LE(packed.bytes.length - 4),
      gunzipSync(packed.bytes).length,
      'one member: ISIZE is the whole',
    );
  }
  for (const [encoding, expected] of [
    ['identity', undefined],
    ['gzip;q=0', undefined],
    ['br', undefined],
    ['deflate, gzip;q=1.0, *;q=0.5', 'gzip'],
    ['identity;q=0', undefined],
  ] as const) {
    const answer = await scrape({ headers: { 'accept-encoding': encoding } });
    t.equal(answer.status, 200, encoding);
    t.equal(answer.headers['content-encoding'], expected, encoding);
  }
  t.match((await scrape()).headers.vary, /accept-encoding/i);
});

t.test('HEAD has the head of GET and no body; parameters are ignored', async (t) => {
  const { scrape, metricsUrl } = await startCosts(t);
  const head = await scrape({ method: 'HEAD', headers: { 'accept-encoding': 'gzip' } });
  t.equal(head.status, 200);
  t.equal(head.bytes.length, 0);
  t.match(head.headers, { 'content-type': /^text\/plain/, 'content-encoding': 'gzip' });
  const odd = await fetch(`${metricsUrl}/metrics?collect[]=cost&x=1`);
  t.equal(odd.status, 200);
  t.match(await odd.text(), /aws_cost_total/);
  const post = await scrape({ method: 'POST' });
  t.equal(post.status, 405);
  t.match(post.headers.allow, /GET/);
});

t.test('label values are what AWS sent, escaped', async (t) => {
  const name = 'a"b\\c\nd|e,f{g}=é\u{1f600}';
  const { sim, run, metrics, scrape, get } = await startCosts(t);
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    mutate: (body) => JSON.parse(JSON.stringify(body).replaceAll('"AWS Lambda"', JSON.stringify(name))),
  });
  t.equal(await run('cost'), 'collected');
  const page = await metrics();
  t.ok(page.value('aws_cost_total', { service: name, account_id: MEMBER }));
  const open = await scrape({ headers: { accept: ACCEPT.openMetrics } });
  t.ok(open.text.includes(String.raw`service="a\"b\\c\nd|e,f{g}=é😀"`));
  const body = (await get('/cost/current')).json<{ byService: { service: string }[] }>();
  t.ok(
    body.byService.some(({ service }) => service === name),
    'REST shows it as it is',
  );
});

t.test("scrapes are counted: what a person or the chart's test asks for is none", async (t) => {
  const { scrape } = await startCosts(t, { settle: false });
  const count = async (headers: Record<string, string>) => {
    const page = parseMetrics((await scrape({ headers })).text);
    return page.series('aws_cost_exporter_scrapes_total').map(({ value }) => value);
  };
  const scraper = { 'x-prometheus-scrape-timeout-seconds': '10' };
  t.same(await count({}), [0]);
  t.same(await count({ 'user-agent': 'curl/8.14.1', accept: '*/*' }), [0]);
  t.same(await count(scraper), [1], 'the scrape itself counts');
  await scrape({ method: 'HEAD', headers: scraper });
  t.same(await count({}), [1]);
  t.same(await count(scraper), [2]);
});
