import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The chart under test. */
export const CHART = join(import.meta.dirname, '../../helm/aws-cost-exporter');

const read = async (file: string) => parse(await readFile(join(CHART, file), 'utf8'));

/** The chart's default values, as far as they are looked at here. */
export async function chartValues(): Promise<{
  image: { repository: string; tag: string };
  redis: { bundled: { image: string } };
}> {
  return read('values.yaml');
}

/** The image that the chart's default values name: the one that is built gets its name, so that they stay as they are. */
export async function chartImage(): Promise<string> {
  const { appVersion } = await read('Chart.yaml');
  const { image } = await chartValues();
  return `${image.repository}:${image.tag || appVersion}`;
}
