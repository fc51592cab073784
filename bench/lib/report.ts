import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machine } from './machine.ts';
import { table } from './text.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

/** Something that was to be reached, and what was found. */
export interface Goal {
  readonly goal: string;
  /** The figure that decides, with its range. */
  readonly found: string;
  readonly met: boolean;
}

/** What a bench has found. */
export interface Report {
  /** Name of the bench: its folder, and its place in docs/performance.md. */
  readonly name: string;
  /** Markdown, mostly tables. */
  readonly body: string;
  readonly goals: readonly Goal[];
}

/**
 * Prints what a bench has found, as Markdown; with `--write` on the command line it also replaces what docs/performance.md
 * has of that bench. Whether goals are met is said, and decides nothing.
 */
export function publish({ name, body, goals }: Report): void {
  const verdicts = table(
    ['goal', 'found', 'verdict'],
    goals.map(({ goal, found, met }) => [goal, found, met ? 'met' : '**missed**']),
  );
  const text = `${body}\n\n${verdicts}\n\n${machine()}`;
  console.log(`\n### ${name}\n\n${text}\n`);
  if (process.argv.includes('--write'))
    writeFileSync(DOCUMENT, replaced(readFileSync(DOCUMENT, 'utf8'), name, text));
}

/**
 * The document with another text between the marks of a bench.
 * @throws Error where it has no such marks.
 */
export function replaced(document: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name}: what the bench has written -->`, `<!-- /${name} -->`];
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from === -1 || to < from)
    throw new Error(`docs/performance.md has no place for ${name}: ${start} and ${end}`);
  return `${document.slice(0, from + start.length)}\n${text}\n${document.slice(to)}`;
}

/** A line on what is being done, on standard error: standard output is the report. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
