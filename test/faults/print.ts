/** `npm run faults`: runs the matrix and prints it as a table. `-- aws` runs one area. Exit code 1 where a row fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ROOT } from '../e2e/command.ts';
import { TABLE_HEAD, tableLine } from './matrix.ts';
import { AREAS } from './rows.ts';

const areas = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(AREAS);
const files = areas.map((area) => `test/faults/${area}*.test.ts`);
const tap = spawn('tap', ['--reporter=tap', ...files], {
  cwd: ROOT,
  shell: false,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const seen: string[] = [];
console.log(tableLine(TABLE_HEAD));
console.log(tableLine(TABLE_HEAD.map(() => '---')));
for await (const line of createInterface({ input: tap.stdout })) {
  seen.push(line);
  const [, row] = /^ *# (\| .* \|)$/.exec(line) ?? [];
  if (row !== undefined) console.log(row);
}
const [code] = tap.exitCode === null ? await once(tap, 'exit') : [tap.exitCode];
if (code !== 0) console.log(seen.filter((line) => !/^ *(ok|# \|)/.test(line)).join('\n'));
process.exitCode = code === 0 ? 0 : 1;
