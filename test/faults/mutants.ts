/**
 * `npm run test:mutants`: takes each guard of the list out of a copy of the program, and wants the rows that test it to fail.
 * `-- NAME` tries those whose name, file or rows contain the text. Ends with `N passed, N failed`; exit code 1 where one failed.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../e2e/command.ts';
import { launch } from '../servers/process.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';
import { AREAS } from './rows.ts';

/** What of the checkout a row needs. */
const SOURCES = ['src', 'plugins', 'routes', 'test', 'package.json', 'tsconfig.json'];
const AT_ONCE = 2;
/** Longest time for some rows. What has not failed by then has not failed. */
const LONGEST_MS = 600_000;

const copies: string[] = [];
process.on('exit', () => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** A copy of the sources that may be spoiled, until this process ends; the packages are the checkout's own. */
function copySources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'aws-cost-exporter-mutants-'));
  copies.push(copy);
  for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Runs a program in the copy to its end; what it has written, and its exit code. */
async function runIn(copy: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const program = await launch(process.execPath, args, { cwd: copy, env: { ...process.env, ...env } });
  const killer = setTimeout(() => program.signal('SIGKILL'), LONGEST_MS);
  const code = await program.exit;
  clearTimeout(killer);
  return { code, output: program.output() };
}

/** Why a mutation was not seen by all the rows that it names; undefined where it was. */
async function missedBy(copy: string, { file, find, replace, rows }: Mutation): Promise<string | undefined> {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const parts = source.split(find);
  if (parts.length !== 2) return `its text is in ${file} ${parts.length - 1} times`;
  writeFileSync(path, parts.join(replace));
  try {
    // What does not even start proves nothing of a row.
    const started = await runIn(copy, ['src/cli.ts', 'openapi']);
    if (started.code !== 0) return `the program does not start with it: ${started.output.slice(-2_000)}`;
    return (await unlessEach(copy, rows, 'not ok'))?.why;
  } finally {
    writeFileSync(path, source);
  }
}

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

/** One thing to try in a copy of the sources: what is wrong, undefined where nothing is. */
interface Trial {
  readonly name: string;
  readonly rows: readonly string[];
  run(copy: string): Promise<string | undefined>;
}

const wanted = process.argv[2] ?? '';
const mutations = MUTATIONS.filter(({ name, file, rows }) =>
  [name, file, ...rows].join(' ').includes(wanted),
);
/** With every guard in its place the rows pass in the copy too: else their failing would prove nothing. */
const controls = Object.entries(AREAS).map(([area, all]): Trial => {
  const rows = all.map(({ id }) => id).filter((id) => mutations.some((one) => one.rows.includes(id)));
  return { name: `nothing is taken out: ${area}`, rows, run: (copy) => failuresOf(copy, rows) };
});
const waiting: Trial[] = [
  ...controls.filter(({ rows }) => rows.length > 0),
  ...mutations.map((mutation) => ({ ...mutation, run: (copy: string) => missedBy(copy, mutation) })),
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
