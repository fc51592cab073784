/** One series as it stands on the page. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One family with its head. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly series: Series[];
}

/** A page of /metrics in text format 0.0.4, read by the grammar alone. */
export class MetricsPage {
  readonly text: string;
  readonly families: ReadonlyMap<string, ParsedFamily>;

  constructor(text: string, families: ReadonlyMap<string, ParsedFamily>) {
    this.text = text;
    this.families = families;
  }

  /** The series of a family whose labels include those given; empty where the family is absent. */
  series(family: string, labels: Readonly<Record<string, string>> = {}): readonly Series[] {
    const wanted = Object.entries(labels);
    return (this.families.get(family)?.series ?? []).filter((series) =>
      wanted.every(([label, value]) => series.labels[label] === value),
    );
  }

  /** The value of the one series that meets the labels; undefined where there is none. @throws where there are several. */
  value(family: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.series(family, labels);
    if (found.length > 1) throw new Error(`${found.length} series of ${family} ${JSON.stringify(labels)}`);
    return found[0]?.value;
  }

  /** Values by the joined values of some labels, e.g. `AWS Lambda/111111111111`. */
  table(family: string, ...labels: readonly string[]): Record<string, number> {
    return Object.fromEntries(
      this.series(family).map((series) => [
        labels.map((label) => series.labels[label]).join('/'),
        series.value,
      ]),
    );
  }

  /** Names of the business families that have a series. */
  business(): string[] {
    return [...this.families.values()]
      .filter(({ name, series }) => isBusiness(name) && series.length > 0)
      .map(({ name }) => name)
      .toSorted();
  }

  /** The page's lines that belong to business families, heads included, byte for byte. */
  businessText(): string {
    return this.text
      .split('\n')
      .filter((line) => isBusiness(/^(?:# \w+ )?(\w+)/.exec(line)?.[1] ?? ''))
      .join('\n');
  }
}

function isBusiness(name: string): boolean {
  return name.startsWith('aws_') && !name.startsWith('aws_cost_exporter_');
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const NUMBER = /^(?:[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/;
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/**
 * Reads a page strictly: a family's lines stand together under one HELP and one TYPE, no series comes twice, every line
 * ends in a newline and nothing else is on the page.
 *
 * @throws Error that quotes the line.
 */
export function parseMetrics(text: string): MetricsPage {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let current: ParsedFamily | undefined;
  let help: { name: string; text: string } | undefined;
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === '') continue;
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (families.has(name)) fail('a second head of a family');
      help = { name, text: rest };
    } else if (keyword === 'TYPE') {
      if (help?.name !== name) fail('a TYPE without its HELP');
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) fail('an unknown type');
      current = { name, type: rest, help: help?.text ?? '', series: [] };
      families.set(name, current);
    } else {
      const series = parseSample(line);
      if (current === undefined || !belongs(series.name, current)) fail('a sample outside its family');
      const id = JSON.stringify([series.name, Object.entries(series.labels).toSorted()]);
      if (seen.has(id)) fail('a series comes twice');
      seen.add(id);
      current?.series.push(series);
    }
  }
  return new MetricsPage(text, families);
}

function belongs(name: string, { name: family, type }: ParsedFamily): boolean {
  const ends =
    type === 'histogram' ? ['_bucket', '_sum', '_count'] : type === 'summary' ? ['', '_sum', '_count'] : [''];
  return ends.some((end) => name === `${family}${end}`);
}

function parseSample(line: string): Series {
  const [, name, inner = '', number = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined || !NUMBER.test(number)) throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < inner.length; at = LABEL.lastIndex) {
    const [whole, label, raw] = LABEL.exec(inner) ?? [];
    if (whole === undefined || label === undefined || raw === undefined || label in labels) {
      throw new Error(`not a label set: ${line}`);
    }
    labels[label] = raw.replaceAll(/\\[\\"n]/g, (pair) => ESCAPES[pair] ?? pair);
  }
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) };
}
