import type { Spread } from './stats.ts';

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A number with three significant digits, and no more digits than that after the point. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return value.toPrecision(3);
}

/** `median (min to max)`, of values that are divided by `unit` first. */
export function withRange({ median, min, max }: Spread, unit = 1): string {
  return `${number(median / unit)} (${number(min / unit)} to ${number(max / unit)})`;
}

/** Bytes in MB of 1,000,000. */
export function megabytes(bytes: number): string {
  return number(bytes / 1e6);
}
