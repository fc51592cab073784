import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ROOT } from '../../e2e/command.ts';
import { run } from '../../servers/process.ts';
import { CHART, chartImage } from '../image.ts';
import { ctr } from './kubectl.ts';

const VERSION = '0.0.0-previous';

/** The chart that an upgrade comes from, and what it is. */
export interface Previous {
  readonly chart: string;
  readonly what: string;
}

/**
 * The chart of the last release's tag; before the first release, the chart itself under another version. Its image is the one under
 * test by another name, so that an upgrade changes every pod.
 * @param folder where the chart is written.
 */
export async function previousChart(folder: string): Promise<Previous> {
  const tag = await lastTag();
  await mkdir(folder, { recursive: true });
  const chart = join(folder, 'aws-cost-exporter');
  if (tag === undefined) await cp(CHART, chart, { recursive: true });
  else {
    const script = 'git -C "$1" archive "$2" helm/aws-cost-exporter | tar -x -C "$3" --strip-components=1';
    const { code, stderr } = await run('bash', ['-o', 'pipefail', '-c', script, 'bash', ROOT, tag, folder]);
    if (code !== 0) throw new Error(`the chart of ${tag}: ${stderr}`);
  }
  const file = join(chart, 'Chart.yaml');
  const about = parse(await readFile(file, 'utf8'));
  await writeFile(file, stringify({ ...about, version: VERSION, appVersion: VERSION }));
  const image = await chartImage();
  await ctr('images', 'tag', '--force', image, image.replace(/:[^:]*$/, `:${VERSION}`));
  return { chart, what: tag ?? 'this chart under another version' };
}

async function lastTag(): Promise<string | undefined> {
  const { code, stdout } = await run('git', [
    '-C',
    ROOT,
    'describe',
    '--tags',
    '--abbrev=0',
    '--match',
    'v*',
  ]);
  return code === 0 ? stdout.trim() : undefined;
}
