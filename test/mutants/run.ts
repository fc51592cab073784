/**
 * `npm run test:mutants`: does one thing after the other wrong in a copy of the program, and wants what tests it to fail: the rows of
 * the fault matrix that a guard is for, and the model-based tests. `-- TEXT` tries those whose name, file or rows contain the text.
 * Ends with `N passed, N failed`; exit code 1 where one failed.
 */
import { MUTATIONS as OF_THE_MATRIX } from '../faults/mutations.ts';
import { AREAS } from '../faults/rows.ts';
import { MUTATIONS as OF_THE_MODEL } from '../model/mutations.ts';
import { copySources, type Mutation, mutated, runIn } from './copy.ts';

const AT_ONCE = 2;
/** Sequences of one model-based test: it ends with the first that fails, which for the rarest mutation is one of some 25. */
const SEQUENCES = '600';

/** Runs some rows: the names of those that have not ended in this way, with what they have written; undefined where all have. */
async function unlessEach(copy: string, rows: readonly string[], end: 'ok' | 'not ok') {
  const { output } = await runIn(copy, ['test/faults/some.ts'], { ROWS: rows.join(',') });
  const others = rows.filter((row) => !new RegExp(`^${end} \\d+ - ${row}( |$)`, 'm').test(output));
  if (others.length === 0) return undefined;
  return { others, why: `${others.join(', ')} ended otherwise than "${end}":\n${output.slice(-4_000)}` };
}

/** What of some rows does not pass; one that has failed among many that run at once is tried once more, by itself. */
async function failuresOf(copy: string, rows: readonly string[]): Promise<string | undefined> {
  const first = await unlessEach(copy, rows, 'ok');
  return first && (await unlessEach(copy, first.others, 'ok'))?.why;
}

/** Which of some model-based tests has no sequence that fails. A test that does not start proves nothing. */
async function sequencesMissedBy(copy: string, tests: readonly string[]): Promise<string | undefined> {
  for (const test of tests) {
    const { output } = await runIn(copy, [`test/${test}.test.ts`], { FUZZ_RUNS: SEQUENCES });
    if (!/^ *not ok \d+ - SEED=/m.test(output)) return `${test} did not find it: ${output.slice(-2_000)}`;
  }
  return undefined;
}

/** One thing to try in a copy of the sources: what is wrong, undefined where nothing is. */
interface Trial {
  readonly name: string;
  readonly rows: readonly string[];
  run(copy: string): Promise<string | undefined>;
}

const text = process.argv[2] ?? '';
const wanted = (all: readonly Mutation[]) =>
  all.filter(({ name, file, rows }) => [name, file, ...rows].join(' ').includes(text));
/** With every guard in its place the rows pass in the copy too: else their failing would prove nothing. */
const controls = Object.entries(AREAS).map(([area, all]): Trial => {
  const rows = all
    .map(({ id }) => id)
    .filter((id) => wanted(OF_THE_MATRIX).some((one) => one.rows.includes(id)));
  return { name: `nothing is taken out: ${area}`, rows, run: (copy) => failuresOf(copy, rows) };
});
const waiting: Trial[] = [
  ...controls.filter(({ rows }) => rows.length > 0),
  ...wanted(OF_THE_MATRIX).map((one) => ({
    ...one,
    run: (copy: string) => mutated(copy, one, async () => (await unlessEach(copy, one.rows, 'not ok'))?.why),
  })),
  ...wanted(OF_THE_MODEL).map((one) => ({
    ...one,
    run: (copy: string) => mutated(copy, one, () => sequencesMissedBy(copy, one.rows)),
  })),
];
let [passed, failed] = [0, 0];

async function work(): Promise<void> {
  const copy = copySources();
  for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
    const started = performance.now();
    const wrong = await trial.run(copy);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1).padStart(5);
    if (wrong === undefined) passed++;
    else failed++;
    const verdict = wrong === undefined ? 'ok    ' : 'FAILED';
    console.log(`${verdict} ${seconds} s  ${trial.name}: ${wrong ?? trial.rows.join(', ')}`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
