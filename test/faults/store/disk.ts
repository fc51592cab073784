import { readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Simulator } from '../../../src/simulator/index.ts';
import { mounted } from '../../disk/helper.ts';
import { CLI, runCommand, startCommand, startServe } from '../../e2e/command.ts';
import { eventually, run as runProgram } from '../../servers/process.ts';
import type { FaultRow, RowRun } from '../matrix.ts';
import {
  billOf,
  buying,
  buyingOften,
  costState,
  figuresAre,
  linesWith,
  paidPages,
  said,
  showsBill,
  startAws,
} from '../subject.ts';

/** How long is waited for the end of a process that must not go on. */
const LONG_MS = 30_000;
const SNAPSHOT = 'snapshot+cost+default';
const STANDING = 'standing+cost+default';

/** A process has bought and kept bill 1 in a folder, and has ended. */
async function left(t: Test): Promise<{ folder: string; env: NodeJS.ProcessEnv; simulator: Simulator }> {
  const folder = join(t.testdir(), 'state');
  const simulator = await startAws(t);
  const env = { ...buying(simulator), STATE_DIR: folder };
  const served = await startServe(t, env);
  await showsBill(served, 1);
  await eventually('it is kept', () => readdirSync(folder).includes(STANDING) || undefined);
  t.equal((await served.end('SIGTERM')).code, 0);
  return { folder, env, simulator };
}

/** A row about a file that is not what was written. `bought`: how often the bill is bought for it. */
const unreadable = (
  name: string,
  fault: string,
  complaint: RegExp,
  bought: number,
  spoil: (folder: string) => void,
): FaultRow => ({
  id: `store/${name}`,
  fault: `STATE_DIR: ${fault} when a process starts`,
  expected: 'It is set aside with one log line, and not lost; the figures are those of the bill.',
  async run({ t, fired, state, figures, message }: RowRun) {
    const { folder, env, simulator } = await left(t);
    spoil(folder);
    const paid = paidPages(simulator);
    const served = await startServe(t, env);
    message(await said(served, complaint));
    const aside = () => readdirSync(folder).filter((file) => file.includes('.unreadable-'));
    fired('files that were set aside', aside().length);
    t.equal(aside().length, 1);
    await showsBill(served, 1);
    await figuresAre(t, served, 1);
    figures(bought === 0 ? 'unchanged' : 'right');
    t.equal((await costState(served)).state, 'ok');
    t.equal(paidPages(simulator), paid + bought, `bought ${bought} times`);
    state(`cost ${(await costState(served)).state}, ${aside()[0]?.replace(/unreadable-.*/, 'unreadable-*')}`);
    t.equal((await served.end('SIGTERM')).code, 0);
    const next = await startServe(t, env);
    await showsBill(next, 1);
    t.equal(paidPages(simulator), paid + bought, 'what was written since is good');
  },
});

/** A row about a folder that cannot be written to for a while. `spoil` gives what mends it. */
const unwritable = (
  name: string,
  fault: string,
  code: string,
  spoil: (folder: string, t: Test) => Promise<() => Promise<unknown>>,
): FaultRow => ({
  id: `store/${name}`,
  fault: `STATE_DIR: ${fault}`,
  expected: 'It goes on from memory and says so, and writes again when it can.',
  async run({ t, fired, state, figures, message }: RowRun) {
    const folder = await disk(t, ['-t', 'tmpfs', '-o', 'size=256k', 'state']);
    const simulator = await startAws(t);
    const served = await startServe(t, { ...buyingOften(simulator), STATE_DIR: folder });
    await showsBill(served, 1);
    await eventually('it is kept', () => readdirSync(folder).includes(STANDING) || undefined);
    const mend = await spoil(folder, t);
    message(await said(served, new RegExp(`^State cannot be written to STATE_DIR.*${code}`)));
    fired('refused writes that were logged', linesWith(served, new RegExp(code)).length);
    simulator.setBill(billOf(2));
    await showsBill(served, 2);
    await figuresAre(t, served, 2);
    figures('right');
    t.equal((await costState(served)).state, 'ok');
    state(`cost ${(await costState(served)).state}`);
    await mend();
    await said(served, /^State is written to STATE_DIR again/);
  },
});

