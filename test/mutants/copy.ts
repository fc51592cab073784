import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../e2e/command.ts';
import { launch } from '../servers/process.ts';

/** One place of the program made wrong. */
export interface Mutation {
  /** What the program does right there. */
  readonly name: string;
  /** A file of src, plugins or routes, from the checkout's folder. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  /** What stands there instead. */
  readonly replace: string;
  /** What must fail with it: rows of the fault matrix by id, or tests (`model/memory` is test/model/memory.test.ts). */
  readonly rows: readonly string[];
}

/** What of the checkout a row or a test needs. */
const SOURCES = ['src', 'plugins', 'routes', 'test', 'package.json', 'tsconfig.json'];
/** Longest time for one run. What has not failed by then has not failed. */
const LONGEST_MS = 600_000;

const copies: string[] = [];
process.on('exit', () => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** A copy of the sources that may be spoiled, until this process ends; the packages are the checkout's own. */
export function copySources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'aws-cost-exporter-mutants-'));
  copies.push(copy);
  for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Runs a program in the copy to its end; what it has written, and its exit code. */
export async function runIn(copy: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const program = await launch(process.execPath, args, { cwd: copy, env: { ...process.env, ...env } });
  const killer = setTimeout(() => program.signal('SIGKILL'), LONGEST_MS);
  const code = await program.exit;
  clearTimeout(killer);
  return { code, output: program.output() };
}

/** Does some work while a mutation is in the copy: what the work says, or why the mutation is none. */
export async function mutated(
  copy: string,
  { file, find, replace }: Mutation,
  work: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const parts = source.split(find);
  if (parts.length !== 2) return `its text is in ${file} ${parts.length - 1} times`;
  writeFileSync(path, parts.join(replace));
  try {
    // What does not even start proves nothing.
    const started = await runIn(copy, ['src/cli.ts', 'openapi']);
    if (started.code !== 0) return `the program does not start with it: ${started.output.slice(-2_000)}`;
    return await work();
  } finally {
    writeFileSync(path, source);
  }
}
