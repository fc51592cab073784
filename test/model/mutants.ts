/**
 * Does each thing of the list wrong in a copy of the program, and wants the model-based tests that it names to fail:
 * `node test/model/mutants.ts [TEXT OF A NAME]`. Ends with `N passed, N failed`; exit code 1 where one failed.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../e2e/command.ts';
import { outsideTap, run } from '../servers/process.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';

/** What of the checkout a test needs. */
const SOURCES = ['src', 'plugins', 'routes', 'test', 'package.json', 'tsconfig.json'];
/** Sequences of one test: fewer than it has of itself. */
const RUNS = '60';
const LONGEST_MS = 300_000;

const copy = mkdtempSync(join(tmpdir(), 'aws-cost-exporter-model-'));
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

/** Why a mutation was not found by all the tests that it names; undefined where it was. */
async function missedBy({ file, find, replace, rows }: Mutation): Promise<string | undefined> {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const parts = source.split(find);
  if (parts.length !== 2) return `its text is in ${file} ${parts.length - 1} times`;
  writeFileSync(path, parts.join(replace));
  try {
    for (const row of rows) {
      const args = outsideTap(process.execPath, [join(copy, 'test', `${row}.test.ts`)]);
      const { stdout, stderr } = await run(args[0], args[1], {
        env: { ...process.env, FUZZ_RUNS: RUNS },
        timeoutMs: LONGEST_MS,
      });
      // A sequence has found it: a test that does not start proves nothing.
      if (!/^ *not ok \d+ - SEED=/m.test(stdout))
        return `${row} did not find it: ${`${stdout}${stderr}`.slice(-2_000)}`;
    }
    return undefined;
  } finally {
    writeFileSync(path, source);
  }
}

let [passed, failed] = [0, 0];
for (const mutation of MUTATIONS.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
  const started = performance.now();
  const missed = await missedBy(mutation);
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  if (missed === undefined) passed++;
  else failed++;
  const words = missed === undefined ? 'ok    ' : 'FAILED';
  console.log(`${words} ${seconds.padStart(4)} s  ${mutation.name}: ${missed ?? mutation.rows.join(', ')}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
