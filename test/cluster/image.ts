import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The chart under test. */
export const CHART = join(import.meta.dirname, '../../helm/aws-cost-exporter');

/** The image that the chart's default values name: the one that is built gets its name, so that they stay as they are. */
export async function chartImage(): Promise<string> {
  const read = async (file: string) => parse(await readFile(join(CHART, file), 'utf8'));
  const { appVersion } = await read('Chart.yaml');
  const { image } = await read('values.yaml');
  return `${image.repository}:${image.tag || appVersion}`;
}
