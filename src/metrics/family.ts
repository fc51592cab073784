/** The kinds of metric that this program publishes itself. */
export type MetricType = 'gauge' | 'counter';

/** One metric family, declared once: the exposition's head, `docs/metrics.md` and the lint list all read it. */
export interface Family {
  /** Full metric name; a counter's ends in `_total`. */
  readonly name: string;
  readonly type: MetricType;
  /** One sentence: what the value is, its unit, its period. */
  readonly help: string;
  /** Label names, in the order in which a sample gives their values. */
  readonly labels: readonly string[];
}

/** One series: label values in the order of the family's label names, and the value. */
export type Sample = readonly [labels: readonly string[], value: number];

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Checks what the exposition formats ask of a declaration: well-formed and distinct names, a counter's `_total`, a help.
 * Throws a TypeError that names the family and the fault.
 */
export function assertFamily(family: Family): void {
  const fault = familyFault(family);
  if (fault !== undefined) throw new TypeError(`metric family ${JSON.stringify(family.name)}: ${fault}`);
}

function familyFault({ name, type, help, labels }: Family): string | undefined {
  if (!METRIC_NAME.test(name)) return 'the name is not a metric name';
  if (type === 'counter' && !/._total$/.test(name)) return 'the name of a counter ends in _total';
  if (help.trim() === '') return 'the help is empty';
  const bad = labels.find((label) => !LABEL_NAME.test(label) || label.startsWith('__'));
  if (bad !== undefined) return `${JSON.stringify(bad)} is not a label name`;
  if (new Set(labels).size !== labels.length) return 'two labels have one name';
  return undefined;
}
