import { buildApp } from './app.ts';
import type { Config } from './config.ts';
import { openKept } from './kept.ts';
import { USD_PER_PAGE } from './spend/ledger.ts';
import { PLAN_DAYS, type PlanRow, peakOf, perDayOf, planOf } from './spend/plan.ts';

export interface PlanOptions {
  /** Print JSON in place of a table. */
  readonly json: boolean;
  /** Pages of a query that is not known yet. */
  readonly assumedPages: number;
}

/** What is printed, beside the settings that it holds for. */
interface Plan {
  readonly config: Config;
  readonly rows: readonly PlanRow[];
  readonly limits: readonly Limit[];
  /** What could not be read: page counts are assumed though something may be known. */
  readonly warnings: readonly string[];
  /** What the figures stand on. */
  readonly assumptions: readonly string[];
}

/** A budget, and what it is held against. */
interface Limit {
  /** Undefined: the whole exporter. */
  readonly target: string | undefined;
  readonly budgetUsd: number;
  /** On average. */
  readonly usdPerDay: number;
  /** On the day with most: a budget is a day's. */
  readonly usdPeakDay: number;
  readonly fits: boolean;
}

/**
 * Prints what the configuration in force will buy from AWS: requests and dollars a day and a month, by target and
 * capability, with and without change detection. Asks AWS nothing, and writes nothing anywhere: page counts are those of the
 * kept snapshots, read beside the exporter that keeps them.
 *
 * @returns whether every day fits the budget, and each target's its own.
 */
export async function plan(config: Config, { json, assumedPages }: PlanOptions): Promise<boolean> {
  const { store, troubles } = await openKept(config);
  const app = await buildApp({ config, logger: false, store });
  await app.rest.ready();
  await app.rest.collections.restore();
  const rows = planOf(app.rest.collections.states.all(), config.changes, Date.now(), assumedPages);
  const warnings = troubles().map((trouble) => `${trouble}${HINT}`);
  await app.close();
  const limits = limitsOf(config, rows);
  const made = { config, rows, limits, warnings, assumptions: assumptionsOf(config, rows, assumedPages) };
  for (const warning of warnings) process.stderr.write(`aws-cost-exporter: ${warning}\n`);
  process.stdout.write(json ? `${JSON.stringify(document(made), null, 2)}\n` : table(made));
  return limits.every(({ fits }) => fits);
}

const HINT =
  ' Page counts are assumed where nothing is known; a running exporter shows what it knows in GET /spend, under `plan`.';

function limitsOf(config: Config, rows: readonly PlanRow[]): Limit[] {
  const budgets = [
    { target: undefined, budgetUsd: config.spend.budgetUsd },
    ...config.targets.flatMap(({ name, spendBudgetUsd }) =>
      spendBudgetUsd === undefined ? [] : [{ target: name, budgetUsd: spendBudgetUsd }],
    ),
  ];
  return budgets.map(({ target, budgetUsd }) => {
    const usdPerDay = dollars(perDayOf(rows, target).configured);
    const usdPeakDay = dollars(peakOf(rows, target).configured);
    return { target, budgetUsd, usdPerDay, usdPeakDay, fits: Math.max(usdPerDay, usdPeakDay) <= budgetUsd };
  });
}

function assumptionsOf(config: Config, rows: readonly PlanRow[], assumedPages: number): string[] {
  const has = (from: PlanRow['pagesFrom']) => rows.some(({ pagesFrom }) => pagesFrom === from);
  const open = rows.find(
    ({ collector, pagesFrom }) => collector === 'optimization' && pagesFrom === 'assumed',
  );
  return [
    'AWS refreshes the bill three times a day; every tag key that is not known to be inactive is active.',
    `The peak day is the largest UTC day of ${PLAN_DAYS + 1}: of the first, which begins at midnight with nothing bought, and of the month after it, of which all else is the average.`,
    ...(has('assumed')
      ? [
          `Marked ?: not known yet. ${assumedPages} ${assumedPages === 1 ? 'page' : 'pages'} a query: --pages N assumes another number.`,
        ]
      : []),
    ...(has('former') ? ['Marked ~: known from before, under another configuration.'] : []),
    ...(open !== undefined && config.optimization.source === 'auto'
      ? [
          `Whether the Cost Optimization Hub answers (OPTIMIZATION_SOURCE=auto) is not known yet. Cost Explorer is assumed in its place, ${open.daily} pages a UTC day for each target; with the hub it is none.`,
        ]
      : []),
  ];
}

