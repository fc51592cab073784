import { longestGap, type Reading, Sampler, wrongReadings } from './sampler.ts';

/** Fewest readings that anything can be said from. */
const FEWEST = 5;

/** Who reads a sum, and how often. */
export interface Watcher {
  readonly name: string;
  readonly read: () => Promise<number | undefined>;
  readonly everyMs: number;
}

/**
 * Reads a sum from several sides while something changes.
 * @param sum what every reading that finds anything has to find.
 * @param gapSeconds the longest time without one that is allowed.
 * @returns what was seen, in words. @throws Error where it was otherwise.
 */
export async function watch(
  watchers: readonly Watcher[],
  { sum, gapSeconds }: { sum: number; gapSeconds: number },
  change: () => Promise<void>,
): Promise<string> {
  const samplers = watchers.map(({ name, read, everyMs }) => ({ name, sampler: new Sampler(read, everyMs) }));
  const stop = () =>
    Promise.all(samplers.map(async ({ name, sampler }) => ({ name, readings: await sampler.stop() })));
  try {
    await change();
  } catch (error) {
    await stop();
    throw error;
  }
  const notes = (await stop()).map(({ name, readings }) => verdict(name, readings, sum, gapSeconds));
  return notes.join(', ');
}

function verdict(name: string, readings: readonly Reading[], sum: number, gapSeconds: number): string {
  if (readings.length < FEWEST) throw new Error(`${name}: only ${readings.length} readings`);
  const wrong = wrongReadings(readings, sum);
  if (wrong.length > 0) {
    throw new Error(
      `${name}: ${wrong.length} of ${readings.length} readings are not ${sum}: ${wrong.join(', ')}`,
    );
  }
  const gap = longestGap(readings);
  if (gap > gapSeconds) throw new Error(`${name}: no figure for ${gap.toFixed(1)} s`);
  return `${name}: ${readings.length} readings, longest gap ${gap.toFixed(1)} s`;
}
