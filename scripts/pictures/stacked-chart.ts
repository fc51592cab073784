import { type Answered, escaped, shown } from './answers.ts';

const PALETTE = [
  '#2f6fde',
  '#e8833a',
  '#3a9d5d',
  '#8a5cd1',
  '#d64550',
  '#2aa3b5',
  '#c79a1b',
  '#7a869a',
  '#b9c0cb',
];

/** A step of the axis that is easy to read: 1, 2 or 5 times a power of ten. */
function stepOf(greatest: number): number {
  const power = 10 ** Math.floor(Math.log10(greatest / 4));
  return power * (([1, 2, 5].find((one) => one * power * 4 >= greatest) ?? 10) || 10);
}

/** Bars for each date, stacked by service: credits below the line. */
export function stackedChart({ answers, unit }: Answered, width: number, height: number): string {
  const series = answers.flatMap((answer) => answer.series);
  const dates = [...new Set(series.map(({ metric }) => metric.date ?? ''))].toSorted();
  const totals = new Map<string, number>();
  for (const { metric, value } of series) {
    const name = metric.service ?? '';
    totals.set(name, (totals.get(name) ?? 0) + value);
  }
  const names = [...totals].toSorted(([, one], [, other]) => other - one).map(([name]) => name);
  const costOf = (date: string, name: string) =>
    series.find(({ metric }) => metric.date === date && metric.service === name)?.value ?? 0;
  const sumOf = (date: string, sign: 1 | -1) =>
    names.reduce((sum, name) => sum + Math.max(0, sign * costOf(date, name)), 0);
  const greatest = Math.max(...dates.map((date) => sumOf(date, 1)));
  const least = -Math.max(...dates.map((date) => sumOf(date, -1)));
  const step = stepOf(greatest);
  const top = Math.ceil(greatest / step) * step;
  // No day has credits: the axis starts at 0, not at -0.
  const bottom = Math.floor(least / step) * step || 0;
  const [left, below] = [72, 20];
  const plot = height - below - 46;
  const y = (value: number) => 6 + ((top - value) / (top - bottom)) * plot;
  const slot = (width - left) / dates.length;
  const grid: string[] = [];
  for (let at = bottom; at <= top + step / 2; at += step) {
    grid.push(
      `<line x1="${left}" x2="${width}" y1="${y(at)}" y2="${y(at)}" stroke="${at === 0 ? '#9aa3af' : '#e8ebef'}"/><text x="${left - 8}" y="${y(at) + 4}" text-anchor="end">${escaped(shown(at, unit))}</text>`,
    );
  }
  const bars = dates.flatMap((date, index) => {
    let [up, down] = [0, 0];
    return names.map((name, colour) => {
      const value = costOf(date, name);
      const from = value >= 0 ? up : down;
      if (value >= 0) up += value;
      else down += value;
      const [high, low] = [Math.max(from, from + value), Math.min(from, from + value)];
      return `<rect x="${(left + index * slot + 2).toFixed(1)}" width="${(slot - 4).toFixed(1)}" y="${y(high).toFixed(1)}" height="${(y(low) - y(high)).toFixed(1)}" fill="${PALETTE[colour % PALETTE.length]}"/>`;
    });
  });
  const days = dates.map((date, index) =>
    index % 3 === 0 && index < dates.length - 1
      ? `<text x="${left + (index + 0.5) * slot}" y="${6 + plot + 16}" text-anchor="middle">${date}</text>`
      : '',
  );
  const legend = names.map(
    (name, colour) =>
      `<span><i style="background:${PALETTE[colour % PALETTE.length]}"></i>${escaped(name)}</span>`,
  );
  return `<svg width="${width}" height="${plot + below + 10}">${grid.join('')}${bars.join('')}${days.join('')}</svg><div class="legend">${legend.join('')}</div>`;
}
