import { openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openStateDir, type StateDir } from '../../src/disk/state-dir.ts';
import { contentOf, NAMES } from './contents.ts';

const logger = {
  info: (_: object, message: string) => console.log(`info ${message}`),
  warn: (fields: object, message: string) => console.log(`warn ${message} ${JSON.stringify(fields)}`),
};
let dir: StateDir | undefined;

async function answer(line: string): Promise<string> {
  const [command, argument = '', log = ''] = line.split(' ');
  if (command === 'open') {
    try {
      dir = await openStateDir(argument, logger);
      return 'won';
    } catch (error) {
      return String(error);
    }
  }
  if (command === 'close') {
    await dir?.close();
    dir = undefined;
    return 'closed';
  }
  if (command === 'warn') {
    process.emitWarning(argument, 'ExperimentalWarning');
    return 'warned';
  }
  if (command === 'write') {
    const fd = openSync(log, 'w');
    for (const name of NAMES) void writeOn(name, Number(argument), fd);
    return 'writing';
  }
  return `what is ${command}?`;
}

/**
 * Writes one content after the other until the process ends, and says what is on the disk; to a file, since a pipe may keep
 * lines back in this process when the reader is slow.
 */
async function writeOn(name: string, first: number, log: number): Promise<void> {
  for (let number = first; ; number++) {
    await dir?.write(name, contentOf(name, number));
    writeSync(log, `${name} ${number}\n`);
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(`= ${await answer(line)}`);
process.exit(0);
