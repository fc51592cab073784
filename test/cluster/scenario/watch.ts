import { longestGap, type Reading, Sampler, wrongReadings } from './sampler.ts';

/** Fewest readings that anything can be said from. */
const FEWEST = 5;

/** Who reads a sum, and how often. */
export interface Watcher {
  readonly name: string;
  readonly read: () => Promise<number | undefined>;
  readonly everyMs: number;
  /** The longest time without a sum that is allowed. */
  readonly gapSeconds: number;
}

/**
 * Reads a sum from several sides while something changes.
 * @param sum what every reading that finds anything has to find.
 * @returns what was seen, in words. @throws Error where it was otherwise.
 */
export async function watch(
  watchers: readonly Watcher[],
  sum: number,
  change: () => Promise<void>,
): Promise<string> {
  const samplers = watchers.map((watcher) => ({
    watcher,
    sampler: new Sampler(watcher.read, watcher.everyMs),
  }));
  const stop = () =>
    Promise.all(samplers.map(async ({ watcher, sampler }) => ({ watcher, readings: await sampler.stop() })));
  try {
    await change();
  } catch (error) {
    await stop();
    throw error;
  }
  const notes = (await stop()).map(({ watcher, readings }) => verdict(watcher, readings, sum));
  return notes.join(', ');
}

function verdict({ name, gapSeconds }: Watcher, readings: readonly Reading[], sum: number): string {
  if (readings.length < FEWEST) throw new Error(`${name}: only ${readings.length} readings`);
  const wrong = wrongReadings(readings, sum);
  if (wrong.length > 0) {
    throw new Error(
      `${name}: ${wrong.length} of ${readings.length} readings are not ${sum}: ${wrong.join(', ')}`,
    );
  }
  const gap = longestGap(readings);
  if (gap > gapSeconds) {
    const errors = new Set(readings.flatMap(({ error }) => error ?? []));
    const start = readings[0]?.at ?? 0;
    const without = readings.flatMap(({ at, value }) =>
      value === undefined ? [((at - start) / 1_000).toFixed(1)] : [],
    );
    throw new Error(
      `${name}: no figure for ${gap.toFixed(1)} s (${[...errors].join(', ') || 'none was there'}; without one ${without.join(', ')} s after the first)`,
    );
  }
  return `${name}: ${readings.length} readings, longest gap ${gap.toFixed(1)} s`;
}
