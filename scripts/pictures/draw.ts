import type { Answered } from './answers.ts';
import { escaped, legendOf, shown } from './answers.ts';
import { stackedChart } from './stacked-chart.ts';
import { CSS } from './style.ts';

/** A row of the dashboard's grid, in pixels. */
const ROW = 34;

/** The name of a colour of Grafana's, as this page draws it. */
const COLOURS: Readonly<Record<string, string>> = {
  red: '#c4162a',
  orange: '#d9730d',
  yellow: '#b58900',
  green: '#2a8a3e',
  blue: '#2f6fde',
  text: '#1c2128',
};

function colourOf({ panel }: Answered, value: number): string {
  const steps = panel.fieldConfig?.defaults?.thresholds?.steps ?? [];
  const step = steps.findLast(({ value: from }) => from === null || value >= from);
  return COLOURS[step?.color ?? 'text'] ?? '#1c2128';
}

function stat(one: Answered): string {
  const decimals = one.panel.fieldConfig?.defaults?.decimals;
  const all = one.answers.flatMap(({ legend, series }) =>
    series.map((found) => ({ name: legendOf(legend, found), value: found.value })),
  );
  if (all.length === 0)
    return `<p class="none">${escaped(one.panel.fieldConfig?.defaults?.noValue ?? 'No data')}</p>`;
  const namesOnly = (one.panel.options as { textMode?: string }).textMode === 'name';
  const plain = (one.panel.options as { colorMode?: string }).colorMode === 'none';
  return `<div class="stats">${all
    .map(({ name, value }) => {
      const text = namesOnly ? name : shown(value, one.unit, decimals);
      const colour = plain ? COLOURS.text : colourOf(one, value);
      return `<div><b style="color:${colour}">${escaped(text)}</b>${all.length > 1 ? `<span>${escaped(name)}</span>` : ''}</div>`;
    })
    .join('')}</div>`;
}

function bars(one: Answered): string {
  const decimals = one.panel.fieldConfig?.defaults?.decimals;
  const all = one.answers.flatMap(({ legend, series }) =>
    series.map((found) => ({ name: legendOf(legend, found), value: found.value })),
  );
  const longest = one.panel.fieldConfig?.defaults?.max ?? Math.max(...all.map(({ value }) => value));
  return `<div class="bars">${all
    .map(({ name, value }) => {
      const width = Math.max(0, (100 * value) / longest);
      return `<span class="name">${escaped(name)}</span><span class="track"><i style="width:${width.toFixed(2)}%;background:${colourOf(one, value)}"></i></span><span class="value">${escaped(shown(value, one.unit, decimals))}</span>`;
    })
    .join('')}</div>`;
}

interface Organize {
  readonly renameByName?: Readonly<Record<string, string>>;
}

/** Rows by their labels, a column for each label that has a title and for each query. */
function table(one: Answered, height: number): string {
  const { panel, answers } = one;
  const { renameByName: titles = {} }: Organize = panel.transformations?.at(-1)?.options ?? {};
  const rows = new Map<
    string,
    { labels: Readonly<Record<string, string>>; values: (number | undefined)[] }
  >();
  answers.forEach(({ series }, index) => {
    for (const { metric, value } of series) {
      const key = JSON.stringify(Object.entries(metric).toSorted());
      const row = rows.get(key) ?? { labels: metric, values: [] };
      row.values[index] = value;
      rows.set(key, row);
    }
  });
  const sortBy = (panel.options as { sortBy?: { displayName: string }[] }).sortBy?.[0]?.displayName;
  const column = answers.findIndex(({ legend }) => legend === sortBy);
  const sorted = [...rows.values()].toSorted((a, b) => (b.values[column] ?? 0) - (a.values[column] ?? 0));
  const labels = Object.keys(titles).filter((label) => sorted.some((row) => row.labels[label]));
  const unitOf = (title: string) => {
    const override = panel.fieldConfig?.overrides?.find(({ matcher }) => matcher.options === title);
    const property = (id: string) => override?.properties.find((each) => each.id === id)?.value;
    return {
      unit: (property('unit') as string | undefined) ?? one.unit,
      decimals: (property('decimals') as number | undefined) ?? panel.fieldConfig?.defaults?.decimals,
    };
  };
  const cell = (value: number | undefined, title: string) => {
    const { unit, decimals } = unitOf(title);
    return `<td class="number">${value === undefined ? '' : escaped(shown(value, unit, decimals))}</td>`;
  };
  const head = [
    ...labels.map((label) => `<th>${escaped(titles[label] ?? label)}</th>`),
    ...answers.map(({ legend }) => `<th class="number">${escaped(legend)}</th>`),
  ].join('');
  const body = sorted
    .slice(0, Math.floor((height - 70) / 28))
    .map(
      ({ labels: of, values }) =>
        `<tr>${labels.map((label) => `<td>${escaped(of[label] ?? '')}</td>`).join('')}${answers.map(({ legend }, index) => cell(values[index], legend)).join('')}</tr>`,
    );
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function content(one: Answered, width: number, height: number): string {
  switch (one.panel.type) {
    case 'stat':
      return stat(one);
    case 'bargauge':
      return bars(one);
    case 'table':
      return table(one, height);
    case 'barchart':
      return stackedChart(one, width - 28, height - 52);
    default:
      throw new Error(`${one.title}: ${one.panel.type} is not drawn`);
  }
}

/** A page that shows panels at their places in the dashboard's grid, with nothing where panels are left out. */
export function page(title: string, panels: readonly Answered[], width: number): string {
  const rows = [...new Set(panels.map(({ panel }) => panel.gridPos?.y ?? 0))].toSorted((a, b) => a - b);
  const unit = width / 24;
  let top = 0;
  const boxes = rows.flatMap((y) => {
    const inRow = panels.filter(({ panel }) => panel.gridPos?.y === y);
    const height = Math.max(...inRow.map(({ panel }) => panel.gridPos?.h ?? 0)) * ROW;
    const drawn = inRow.map((one) => {
      const { x = 0, w = 0, h = 0 } = one.panel.gridPos ?? {};
      const box = { left: x * unit + 4, top: top + 4, width: w * unit - 8, height: h * ROW - 8 };
      const style = Object.entries(box)
        .map(([name, pixels]) => `${name}:${pixels}px`)
        .join(';');
      return `<section style="${style}"><h2>${escaped(one.title)}</h2>${content(one, box.width, box.height)}</section>`;
    });
    top += height;
    return drawn;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><style>${CSS}</style>
<body style="width:${width}px"><h1>${escaped(title)}</h1><main style="height:${top}px">${boxes.join('')}</main></body></html>`;
}
