import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Counter, Gauge, Histogram, Registry, Summary } from '@prometheus-io/client';
import t from 'tap';
import { processRegistry, renderLive, toOpenMetrics } from '../../src/metrics/live.ts';

/** A registry with one metric of each type, alike each time. */
function registryOfAll(): Registry {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'jobs_total', help: 'Jobs "done" \\ at\nlast.', registers }).inc(3);
  const perKind = new Counter({ name: 'kinds_total', help: 'By kind.', labelNames: ['kind'], registers });
  perKind.inc({ kind: '# TYPE "x"\ncounter' }, 2);
  new Gauge({ name: 'heat_total', help: 'A gauge that looks like a counter.', registers }).set(-1.5);
  new Histogram({ name: 'took_seconds', help: 'Took.', buckets: [0.1, 1], registers }).observe(0.5);
  new Summary({ name: 'size_bytes', help: 'Size.', percentiles: [0.5], registers }).observe(7);
  new Gauge({ name: 'empty', help: 'Without a series.', labelNames: ['a'], registers });
  return registry;
}

t.test('OpenMetrics is what the library itself would write', async (t) => {
  const own = toOpenMetrics(await registryOfAll().metrics());
  const registry = registryOfAll();
  // Its rendering escapes no quotes in helps, as OpenMetrics asks for, and puts `_total` after a counter's name.
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const library = (await registry.metrics()).replace('"done"', '\\"done\\"');
  t.equal(`${own}# EOF\n`, library);
});

t.test('blank lines, comments and an EOF go; a counter without _total becomes unknown', async (t) => {
  const text = '\n# HELP hits Hits.\n# TYPE hits counter\nhits 1\n\n\n# a comment\n# EOF\n';
  t.equal(toOpenMetrics(text), '# HELP hits Hits.\n# TYPE hits unknown\nhits 1\n');
  t.equal(toOpenMetrics(''), '');
});

t.test('several registries are one text, and stay in text format', async (t) => {
  const registries = [registryOfAll(), processRegistry(), new Registry()];
  const text = await renderLive(registries);
  t.match(text, /^jobs_total 3$/m);
  t.match(text, /^process_cpu_seconds_total /m);
  toOpenMetrics(text);
  t.match(await renderLive(registries), /^# TYPE process_cpu_seconds_total counter$/m);
});

t.test('process metrics are collected once, without those that lint refuses', async (t) => {
  t.equal(processRegistry(), processRegistry());
  const text = await renderLive([processRegistry()]);
  t.match(text, /^process_resident_memory_bytes \d+$/m);
  t.match(text, /^# TYPE nodejs_eventloop_lag_seconds gauge$/m);
  t.notMatch(text, /nodejs_active_(handles|requests|resources)_total|nodejs_eventloop_utilization/);
  const metrics = processRegistry().getMetricsAsArray();
  t.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length);
});

t.test('process metrics do not keep the process alive', async (t) => {
  const module = new URL('../../src/metrics/live.ts', import.meta.url).href;
  const script = `import { processRegistry } from ${JSON.stringify(module)}; await processRegistry().metrics();`;
  const args = ['--input-type=module', '--eval', script];
  await t.resolves(promisify(execFile)(process.execPath, args, { timeout: 20_000 }));
});
