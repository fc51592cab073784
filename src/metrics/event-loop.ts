import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from '@prometheus-io/client';

/** How finely delays are measured, in milliseconds. */
const RESOLUTION_MS = 10;

/**
 * Declares the delays of the event loop since the last reading, under the names that the metrics library has for them: where there was
 * none, there is no sample. The library's own reading of them takes a third of the time of a scrape, most of it for a standard
 * deviation, for which Node goes through each of the thousands of counts that it has.
 */
export function declareEventLoopDelays(registry: Registry): void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const gauge = (name: string, help: string, collect?: () => void) =>
    new Gauge({
      name: `nodejs_eventloop_lag_${name}`,
      help,
      registers: [registry],
      ...(collect === undefined ? {} : { collect }),
    });
  const lag = gauge('seconds', 'Lag of event loop in seconds.', read);
  lag.remove();
  const delays = [
    { of: gauge('min_seconds', 'The minimum recorded event loop delay.'), tell: () => histogram.min },
    { of: gauge('max_seconds', 'The maximum recorded event loop delay.'), tell: () => histogram.max },
    { of: gauge('mean_seconds', 'The mean of the recorded event loop delays.'), tell: () => histogram.mean },
    ...[50, 90, 99].map((percent) => ({
      of: gauge(`p${percent}_seconds`, `The ${percent}th percentile of the recorded event loop delays.`),
      tell: () => histogram.percentile(percent),
    })),
  ];

  /** Called when a page is asked for; its own sample is that of the page before. */
  function read(): void {
    const start = performance.now();
    setImmediate(() => lag.set((performance.now() - start) / 1_000));
    for (const { of, tell } of delays) {
      // Of none Node tells the longest delay that it knows for the shortest, and no number for the mean.
      if (histogram.count === 0) of.remove();
      else of.set(tell() / 1e9);
    }
    histogram.reset();
  }
}
