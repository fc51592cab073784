import { addDays, type Day, daysIn } from '../../src/collection/periods.ts';
import type { CostFigures } from './figures.ts';
import { type Html, html } from './html.ts';
import { formatAmount, formatDay, formatTick, formatWeekday } from './words.ts';

/** Complete days on the chart; fewer where the window is shorter. */
const CHART_DAYS = 30;
/** Days between two labels below the chart. */
const LABEL_DAYS = 7;

// Heights are pixels, widths are per cent: the chart takes any width and its text keeps its size.
const TOP = 30;
const PLOT = 180;
const BOTTOM = 26;
const HEIGHT = TOP + PLOT + BOTTOM;
const AXIS = 46;
const LEAST_BAR = 1;
const BAR_SHARE = 0.72;
/** No axis is finer than this, in units of the currency. */
const SMALLEST_STEP = 1e-10;
/** What a division may be off by. */
const ROUNDING = 1e-9;

/** One day of the chart. */
interface ChartDay {
  readonly date: Day;
  readonly isToday: boolean;
  /** Undefined where the bill does not cover the day. */
  readonly cost: number | undefined;
  /** What it cost, in words. */
  readonly words: string;
}

/** Multiples of a round step that span some values and 0; at least one step. */
export function axisTicks(values: readonly number[]): number[] {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const rough = (high - low) / 4;
  if (rough < SMALLEST_STEP) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step + ROUNDING);
  const count = Math.ceil(high / step - ROUNDING) - first;
  return Array.from({ length: count + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

function chartDays({ daily, window, currency }: CostFigures): ChartDay[] {
  const today = window.end;
  const costs = new Map(daily.map(({ date, cost }) => [date, cost]));
  const [, start = window.start] = [window.start, addDays(today, -CHART_DAYS)].toSorted();
  return daysIn(start, addDays(today, 1)).map((date) => {
    const cost = costs.get(date);
    const amount = cost === undefined ? 'no figure' : formatAmount(cost, currency);
    const isToday = date === today;
    return { date, isToday, cost, words: `${amount}${isToday && cost !== undefined ? ' so far' : ''}` };
  });
}

/** Charts by their figures: one publication is drawn once, not at each request. */
const drawn = new WeakMap<CostFigures, Html>();

/** The cost of each day as a bar chart in SVG, with the same figures as a table; `id` begins the ids of its elements. */
export function costChart(figures: CostFigures, id: string): Html {
  const chart = drawn.get(figures) ?? draw(figures, id);
  drawn.set(figures, chart);
  return chart;
}

function draw(figures: CostFigures, id: string): Html {
  const days = chartDays(figures);
  const known = days.flatMap(({ cost }) => cost ?? []);
  if (figures.currency === null || known.length === 0) {
    return html`<p class="note">The bill has no charges on these days.</p>`;
  }
  const ticks = axisTicks(known);
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const y = (value: number) => decimal(TOP + (PLOT * (high - value)) / (high - low));
  const complete = days.length - 1;
  const title = `Cost per day: ${complete} complete days and today so far`;
  const credits = known.some((cost) => cost < 0);
  return html`<figure class="chart">
<figcaption id="${id}-caption"><strong>${title}</strong> <span>${figures.currency}, days in UTC${credits && '; credits below the line'}</span></figcaption>
<div class="plot">
<svg class="axis" width="${AXIS}" height="${HEIGHT}" aria-hidden="true">${ticks.map(
    (tick) => html`<text x="${AXIS - 8}" y="${y(tick)}" dy="4">${formatTick(tick)}</text>`,
  )}</svg>
<svg class="bars" width="100%" height="${HEIGHT}" role="img" aria-labelledby="${id}-caption" aria-describedby="${id}-summary">
${ticks.map((tick) => html`<line class="${tick === 0 ? 'zero' : 'grid'}" x1="0" x2="100%" y1="${y(tick)}" y2="${y(tick)}"/>`)}
${days.map((day, index) => bar(day, index, days.length, y))}
${days.map((day, index) => label(day, index, days.length))}
</svg>
</div>
<p id="${id}-summary" class="summary">${summary(days)}</p>
</figure>
<details><summary>The figures as a table</summary>
<table><caption class="hidden">${title}, ${figures.currency}</caption>
<thead><tr><th scope="col">Day (UTC)</th><th scope="col">Cost</th></tr></thead>
<tbody>${days.toReversed().map(({ date, words }) => html`<tr><th scope="row">${formatWeekday(date)}</th><td>${words}</td></tr>`)}</tbody>
</table>
</details>`;
}

function bar(
  { date, isToday, cost, words }: ChartDay,
  index: number,
  count: number,
  y: (value: number) => number,
): Html {
  const slot = 100 / count;
  const x = slot * index;
  const name = `${formatWeekday(date)}: ${words}`;
  const kind = `bar${isToday ? ' today' : ''}${cost !== undefined && cost < 0 ? ' credit' : ''}`;
  const height = cost === undefined ? 0 : Math.abs(y(cost) - y(0));
  // A cost that is not 0 is seen, however small it is.
  const shown = cost ? Math.max(height, LEAST_BAR) : 0;
  const top = cost !== undefined && cost < 0 ? y(0) : y(0) - shown;
  return html`<g class="day"><title>${name}</title><rect class="hit" x="${decimal(x)}%" y="0" width="${decimal(slot)}%" height="${HEIGHT}"/>${
    shown > 0 &&
    html`<rect class="${kind}" x="${decimal(x + (slot * (1 - BAR_SHARE)) / 2)}%" y="${decimal(top)}" width="${decimal(slot * BAR_SHARE)}%" height="${decimal(shown)}" rx="1.5"/>`
  }<text class="tip" x="100%" y="14" aria-hidden="true">${name}</text></g>`;
}

/** Every seventh day back from today, today's own at the right edge. */
function label({ date, isToday }: ChartDay, index: number, count: number): Html | undefined {
  const back = count - 1 - index;
  if (back % LABEL_DAYS !== 0) return undefined;
  const x = isToday ? 100 : (100 / count) * (index + 0.5);
  const anchor = isToday ? 'end' : index === 0 ? 'start' : 'middle';
  // Where there is little room every second one is left out.
  const kind = (back / LABEL_DAYS) % 2 === 1 ? 'label second' : 'label';
  return html`<text class="${kind}" x="${decimal(index === 0 ? 0 : x)}%" y="${HEIGHT - 6}" text-anchor="${anchor}">${isToday ? 'today' : formatDay(date)}</text>`;
}

function summary(days: readonly ChartDay[]): string {
  const complete = days.flatMap(({ date, isToday, cost, words }) =>
    isToday || cost === undefined ? [] : { date, cost, words },
  );
  const [lowest] = complete.toSorted((one, other) => one.cost - other.cost);
  const [highest] = complete.toSorted((one, other) => other.cost - one.cost);
  if (lowest === undefined || highest === undefined) return 'No complete day has a figure yet.';
  if (lowest.cost === highest.cost) return `${highest.words} on every complete day.`;
  return `Highest: ${highest.words} on ${formatWeekday(highest.date)}. Lowest: ${lowest.words} on ${formatWeekday(lowest.date)}.`;
}

/** Three decimals are a thousandth of a pixel. */
function decimal(value: number): number {
  return Number(value.toFixed(3));
}
