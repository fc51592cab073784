import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { OpenapiDocument } from '../../openapi/document.ts';
import { run } from '../../servers/process.ts';
import { dictionaries } from './words.ts';

const HERE = import.meta.dirname;

/** Pinned with the SHA-256 of every file: `requirements.in` says what is wanted, and the folder's README how the rest is made of it. */
export const SCHEMATHESIS = ['--require-hashes', '--requirement', join(HERE, 'requirements.txt')];

/** The same requests in each run, unless told otherwise. */
export const SEED = Number(process.env.SCHEMATHESIS_SEED ?? 1);
/** Random requests for each route, beside those that its schema names one by one. */
export const EXAMPLES = Number(process.env.SCHEMATHESIS_EXAMPLES ?? 25);

/** One run of schemathesis. */
export interface Fuzzed {
  readonly code: number;
  /** What it said. */
  readonly output: string;
  /** Requests sent. */
  readonly requests: number;
  /** How often each route, as `GET /spend`, was answered by each status; its 405 are those of other methods. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** What one run is held to. */
export interface FuzzOptions {
  /** A folder for the files of the run. */
  readonly folder: string;
  readonly python: string;
  readonly url: string;
  readonly document: OpenapiDocument;
  /** Which bodies come with every request; by default none. */
  readonly bodies?: 'large' | 'small' | undefined;
  /** Further options of `schemathesis run`. */
  readonly args?: readonly string[];
  /** Further lines of the configuration. */
  readonly config?: string;
}

/** Asks all that the document describes, and what it does not, at `url`. */
export async function fuzz(options: FuzzOptions): Promise<Fuzzed> {
  const { folder, python, url, document, args = [], config = '', bodies = '' } = options;
  const file = (name: string) => join(folder, name);
  writeFileSync(file('openapi.json'), JSON.stringify(document));
  const base = readFileSync(join(HERE, 'schemathesis.toml'), 'utf8');
  writeFileSync(file('schemathesis.toml'), `${base}${dictionaries()}${config}`);
  const { code, stdout, stderr } = await run(
    join(dirname(python), 'schemathesis'),
    [
      '--config-file',
      file('schemathesis.toml'),
      '--no-color',
      'run',
      file('openapi.json'),
      ...['--url', url, '--seed', String(SEED), '--max-examples', String(EXAMPLES)],
      ...['--report', 'ndjson', '--report-ndjson-path', file('report.ndjson')],
      ...args,
    ],
    {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        SCHEMATHESIS_HOOKS: join(HERE, 'hooks.py'),
        SCHEMATHESIS_BODIES: bodies,
        PYTHONUTF8: '1',
        PYTHONDONTWRITEBYTECODE: '1',
      },
    },
  );
  return { code, output: `${stdout}${stderr}`, ...readReport(file('report.ndjson')) };
}

/** What is read of a line of the report. */
interface Line {
  readonly ScenarioFinished?: { readonly recorder: Recorder };
}

interface Recorder {
  /** Method and path of the route. */
  readonly label: string;
  readonly interactions?: Readonly<Record<string, Interaction>>;
}

interface Interaction {
  readonly request: { readonly method: string };
  readonly response: { readonly status_code: number } | null;
}

function readReport(path: string): Pick<Fuzzed, 'requests' | 'answers'> {
  const answers = new Map<string, Map<number, number>>();
  let requests = 0;
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    const { recorder } = (text === '' ? {} : (JSON.parse(text) as Line)).ScenarioFinished ?? {};
    if (recorder === undefined) continue;
    const counts = answers.get(recorder.label) ?? new Map<number, number>();
    answers.set(recorder.label, counts);
    for (const { request, response } of Object.values(recorder.interactions ?? {})) {
      requests += 1;
      const status = response?.status_code ?? 0;
      // 405 is declared by the route, and answered to methods that are not its own.
      if (!recorder.label.startsWith(`${request.method} `) && status !== 405) continue;
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  }
  return { requests, answers };
}
