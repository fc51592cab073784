/**
 * Starts and stops an exporter many times in this process, and prints after some cycles what it holds then: a JSON line
 * each. Arguments: the simulator's endpoint, the number of cycles, and those to measure after. Wants --expose-gc.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { collected } from './page.ts';

const IDLE_MS = 1_500;

/** What a process holds while it does nothing. */
export interface Holding {
  readonly cycle: number;
  /** Open file descriptors; null where the system does not tell. */
  readonly files: number | null;
  /** What keeps the event loop alive, by kind. */
  readonly active: Readonly<Record<string, number>>;
  /** Bytes in use after garbage collection. */
  readonly heap: number;
  /** Parts of stopped exporters that something holds. */
  readonly parts: number;
  /** Share of one core while idle. */
  readonly cpu: number;
  /** Listeners on the process, of all events. */
  readonly listeners: number;
}

const parts: WeakRef<object>[] = [];

async function cycle(endpoint: string): Promise<void> {
  const app = await buildApp({
    config: loadConfig({ ...process.env, AWS_ENDPOINT_URL: endpoint, LOG_LEVEL: 'silent' }),
  });
  const { rest, metrics } = app;
  for (const part of [rest, metrics, rest.store, rest.collections]) parts.push(new WeakRef(part));
  const { restUrl, metricsUrl } = await app.listen();
  await collected(metricsUrl);
  for (const path of ['/cost/current', '/docs/json', '/ready', '/nothing']) {
    await (await fetch(restUrl + path)).arrayBuffer();
  }
  await app.close();
}

async function holding(cycle: number): Promise<Holding> {
  if (globalThis.gc === undefined) throw new Error('node --expose-gc');
  // Sockets end, finalizers run. An ordinary collection leaves compiled code in V8's caches.
  for (const ms of [500, 20, 20]) {
    await sleep(ms);
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }
  // Read at once: what is allocated after a collection counts too.
  const { heapUsed, external } = process.memoryUsage();
  const held = parts.filter((part) => part.deref() !== undefined).length;
  // Other threads are not done with the collection yet.
  await sleep(250);
  const before = process.cpuUsage();
  const started = performance.now();
  await sleep(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  const active: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) active[kind] = (active[kind] ?? 0) + 1;
  return {
    cycle,
    files: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : null,
    active,
    heap: heapUsed + external,
    parts: held,
    cpu: (user + system) / 1_000 / (performance.now() - started),
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  };
}

const [endpoint = '', cycles = '', ...measured] = process.argv.slice(2);
for (let number = 1; number <= Number(cycles); number++) {
  await cycle(endpoint);
  if (measured.includes(String(number))) process.stdout.write(`${JSON.stringify(await holding(number))}\n`);
}
