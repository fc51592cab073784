// The script of `helm test`, run against real exporters as the test pod would run it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ask, startCosts } from '../helper.ts';
import { freePort, run } from '../servers/process.ts';
import { startPrometheus } from '../servers/prometheus.ts';
import { CHART } from './helm.ts';

const SCRIPT = readFileSync(join(CHART, 'files/test.mjs'), 'utf8');
/** What Prometheus sends with each scrape. */
const SCRAPER = { 'x-prometheus-scrape-timeout-seconds': '10' };
t.setTimeout(240_000);
const PATIENCE = { timeout: 120_000 };

/** Runs the script; `MONITOR` and the others as the chart writes them. */
async function test(urls: { restUrl: string; metricsUrl: string }, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    env: {
      REST_URL: urls.restUrl,
      METRICS_URL: urls.metricsUrl,
      MONITOR: 'ServiceMonitor',
      MONITOR_LABELS: '{"release":"monitoring"}',
      SCRAPE: 'true',
      PATIENCE_SECONDS: '1',
      ...env,
    },
    timeoutMs: 60_000,
  });
  return { code, stdout, stderr };
}

t.test('it passes where there are figures and somebody scrapes', PATIENCE, async (t) => {
  const exporter = await startCosts(t);
  await exporter.scrape({ headers: SCRAPER });
  const { code, stdout, stderr } = await test(exporter);
  t.equal(stderr, '');
  t.equal(code, 0);
  t.match(
    stdout,
    /^Healthy, version \d.*\n\d+ series in \d+ cost families\.\nSomebody scrapes \/metrics\.\n$/,
  );
});

t.test('it counts the series and families that there are', PATIENCE, async (t) => {
  const exporter = await startCosts(t);
  const page = await exporter.metrics();
  const families = page.business();
  const series = families.reduce((sum, name) => sum + page.series(name).length, 0);
  t.match((await test(exporter)).stdout, `${series} series in ${families.length} cost families.`);
});

t.test('it fails with a sentence where nothing scrapes', PATIENCE, async (t) => {
  const exporter = await startCosts(t, { settle: false });
  await exporter.scrape({ headers: { 'user-agent': 'curl/8.14.1' } });
  const selected = await test(exporter, { PATIENCE_SECONDS: '6' });
  t.equal(selected.code, 1);
  t.match(selected.stdout, /series in/, 'there are figures');
  t.match(
    selected.stderr,
    /FAILED: nothing has scraped \/metrics though there is a ServiceMonitor: no Prometheus selects it.*\{"release":"monitoring"\}.*monitorLabels/,
  );
  const missing = await test(exporter, { MONITOR: '', PATIENCE_SECONDS: '60' });
  t.equal(missing.code, 1, 'and does not wait for what nobody will do');
  t.match(
    missing.stderr,
    /FAILED: nothing scrapes \/metrics, and there is no ServiceMonitor or PodMonitor: .*serviceMonitor\.enabled: true/,
  );
  const left = await test(exporter, { SCRAPE: 'false' });
  t.equal(left.code, 0, 'test.scrape: false leaves it out');
});

t.test('where there are no figures it says why, and what to do', PATIENCE, async (t) => {
  const exporter = await startCosts(t, {
    before: ({ faults }) => {
      for (const operation of ['GetCostAndUsage', 'GetCostForecast']) faults.add({ kind: 'deny', operation });
    },
  });
  await exporter.scrape({ headers: SCRAPER });
  const { code, stdout, stderr } = await test(exporter, { PATIENCE_SECONDS: '60' });
  t.equal(code, 1);
  t.match(stdout, /cost of default is failed: .*ce:GetCostAndUsage/);
  t.match(stderr, /FAILED: no figures on http.*\/metrics: what stands above says why/);
});

t.test('it fails where nothing answers', PATIENCE, async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { code, stderr } = await test({ restUrl: url, metricsUrl: url });
  t.equal(code, 1);
  t.match(stderr, /^FAILED: connect ECONNREFUSED/);
});

t.test('it waits for the first figures', PATIENCE, async (t) => {
  const exporter = await startCosts(t, { listen: false });
  const { restUrl, metricsUrl } = await exporter.app.listen();
  await ask(`${metricsUrl}/metrics`, { headers: SCRAPER });
  t.equal((await test({ restUrl, metricsUrl }, { PATIENCE_SECONDS: '30' })).code, 0);
});

t.test('a real Prometheus is counted', PATIENCE, async (t) => {
  const exporter = await startCosts(t);
  const prometheus = await startPrometheus(t, { targets: [{ url: `${exporter.metricsUrl}/metrics` }] });
  if (prometheus === undefined) return;
  await prometheus.waitFor('up', ([up]) => up?.value === 1, 40_000);
  t.match(await test(exporter), { code: 0, stdout: 'Somebody scrapes /metrics.' });
});
