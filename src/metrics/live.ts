import { collectDefaultMetrics, Registry } from '@prometheus-io/client';
import { declareEventLoopDelays } from './event-loop.ts';

/** The library's default metrics whose names or types Prometheus' own lint refuses. */
const REFUSED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];

/** What {@link declareEventLoopDelays} tells, and the standard deviation that it does not. */
const DELAYS = ['', 'min_', 'max_', 'mean_', 'stddev_', 'p50_', 'p90_', 'p99_'].map(
  (which) => `nodejs_eventloop_lag_${which}seconds`,
);

/** The longest interval that Node's timers know, in milliseconds: 24.8 days. */
const LONGEST_INTERVAL = 2 ** 31 - 1;

let ofThisProcess: Registry | undefined;

/**
 * The metrics of the process (CPU, memory, event loop, garbage collection), collected once, however many apps run in it:
 * the library starts an observer, a delay monitor and a timer that nothing stops. None of them keeps the process alive.
 */
export function processRegistry(): Registry {
  if (ofThisProcess === undefined) {
    ofThisProcess = new Registry();
    // What measures for the metrics that are removed need not wake the process.
    collectDefaultMetrics({
      register: ofThisProcess,
      eventLoopMonitoringPrecision: LONGEST_INTERVAL,
      eventLoopUtilizationTimeout: LONGEST_INTERVAL,
    });
    for (const name of [...REFUSED, ...DELAYS]) ofThisProcess.removeSingleMetric(name);
    declareEventLoopDelays(ofThisProcess);
  }
  return ofThisProcess;
}

/**
 * Renders registries one after the other in text 0.0.4. They must stay in text format: one OpenMetrics rendering renames their
 * counters for good.
 */
export async function renderLive(registries: readonly Registry[]): Promise<string> {
  const texts = await Promise.all(registries.map((registry) => registry.metrics()));
  return texts.join('');
}

/**
 * Derives OpenMetrics 1.0 from text 0.0.4 as the metrics library writes it, without the final `# EOF`: a counter's
 * head loses its `_total`, quotes in helps are escaped, blank lines and comments go. A counter whose samples do not end in
 * `_total` becomes `unknown`, so that no series has another name than in the text format.
 */
export function toOpenMetrics(text: string): string {
  const counters = new Set(Array.from(text.matchAll(/^# TYPE (\S+) counter$/gm), ([, name]) => name!));
  const lines = text.split('\n').flatMap((line) => {
    if (!line.startsWith('#')) return line === '' ? [] : [line];
    const [, keyword, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === undefined || name === undefined || rest === undefined) return [];
    const family = counters.has(name) ? name.replace(/_total$/, '') : name;
    if (keyword === 'HELP') return [`# HELP ${family} ${rest.replaceAll('"', '\\"')}`];
    return [`# TYPE ${family} ${rest === 'counter' && family === name ? 'unknown' : rest}`];
  });
  return lines.map((line) => `${line}\n`).join('');
}