function dollars(pages: number): number {
  return Math.round(pages * USD_PER_PAGE * 1e6) / 1e6;
}

function document({ config, rows, limits, warnings, assumptions }: Plan): object {
  const figures = (pages: number, peak: number) => ({
    requestsPerDay: pages,
    usdPerDay: dollars(pages),
    requestsPerMonth: pages * PLAN_DAYS,
    usdPerMonth: dollars(pages * PLAN_DAYS),
    requestsPeakDay: peak,
    usdPeakDay: dollars(peak),
  });
  const all = perDayOf(rows);
  const peak = peakOf(rows);
  return {
    changeDetection: config.changes.detect,
    daysPerMonth: PLAN_DAYS,
    warnings,
    assumptions,
    collectors: rows.map((row) => {
      const { target, collector, intervalMs, pages, daily, pagesFrom, perDay } = row;
      const ownPeak = peakOf([row]);
      return {
        target,
        collector,
        intervalSeconds: intervalMs / 1_000,
        pages,
        pagesOnceADay: daily,
        known: pagesFrom === 'snapshot',
        pagesFrom,
        withChangeDetection: figures(perDay.withDetection, ownPeak.withDetection),
        withoutChangeDetection: figures(perDay.withoutDetection, ownPeak.withoutDetection),
      };
    }),
    total: {
      ...figures(all.configured, peak.configured),
      withChangeDetection: figures(all.withDetection, peak.withDetection),
      withoutChangeDetection: figures(all.withoutDetection, peak.withoutDetection),
    },
    budgets: limits.map(({ target = null, ...limit }) => ({ target, ...limit })),
  };
}

/** How a table marks where page counts are from. */
const MARKS = { snapshot: '', former: ' ~', assumed: ' ?' };

function table({ config, rows, limits, assumptions }: Plan): string {
  const figures = (some: readonly PlanRow[]) => {
    const [average, peak] = [perDayOf(some), peakOf(some)];
    return [
      average.configured.toFixed(1),
      String(peak.configured),
      dollars(average.configured).toFixed(2),
      dollars(peak.configured).toFixed(2),
      dollars(average.configured * PLAN_DAYS).toFixed(2),
      `${average.withoutDetection.toFixed(1)} a day`,
    ];
  };
  const cells = [
    [
      'target',
      'capability',
      'every',
      'pages',
      'a day',
      'peak day',
      'USD a day',
      'USD peak day',
      'USD a month',
      'without change detection',
    ],
    ...rows.map((row) => [
      row.target,
      row.collector,
      duration(row.intervalMs),
      `${row.daily > 0 ? `${row.pages} + ${row.daily} a day` : row.pages}${MARKS[row.pagesFrom]}`,
      ...figures([row]),
    ]),
    ['all', '', '', '', ...figures(rows)],
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  return `${[
    `Paid AWS requests, USD ${USD_PER_PAGE} each, change detection ${config.changes.detect ? 'on' : 'off'}, a month of ${PLAN_DAYS} days:`,
    '',
    ...lines.map((line) => `  ${line.trimEnd()}`),
    '',
    ...assumptions,
    ...limits.map(verdict),
  ].join('\n')}\n`;
}

function verdict({ target, budgetUsd, usdPerDay, usdPeakDay, fits }: Limit): string {
  const whose = target === undefined ? 'AWS_SPEND_BUDGET_USD' : `spendBudgetUsd of ${target}`;
  const above = usdPerDay > budgetUsd ? 'ABOVE' : 'ABOVE on the peak day';
  return `${fits ? 'Within' : above} ${whose}, USD ${budgetUsd.toFixed(2)} a day: USD ${usdPerDay.toFixed(2)} on average, USD ${usdPeakDay.toFixed(2)} on the peak day.`;
}

function duration(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ] as const;
  const [unit, name] = units.find(([size]) => ms % size === 0) ?? [1, 'ms'];
  return `${ms / unit}${name}`;
}
