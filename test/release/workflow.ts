import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');

export interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Job {
  readonly needs?: string | readonly string[];
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly 'timeout-minutes'?: number;
}

/** What the tests read of a workflow. */
export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly concurrency?: Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Every workflow of the project by its file's name. */
export function workflows(): Record<string, Workflow> {
  const files = readdirSync(FOLDER);
  return Object.fromEntries(files.map((file) => [file, parse(readFileSync(join(FOLDER, file), 'utf8'))]));
}

/** The jobs that have ended before one begins. */
export function neededBy({ jobs }: Workflow, name: string): string[] {
  const direct = [jobs[name]?.needs ?? []].flat();
  return [...new Set(direct.flatMap((one) => [one, ...neededBy({ on: {}, jobs }, one)]))];
}

/** The script of a step, by its name, where there is one of that name alone. */
export function scriptOf({ jobs }: Workflow, name: string): string {
  const found = Object.values(jobs)
    .flatMap(({ steps = [] }) => steps)
    .filter((step) => step.name === name);
  const [step] = found;
  if (found.length !== 1 || step?.run === undefined)
    throw new Error(`${found.length} steps are called "${name}"`);
  return step.run;
}
