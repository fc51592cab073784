import type { Held } from './probe.ts';
import { minima, type Point, type Tolerance, type Trend, trendOf } from './verdict.ts';

/** What the exporter held at a minute of the run. */
export interface Sample extends Held {
  readonly minute: number;
  /** 99th percentile of the event loop's delay in a process that does nothing, in milliseconds: of the machine, and not of the exporter. */
  readonly idleP99: number;
}

interface Measure {
  readonly name: string;
  readonly unit: 'MB' | 'ms' | '';
  /** Undefined where a sample does not tell. */
  readonly of: (sample: Sample) => number | undefined;
  /** Of memory the least of each minute counts: what lies above it waits for a garbage collection. */
  readonly perMinute: boolean;
  readonly tolerance: Tolerance;
}

const MB = 1024 * 1024;
const memory = { share: 0.05, least: 8 };
const pieces = { share: 0, least: 2 };

/** What must be flat, and how flat: growth over the time measured, by the robust slope. */
export const MEASURES: readonly Measure[] = [
  {
    name: 'RSS',
    unit: 'MB',
    of: ({ rss }) => rss / MB,
    perMinute: true,
    tolerance: { share: 0.05, least: 16 },
  },
  {
    name: 'RSS settled',
    unit: 'MB',
    of: ({ settledRss }) => settledRss && settledRss / MB,
    perMinute: true,
    tolerance: { share: 0.05, least: 16 },
  },
  { name: 'heap', unit: 'MB', of: ({ liveHeap }) => liveHeap / MB, perMinute: true, tolerance: memory },
  { name: 'external', unit: 'MB', of: ({ external }) => external / MB, perMinute: true, tolerance: memory },
  { name: 'files', unit: '', of: ({ files }) => files, perMinute: false, tolerance: pieces },
  { name: 'handles', unit: '', of: ({ handles }) => handles, perMinute: false, tolerance: pieces },
  { name: 'threads', unit: '', of: ({ threads }) => threads, perMinute: false, tolerance: pieces },
  // Over that of a process that does nothing: whatever else runs on the machine delays both.
  {
    name: 'delay p99 over idle',
    unit: 'ms',
    of: ({ delayP99, idleP99 }) => delayP99 - idleP99,
    perMinute: false,
    tolerance: { share: 0.5, least: 20 },
  },
];

/** Minutes that are not judged: caches fill, the heap finds its size. */
export function warmUp(minutes: number): number {
  return Math.min(5, minutes * 0.4);
}

/** The trend of every measure after the warm-up. */
export function trends(samples: readonly Sample[], minutes: number): (Trend & { measure: Measure })[] {
  const judged = samples.filter(({ minute }) => minute >= warmUp(minutes));
  return MEASURES.map((measure) => {
    const points: Point[] = judged.flatMap((sample) => {
      const value = measure.of(sample);
      return value === undefined ? [] : [{ minute: sample.minute, value }];
    });
    return { measure, ...trendOf(measure.perMinute ? minima(points) : points, measure.tolerance) };
  });
}
