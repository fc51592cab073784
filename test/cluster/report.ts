import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** How one step of the run has ended. */
export interface Step {
  readonly name: string;
  readonly seconds: number;
  /** What has failed, in words; undefined where nothing has. */
  readonly failure?: string;
  /** What the step wants to say in the table. */
  readonly note?: string;
}

/** The steps of a run, in a file: a run is two processes, one outside the cluster and one inside, and either may be killed. */
export class Report {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  #write(step: Step): void {
    appendFileSync(this.#file, `${JSON.stringify(step)}\n`);
  }

  /**
   * Runs one step and notes how it has ended. What it returns stands in the table; it ends with the first line.
   * @throws what the step throws.
   */
  async step(name: string, run: () => Promise<string | undefined>): Promise<void> {
    console.log(`\n== ${name}`);
    this.#write({ name, seconds: 0, failure: 'did not end' });
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    try {
      const note = await run();
      this.#write(note === undefined ? { name, seconds: seconds() } : { name, seconds: seconds(), note });
      console.log(`ok${note === undefined ? '' : `: ${note}`}`);
    } catch (error) {
      const failure = describe(error);
      this.#write({ name, seconds: seconds(), failure });
      console.log(`FAILED: ${failure}`);
      throw error;
    }
  }

  /** Every step that was begun, in that order. */
  get steps(): Step[] {
    if (!existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    const steps = new Map<string, Step>();
    for (const step of lines.map((line): Step => JSON.parse(line))) steps.set(step.name, step);
    return [...steps.values()];
  }
}

/** An error and its causes, in words. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

/** The table of a run, and its last line: `N passed, N failed`. */
export function table(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ name }) => name.length));
  const rows = steps.map(({ name, seconds, failure, note }) => {
    const verdict = failure === undefined ? 'ok    ' : 'FAILED';
    const [said = ''] = (failure ?? note ?? '').split('\n');
    return `${verdict} ${seconds.toFixed(1).padStart(7)} s  ${name.padEnd(width)}  ${said}`.trimEnd();
  });
  const failed = steps.filter(({ failure }) => failure !== undefined).length;
  return `${rows.join('\n')}\n\n${steps.length - failed} passed, ${failed} failed`;
}
