import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openStateDir, type StateDir } from '../../src/disk/state-dir.ts';
import { recorder } from '../collection/store-helper.ts';
import { absent, findProgram, run, type TestScope } from '../servers/process.ts';

/** Opens a folder for a test, with what is said of it. It is closed with the test. */
export async function openFolder(t: TestScope, path: string): Promise<{ dir: StateDir; lines: string[] }> {
  const logger = recorder();
  const dir = await openStateDir(path, logger);
  t.teardown(() => dir.close());
  return { dir, lines: logger.lines };
}

/** A process of its own that uses state folders. */
export interface Child {
  /** Sends one line, and gives its answer. */
  ask(line: string): Promise<string>;
  /** All that it has said so far that was no answer. */
  readonly said: readonly string[];
  /** All that it has written to stderr. */
  stderr(): string;
  /** Kills it with SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** Ends its input, and so the process; resolves with the exit code. */
  end(): Promise<number | null>;
}

const PROGRAM = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Starts one; it ends with the test, and with this process. */
export function startChild(t: TestScope, nodeOptions: readonly string[] = []): Child {
  const child = spawn(process.execPath, [...nodeOptions, PROGRAM], {
    env: { PATH: process.env.PATH },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const gone = once(child, 'close');
  const said: string[] = [];
  const asked: ((answer: string) => void)[] = [];
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('= ')) asked.shift()?.(line.slice(2));
    else said.push(line);
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  t.teardown(kill);
  return {
    said,
    ask: (line) =>
      Promise.race([
        new Promise<string>((resolve) => {
          asked.push(resolve);
          child.stdin.write(`${line}\n`);
        }),
        gone.then(() => `ended: ${stderr}`),
      ]),
    stderr: () => stderr,
    kill,
    async end() {
      child.stdin.end();
      await gone;
      return child.exitCode;
    },
  };
}

/** A folder that something is mounted on for a test; undefined, with a visible skip, where that is not to be had. */
export async function mounted(t: TestScope, args: readonly string[]): Promise<string | undefined> {
  const mount = findProgram('mount');
  const folder = mkdtempSync(join(tmpdir(), 'aws-cost-exporter-'));
  const result = mount === undefined ? undefined : await run(mount, [...args, folder]);
  if (result?.code !== 0) {
    rmdirSync(folder);
    return absent(t, `mount ${args.join(' ')} is not allowed here: run this test as root. ${result?.stderr}`);
  }
  t.teardown(async () => {
    await run('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  return folder;
}
