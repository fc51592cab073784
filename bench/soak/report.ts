import { MEASURES, type Sample, trends, warmUp } from './measures.ts';
import type { Counts } from './tally.ts';
import { median } from './verdict.ts';

/** One stretch of the run. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly samples: readonly Sample[];
  readonly counts: Counts;
  /** Bills that came into force, and restarts of Redis. */
  readonly bills: number;
  readonly restarts: number;
}

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const one = (value: number) => value.toFixed(value < 10 ? 1 : 0);

/** The head of the table. */
export function head(): string {
  const names = [
    'minutes',
    ...MEASURES.map(({ name, unit }) => (unit === '' ? name : `${name}, ${unit}`)),
    ...[
      'idle p99, ms',
      'delay max, ms',
      'bills',
      'Redis',
      'scrapes',
      'reads',
      'errors',
      'gaps',
      'wrong',
      'oldest, s',
    ],
  ];
  return `${row(names)}\n${row(names.map(() => '---'))}`;
}

/** One line of the table: medians of what was held, and what the clients met. */
export function line({ from, to, samples, counts, bills, restarts }: Stretch): string {
  const held = MEASURES.map(({ of }) => one(median(samples.flatMap((sample) => of(sample) ?? []))));
  const { scrapes, reads, errors, gaps, wrong, oldest } = counts;
  const worst = Math.max(0, ...samples.map(({ delayMax }) => delayMax));
  return row([
    `${one(from)} to ${one(to)}`,
    ...held,
    one(median(samples.map(({ idleP99 }) => idleP99))),
    one(worst),
    bills,
    restarts,
    scrapes,
    reads,
    errors,
    gaps,
    wrong,
    Math.round(oldest / 1_000),
  ]);
}

/** Whether everything was flat and right, in words. */
export function verdict(stretches: readonly Stretch[], minutes: number): { text: string; good: boolean } {
  const samples = stretches.flatMap((stretch) => stretch.samples);
  const found = trends(samples, minutes);
  const sum = (field: keyof Counts) => stretches.reduce((all, { counts }) => all + counts[field], 0);
  const lines = found.map(({ measure: { name, unit }, median: middle, growth, allowed, flat }) => {
    const of = unit === '' ? '' : ` ${unit}`;
    return `${flat ? 'flat' : 'NOT FLAT'}: ${name} ${middle.toFixed(1)}${of}, growth ${growth.toFixed(2)}${of}, allowed ${allowed.toFixed(1)}${of}`;
  });
  const wrong = sum('wrong');
  const text = [
    `Judged after ${one(warmUp(minutes))} minutes: growth by the slope of Theil and Sen over the rest; of memory the least of each minute.`,
    ...lines,
    `${wrong === 0 ? 'right' : 'WRONG'}: ${wrong} wrong figures, ${sum('gaps')} gaps and ${sum('errors')} errors in ${sum('scrapes')} scrapes and ${sum('reads')} reads of REST`,
  ].join('\n');
  return { text, good: wrong === 0 && sum('scrapes') > 0 && found.every(({ flat }) => flat) };
}
