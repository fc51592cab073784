import { eventually } from '../servers/process.ts';
import { ACCEPT } from '../servers/prometheus.ts';

/** How long is waited for what must come: long enough for a machine that does much else. */
export const PATIENCE_MS = 60_000;

/** One sample line of a page of metrics. */
export interface PageSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The sample lines of a page in either text format. @throws Error at a line that is none. */
export function parsePage(text: string): PageSample[] {
  return text.split('\n').flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a sample: ${line}`);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)",?/g)];
    return {
      name,
      labels: Object.fromEntries(pairs.map(([, label = '', quoted = '']) => [label, unquoted(quoted)])),
      value: Number(value?.replace('Inf', 'Infinity')),
    };
  });
}

function unquoted(quoted: string): string {
  return quoted.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

/** One page of metrics of an exporter, read over a connection of its own. */
export async function scrape(
  metricsUrl: string,
  format: keyof typeof ACCEPT = 'text',
  encoding: 'gzip' | 'identity' = 'identity',
): Promise<PageSample[]> {
  return parsePage(await pageText(metricsUrl, format, encoding));
}

/** The text of one page. @throws Error where it is not answered with 200. */
export async function pageText(
  metricsUrl: string,
  format: keyof typeof ACCEPT = 'text',
  encoding: 'gzip' | 'identity' = 'identity',
): Promise<string> {
  const answer = await fetch(`${metricsUrl}/metrics`, {
    headers: { accept: ACCEPT[format], 'accept-encoding': encoding },
  });
  if (answer.status !== 200) throw new Error(`/metrics: ${answer.status}`);
  // fetch unpacks by itself.
  return answer.text();
}

/** The value of the one series of a family with these labels; undefined where there is none. */
export function valueIn(
  page: readonly PageSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = ofFamily(page, name, labels);
  if (found.length > 1) throw new Error(`${found.length} series of ${name} ${JSON.stringify(labels)}`);
  return found[0]?.value;
}

/** The series of a family that have these labels. */
export function ofFamily(
  page: readonly PageSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): PageSample[] {
  return page.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
}

/** The sum of a family. */
export function total(page: readonly PageSample[], name: string): number {
  return ofFamily(page, name).reduce((sum, { value }) => sum + value, 0);
}

/** Waits until a page has what `accept` looks for, and gives that page. */
export function pageWith(
  metricsUrl: string,
  what: string,
  accept: (page: readonly PageSample[]) => boolean,
): Promise<PageSample[]> {
  return eventually(
    what,
    async () => {
      const page = await scrape(metricsUrl);
      return accept(page) ? page : undefined;
    },
    PATIENCE_MS,
  );
}

/** Waits until the first collection of each collector has succeeded. */
export function collected(metricsUrl: string, collectors = ['cost', 'forecast']): Promise<PageSample[]> {
  return pageWith(metricsUrl, 'the first collection', (page) =>
    collectors.every(
      (collector) => valueIn(page, 'aws_cost_exporter_collector_success', { collector }) === 1,
    ),
  );
}

/** A JSON document of an exporter. */
export async function readJson<Body>(url: string): Promise<Body> {
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as Body;
}
