import { readdirSync, readFileSync } from 'node:fs';
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process holds at one moment, in bytes, milliseconds and pieces. */
export interface Held {
  readonly rss: number;
  /** The same after a full garbage collection that gives back what it can; only where that was asked for. */
  readonly settledRss?: number | undefined;
  /** V8's heap in use after the last full garbage collection. */
  readonly liveHeap: number;
  readonly heap: number;
  /** Buffers and other memory outside of V8's heap. */
  readonly external: number;
  readonly files: number;
  readonly threads: number;
  /** What keeps the event loop alive. */
  readonly handles: number;
  readonly fullCollections: number;
  /** 99th percentile of the event loop's delay since the last answer. */
  readonly delayP99: number;
  readonly delayMax: number;
}

/** Loaded into a process before it begins (`--import`): answers each message with what the process holds. */
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
let [liveHeap, fullCollections] = [0, 0];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
    if (kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
    fullCollections += 1;
    liveHeap = process.memoryUsage().heapUsed;
  }
}).observe({ entryTypes: ['gc'] });

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (how: object) => void;

process.on('message', (how: { readonly settle: boolean }) => {
  const { rss, heapUsed, external } = process.memoryUsage();
  const status = readFileSync('/proc/self/status', 'utf8');
  const held: Held = {
    rss,
    liveHeap: liveHeap || heapUsed,
    heap: heapUsed,
    external,
    // The folder itself is open while it is read.
    files: readdirSync('/proc/self/fd').length - 1,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]),
    handles: process.getActiveResourcesInfo().length,
    fullCollections,
    delayP99: delay.percentile(99) / 1e6,
    delayMax: delay.max / 1e6,
  };
  let settledRss: number | undefined;
  if (how.settle) {
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    settledRss = process.memoryUsage.rss();
  }
  delay.reset();
  process.send?.({ ...held, settledRss });
});
// Whoever measures is gone, however that ended.
process.on('disconnect', () => process.exit(1));
// The channel to whoever measures does not keep the process.
process.channel?.unref();
