import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { absent, eventually, findProgram, howToGet, run, type TestScope } from './process.ts';

/** The AWS client that is not ours: validates the simulator. */
export const BOTO3 = 'boto3==1.44.5';

const CACHE = join(import.meta.dirname, '../../.cache');
/** A minute each for making the environment and for pip; a second process waits as long for the first one's work. */
const STEP_TIMEOUT_MS = 120_000;

/** Where the environment for these requirements is, made or not. */
function folderOf(requirements: readonly string[]): string {
  // Of a file of requirements what it says counts, not where it is.
  const said = requirements.map((one) => (existsSync(one) ? readFileSync(one, 'utf8') : one));
  const hash = createHash('sha256').update(JSON.stringify(said.sort()));
  return join(CACHE, `python-${hash.digest('hex').slice(0, 12)}`);
}

const pythonIn = (folder: string) => join(folder, 'bin', 'python');
const markerIn = (folder: string) => join(folder, 'complete');

/** Whether the environment is there already; costs one look at the disk. */
export function isPythonReady(requirements: readonly string[]): boolean {
  return existsSync(markerIn(folderOf(requirements)));
}

/**
 * The Python of a virtual environment with these packages, made on the first call (about 15 s) and kept in the git-ignored
 * `.cache`. Give the test that calls it a timeout of a few minutes.
 * @param requirements pinned, e.g. `['boto3==1.2.3']`; or options of pip that name a file of them.
 * @returns undefined, with a visible skip, where Python, its venv module or the packages are not to be had.
 * @throws Error in that case with CI=true.
 */
export async function pythonWithPackages(
  t: TestScope,
  requirements: readonly string[],
): Promise<string | undefined> {
  try {
    return await ensurePython(requirements);
  } catch (error) {
    return absent(t, error instanceof Error ? error.message : String(error));
  }
}

/** As `pythonWithPackages`, outside of a test. @throws Error that says in one line what is absent. */
export async function ensurePython(requirements: readonly string[]): Promise<string> {
  const folder = folderOf(requirements);
  if (existsSync(markerIn(folder))) return pythonIn(folder);
  const python = findProgram('python3');
  if (python === undefined) throw new Error(howToGet('python3'));
  await mkdir(CACHE, { recursive: true });
  const release = await lock(`${folder}.lock`);
  try {
    if (!existsSync(markerIn(folder))) await build(python, folder, requirements);
  } finally {
    await release();
  }
  return pythonIn(folder);
}

async function build(python: string, folder: string, requirements: readonly string[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const made = await run(python, ['-m', 'venv', folder], { timeoutMs: STEP_TIMEOUT_MS });
  if (made.code !== 0) throw new Error('python3 has no working venv module: apt-get install python3-venv');
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
  const installed = await run(pythonIn(folder), [...pip, ...requirements], { timeoutMs: STEP_TIMEOUT_MS });
  if (installed.code !== 0) {
    const reason = installed.stderr.trim().split('\n').at(-1) ?? 'no reason given';
    throw new Error(`pip cannot install ${requirements.join(' ')}: ${reason}`);
  }
  await writeFile(markerIn(folder), `${requirements.join('\n')}\n`);
}

/** Takes a lock that other test processes see; one whose holder is gone is taken over. */
async function lock(path: string): Promise<() => Promise<void>> {
  const owner = join(path, 'pid');
  await eventually(
    `lock ${path}`,
    async () => {
      try {
        await mkdir(path);
        await writeFile(owner, String(process.pid));
        return true;
      } catch {
        const pid = Number(await readFile(owner, 'utf8').catch(() => ''));
        if (pid > 0 && !isAlive(pid)) {
          const grave = `${path}.${process.pid}`;
          await rename(path, grave).catch(() => {});
          await rm(grave, { recursive: true, force: true });
        }
        return undefined;
      }
    },
    2 * STEP_TIMEOUT_MS,
  );
  return () => rm(path, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