export const rows: readonly FaultRow[] = [
  unreadable(
    'torn-file',
    'a snapshot that breaks off in the middle',
    /\d+ bytes, not the \d+ that were written/,
    1,
    (folder) => {
      const file = join(folder, SNAPSHOT);
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.subarray(0, bytes.length - 100));
    },
  ),
  unreadable(
    'foreign-file',
    'a file of someone else under the name of a snapshot',
    /not a file of state/,
    1,
    (folder) => {
      writeFileSync(join(folder, SNAPSHOT), 'remember the milk\n');
      writeFileSync(join(folder, 'README'), 'none of the business of this program\n');
    },
  ),
  unreadable(
    'wrong-checksum',
    'one figure changed in how the collector stands',
    /damaged: the checksum is another/,
    0,
    (folder) => {
      const file = join(folder, STANDING);
      const text = readFileSync(file, 'utf8');
      const changed = text.replace('"interruptions":0', '"interruptions":9');
      if (changed === text) throw new Error('nothing to change');
      writeFileSync(file, changed);
    },
  ),
  unwritable(
    'disk-full',
    'the disk is full from the second collection on, and later has room again',
    'ENOSPC',
    async (folder) => {
      const { bavail, bsize } = statfsSync(folder);
      const filler = join(folder, 'filler');
      writeFileSync(filler, Buffer.alloc(Number(bavail) * Number(bsize)));
      return async () => rmSync(filler);
    },
  ),
  unwritable(
    'read-only-in-mid-run',
    'the folder becomes read-only between two collections, and later may be written to again',
    'EROFS',
    async (folder, t) => {
      t.equal((await runProgram('mount', ['-o', 'bind,ro', folder, folder])).code, 0);
      return async () => t.equal((await runProgram('umount', [folder])).code, 0);
    },
  ),
  {
    id: 'store/unwritable-folder',
    fault: 'STATE_DIR: the folder is a read-only mount when a process starts',
    expected: 'It ends with exit code 1 and one sentence, before anything is bought.',
    async run({ t, fired, state, figures, message }) {
      const folder = await disk(t, ['-t', 'tmpfs', '-o', 'size=256k', 'state']);
      const view = await disk(t, ['-o', 'bind,ro', folder]);
      const simulator = await startAws(t);
      const { code, stderr } = await runCommand(t, [CLI, 'serve'], {
        env: { ...buying(simulator), STATE_DIR: view, LOG_LEVEL: 'silent' },
      });
      t.equal(code, 1);
      state(`exit code ${code}`);
      t.match(stderr, /^aws-cost-exporter: STATE_DIR "[^"]+" cannot be \w+[^\n]*read-?only[^\n]*\n$/i);
      message(stderr.trim().replace(view, '...'));
      fired('refusals of the file system', stderr.match(/read-?only/gi)?.length ?? 0);
      t.equal(simulator.requests.length, 0, 'AWS was not asked');
      figures('none');
    },
  },
  {
    id: 'store/second-process',
    fault: 'STATE_DIR: a second process is started on a folder that is in use',
    expected: 'The second ends with exit code 1 and says what to do; the first is not disturbed.',
    async run({ t, fired, state, figures, message }) {
      const folder = join(t.testdir(), 'state');
      const simulator = await startAws(t);
      const env = { ...buying(simulator), STATE_DIR: folder };
      const served = await startServe(t, env);
      await showsBill(served, 1);
      const paid = paidPages(simulator);
      const second = startCommand(t, [CLI, 'serve'], { env: { ...env, LOG_LEVEL: 'silent' } });
      const code = await Promise.race([second.exit.then((exit) => exit.code), sleep(LONG_MS, 'no')]);
      t.equal(code, 1);
      t.match(
        second.stderr(),
        /^aws-cost-exporter: STATE_DIR "[^"]+" is in use by another process: [^\n]+\n$/,
      );
      fired('refused starts', code === 1 ? 1 : 0);
      message(second.stderr().trim().replace(folder, '...'));
      t.equal(paidPages(simulator), paid, 'nothing was bought by it');
      await figuresAre(t, served, 1);
      figures('unchanged');
      t.equal((await costState(served)).state, 'ok');
      state('the first: cost ok; the second: exit code 1');
    },
  },
];

/** A folder of a disk of its own. @throws Error where nothing may be mounted: the rows about disks need root. */
async function disk(t: Test, args: readonly string[]): Promise<string> {
  const folder = await mounted(t, args);
  if (folder === undefined) throw new Error('nothing may be mounted here: run this as root');
  return folder;
}
