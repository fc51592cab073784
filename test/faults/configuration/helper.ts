import { join } from 'node:path';
import { CLI, startCommand } from '../../e2e/command.ts';
import { PATIENCE_MS } from '../../e2e/page.ts';
import { eventually } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';

/** A word that stands where something secret might, and is never to be seen again. */
export const SECRET = 'hunter2';

/** What a start is made with, and how it is refused. */
export interface Refused {
  /** `$DIR` is the folder of the files. */
  readonly env: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** What standard error names: each is a line of its own. */
  readonly names: readonly RegExp[];
  /** Default 2: the configuration is wrong. */
  readonly code?: number;
}

/** A row whose process does not start: it says why in a line for each fault, shows no secret and no stack, and serves nothing. */
export function refused(
  about: Pick<FaultRow, 'id' | 'fault' | 'expected'>,
  { env, files = {}, names, code = 2 }: Refused,
): FaultRow {
  return {
    ...about,
    async run({ t, fired, state, figures, message }) {
      const folder = t.testdir({ ...files });
      const command = startCommand(t, [CLI, 'serve'], {
        env: Object.fromEntries(
          Object.entries(env).map(([name, value]) => [name, value.replaceAll('$DIR', folder)]),
        ),
      });
      let ended = false;
      void command.exit.then(() => {
        ended = true;
      });
      await eventually(
        'it has ended, or serves',
        () => ended || command.stdout().includes('Server listening') || undefined,
        PATIENCE_MS,
      );
      const stderr = command.stderr();
      const lines = stderr.split('\n').map((line) => line.trim().replaceAll(folder, '...'));
      const found = names.flatMap((name) => lines.find((line) => name.test(line)) ?? []);
      fired('faults read and named', found.length);
      t.equal(found.length, names.length, `all are named: ${stderr}`);
      t.notMatch(command.stdout() + stderr, SECRET);
      t.notMatch(stderr, /^ +at /m, 'no stack');
      t.ok(ended, 'it does not go on without what is wrong');
      t.equal(ended ? (await command.exit).code : undefined, code);
      state(`exit code ${code}`);
      t.notMatch(command.stdout(), 'Server listening');
      figures('none: it does not listen');
      message(found.join('; '));
    },
  };
}

/** The path of a file of the row, as `env` names it. */
export const fileIn = (name: string) => join('$DIR', name);
