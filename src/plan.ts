import { type App, buildApp } from './app.ts';
import { MemoryStore } from './collection/memory-store.ts';
import type { Config } from './config.ts';
import { StateDirError } from './disk/state-dir-error.ts';
import { USD_PER_PAGE } from './spend/ledger.ts';
import { PLAN_DAYS, type PlanRow, perDayOf, planOf } from './spend/plan.ts';

export interface PlanOptions {
  /** Print JSON in place of a table. */
  readonly json: boolean;
  /** Pages of a query that is not known yet. */
  readonly assumedPages: number;
}

/**
 * Prints what the configuration in force will buy from AWS: requests and dollars a day and a month, by target and
 * capability, with and without change detection. Asks AWS nothing; page counts are those of the kept snapshots.
 *
 * @returns whether it fits the budget, and each target's its own.
 */
export async function plan(config: Config, { json, assumedPages }: PlanOptions): Promise<boolean> {
  const { app, note } = await build(config);
  await app.rest.ready();
  await app.rest.collections.restore();
  const rows = planOf(app.rest.collections.states.all(), config.changes, Date.now(), assumedPages);
  await app.close();
  const limits = [
    { target: undefined, usd: config.spend.budgetUsd },
    ...config.targets.flatMap(({ name, spendBudgetUsd }) =>
      spendBudgetUsd === undefined ? [] : [{ target: name, usd: spendBudgetUsd }],
    ),
  ].map(({ target, usd }) => {
    const perDay = dollars(perDayOf(rows, target).configured);
    return { target, budgetUsd: usd, usdPerDay: perDay, fits: perDay <= usd };
  });
  process.stdout.write(
    json ? `${JSON.stringify(document(rows, config, limits), null, 2)}\n` : table(rows, config, limits, note),
  );
  return limits.every(({ fits }) => fits);
}

interface Limit {
  /** Undefined: the whole exporter. */
  readonly target: string | undefined;
  readonly budgetUsd: number;
  readonly usdPerDay: number;
  readonly fits: boolean;
}

async function build(config: Config): Promise<{ app: App; note: string }> {
  try {
    return { app: await buildApp({ config, logger: false }), note: '' };
  } catch (error) {
    if (!(error instanceof StateDirError)) throw error;
    const app = await buildApp({ config, logger: false, store: new MemoryStore() });
    return {
      app,
      note: `\n${error.message} Page counts are assumed; the running exporter knows them: GET /spend.\n`,
    };
  }
}

function dollars(pages: number): number {
  return Math.round(pages * USD_PER_PAGE * 1e6) / 1e6;
}

function document(rows: readonly PlanRow[], config: Config, limits: readonly Limit[]): object {
  const figures = (pages: number) => ({
    requestsPerDay: pages,
    usdPerDay: dollars(pages),
    requestsPerMonth: pages * PLAN_DAYS,
    usdPerMonth: dollars(pages * PLAN_DAYS),
  });
  const all = perDayOf(rows);
  return {
    changeDetection: config.changes.detect,
    daysPerMonth: PLAN_DAYS,
    collectors: rows.map(({ target, collector, intervalMs, pages, known, perDay }) => ({
      target,
      collector,
      intervalSeconds: intervalMs / 1_000,
      pages,
      known,
      withChangeDetection: figures(perDay.withDetection),
      withoutChangeDetection: figures(perDay.withoutDetection),
    })),
    total: {
      ...figures(all.configured),
      withChangeDetection: figures(all.withDetection),
      withoutChangeDetection: figures(all.withoutDetection),
    },
    budgets: limits.map(({ target = null, ...limit }) => ({ target, ...limit })),
  };
}

function table(rows: readonly PlanRow[], config: Config, limits: readonly Limit[], note: string): string {
  const cells = [
    [
      'target',
      'capability',
      'every',
      'pages',
      'a day',
      'USD a day',
      'USD a month',
      'without change detection',
    ],
    ...rows.map(({ target, collector, intervalMs, pages, known, perDay }) => [
      target,
      collector,
      duration(intervalMs),
      `${pages}${known ? '' : ' ?'}`,
      ...money(perDay.configured),
      `${perDay.withoutDetection.toFixed(1)} a day`,
    ]),
    [
      'all',
      '',
      '',
      '',
      ...money(perDayOf(rows).configured),
      `${perDayOf(rows).withoutDetection.toFixed(1)} a day`,
    ],
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
  const verdicts = limits.map(({ target, budgetUsd, usdPerDay, fits }) => {
    const whose = target === undefined ? 'AWS_SPEND_BUDGET_USD' : `spendBudgetUsd of ${target}`;
    return `${fits ? 'Within' : 'ABOVE'} ${whose}: USD ${usdPerDay.toFixed(2)} of ${budgetUsd.toFixed(2)} a day.`;
  });
  return `${[
    `Paid AWS requests, USD ${USD_PER_PAGE} each, change detection ${config.changes.detect ? 'on' : 'off'}, a month of ${PLAN_DAYS} days:`,
    '',
    ...lines.map((line) => `  ${line.trimEnd()}`),
    '',
    ...(rows.some(({ known }) => !known)
      ? ['?: not known yet, assumed; --pages N assumes another number of pages a query.']
      : []),
    'Assumed: AWS refreshes the bill three times a day; every tag key that is not known to be inactive is active.',
    ...verdicts,
  ].join('\n')}\n${note}`;
}

function money(pages: number): [string, string, string] {
  return [pages.toFixed(1), dollars(pages).toFixed(2), dollars(pages * PLAN_DAYS).toFixed(2)];
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
