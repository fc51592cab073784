/** One round of one process. */
export interface Round {
  readonly ms: number;
  /** CPU time of the process, its thread pool and the garbage collection included. */
  readonly cpuSeconds: number;
  readonly pages: number;
  readonly series: number;
}

/** Does a work once for each message of the parent, and answers with what it took. */
export function timed(work: () => Promise<Pick<Round, 'pages' | 'series'>>): void {
  process.on('message', async () => {
    const started = performance.now();
    const before = process.cpuUsage();
    const done = await work();
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    process.send?.({ ...done, ms, cpuSeconds: (user + system) / 1e6 } satisfies Round);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}
