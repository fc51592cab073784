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
