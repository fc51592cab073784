import type { Test } from 'tap';

/** What a fuzz test is run with. */
export interface Runs {
  readonly seed: number;
  readonly numRuns: number;
  /** The way to one case, as fast-check prints it. */
  readonly path?: string;
}

/** Seed and number of runs of a fuzz test, printed: `SEED` (with `FUZZ_PATH`) repeats one, `FUZZ_RUNS` has it run longer. */
export function runsOf(t: Test, usual: number): Runs {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const numRuns = Number(process.env.FUZZ_RUNS ?? usual);
  t.comment(`SEED=${seed} FUZZ_RUNS=${numRuns}`);
  const path = process.env.FUZZ_PATH;
  return { seed, numRuns, ...(path === undefined ? {} : { path }) };
}
