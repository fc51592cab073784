import { setTimeout as delay } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from '@prometheus-io/client';
import t from 'tap';
import { declareEventLoopDelays } from '../../src/metrics/event-loop.ts';

const PREFIX = 'nodejs_eventloop_lag_';

/** Samples by name, without what all names have. */
async function read(registry: Registry): Promise<Record<string, number>> {
  const samples = (await registry.metrics()).matchAll(/^nodejs_eventloop_lag_(\w+) (.+)$/gm);
  return Object.fromEntries(Array.from(samples, ([, name, value]) => [name!, Number(value)]));
}

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

t.test('delays since the last reading; none where there was none', async (t) => {
  const registry = new Registry();
  declareEventLoopDelays(registry);
  t.same(await read(registry), {}, 'nothing was measured yet');
  await delay(100);
  block(200);
  await delay(100);
  const { seconds, min = 0, max = 0, mean = 0, p50 = 0, p90 = 0, p99 = 0 } = rename(await read(registry));
  t.ok(seconds !== undefined && seconds >= 0 && seconds < 10, `of the reading before: ${seconds}`);
  t.ok(
    min > 0 && min <= p50 && p50 <= p90 && p90 <= p99 && p99 <= max,
    [min, p50, p90, p99, max].join(' <= '),
  );
  t.ok(max >= 0.15 && max < 60, `the loop stood still for ${max} s`);
  t.ok(mean >= min && mean <= max, `${mean}`);
  t.same(Object.keys(await read(registry)), ['seconds'], 'each reading begins anew');
});

t.test('names and helps are those of the library', async (t) => {
  const [own, library] = [new Registry(), new Registry()];
  declareEventLoopDelays(own);
  collectDefaultMetrics({ register: library });
  const of = (registry: Registry) =>
    registry
      .getMetricsAsArray()
      .flatMap(({ name, help }) => (name.startsWith(PREFIX) ? [`${name} ${help}`] : []));
  t.same(
    of(own),
    of(library).filter((line) => !line.includes('_stddev_')),
  );
});

function rename(samples: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(samples).map(([name, value]) => [name.replace(/_seconds$/, ''), value]),
  );
}
