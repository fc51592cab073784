import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/index.ts';
import { eventually } from '../servers/process.ts';
import { awayFromMidnight, startServe } from './command.ts';
import { daysSummed, numberedBill } from './numbered-bill.ts';
import {
  collected,
  ofFamily,
  type PageSample,
  pageText,
  parsePage,
  readJson,
  scrape,
  valueIn,
} from './page.ts';

t.setTimeout(180_000);

const SHAPE = { days: 46, services: 30, accounts: 5 } as const;
const PAIRS = SHAPE.services * SHAPE.accounts;
const COLLECTIONS = 12;

/** Where the metrics begin that are of no collection: they differ from scrape to scrape. */
const LIVE = /^# HELP (?!aws_account_info|aws_cost_(?!exporter))/m;

/** The numbers of the bills that a page's cost series come from. */
function numbersOf(page: readonly PageSample[], today: string): Set<number> {
  const days = daysSummed(today);
  return new Set(
    page.flatMap(({ name, value }) => {
      const count = days[name];
      return count === undefined ? [] : [value / count];
    }),
  );
}

interface Seen {
  scrapes: number;
  readonly costs: Set<number>;
  readonly forecasts: Set<number>;
  /** Pages with the figures of two bills. */
  readonly torn: string[];
}

/** What is wrong with a page: the figures of two bills in one collector, series that are missing. */
function faultsOf(page: readonly PageSample[], today: string, seen: Seen): string[] {
  const costs = numbersOf(page, today);
  const [cost = Number.NaN] = costs;
  for (const one of costs) seen.costs.add(one);
  const faults = costs.size === 1 ? [] : [`cost of ${[...costs]}`];
  for (const [name] of Object.entries(daysSummed(today))) {
    const series = ofFamily(page, name).length;
    const expected = name === 'aws_cost_daily' ? 31 * PAIRS : PAIRS;
    if (series !== expected) faults.push(`${series} series of ${name}`);
  }
  const forecast = (valueIn(page, 'aws_cost_forecast') ?? Number.NaN) / 30 / PAIRS;
  seen.forecasts.add(forecast);
  for (const bound of ['lower', 'upper']) {
    const value = (valueIn(page, `aws_cost_forecast_${bound}`) ?? Number.NaN) / 30 / PAIRS;
    if (value !== forecast) faults.push(`forecast of ${forecast}, ${bound} of ${value}`);
  }
  // The month's end is made of both: of the cost that the page shows, and of the forecast that it shows.
  const past = Number(today.slice(8)) - 1;
  const month = new Date(Date.UTC(Number(today.slice(0, 4)), Number(today.slice(5, 7)), 0)).getUTCDate();
  const monthEnd = (past * cost + (month - past) * forecast) * PAIRS;
  const shown = valueIn(page, 'aws_cost_forecast_month_end') ?? Number.NaN;
  if (Math.abs(shown - monthEnd) > 1e-6) faults.push(`month's end ${shown}, not ${monthEnd}`);
  return faults;
}

interface CostBody {
  total: number;
  monthToDate: number;
  byService: { cost: number }[];
  byAccount: { cost: number }[];
  daily: { cost: number }[];
}

/** The numbers of the bills that a body of /cost/current comes from. */
function numbersOfBody(
  { total, monthToDate, byService, byAccount, daily }: CostBody,
  today: string,
): Set<number> {
  return new Set([
    total / 30 / PAIRS,
    monthToDate / Number(today.slice(8)) / PAIRS,
    ...byService.map(({ cost }) => cost / 30 / SHAPE.accounts),
    ...byAccount.map(({ cost }) => cost / 30 / SHAPE.services),
    ...daily.map(({ cost }) => cost / PAIRS),
  ]);
}

async function startNumbered(t: Test, now: Date) {
  const billOf = (number: number) => numberedBill({ number, today: now, ...SHAPE });
  const simulator = await startSimulator({ bill: billOf(1), now: () => now, pageSize: 2_500 });
  t.teardown(() => simulator.close());
  const served = await startServe(t, {
    AWS_ENDPOINT_URL: simulator.url,
    COST_INTERVAL: '1s',
    FORECAST_INTERVAL: '1s',
    CACHE_TTL_SECONDS: '0',
    CHANGE_DETECTION: 'off',
    AWS_SPEND_BUDGET_USD: '100000',
  });
  await collected(served.metricsUrl);
  return { simulator, served, billOf };
}

t.test('no scrape and no document has the figures of two collections', async (t) => {
  await awayFromMidnight();
  const now = new Date();
  const today = now.toISOString().slice(0, 10);
  const { simulator, served, billOf } = await startNumbered(t, now);
  let done = false;
  const seen: Seen = { scrapes: 0, costs: new Set(), forecasts: new Set(), torn: [] };

  // Only what is new is read closely: the scrapers' speed is what finds a torn page.
  const known = new Set<string>();
  const scrapers = (['text', 'openMetrics'] as const).flatMap((format) =>
    (['gzip', 'identity'] as const).map(async (encoding) => {
      while (!done) {
        const text = await pageText(served.metricsUrl, format, encoding);
        seen.scrapes++;
        if (format === 'openMetrics' && !text.endsWith('# EOF\n')) seen.torn.push('no end of the page');
        const figures = text.slice(0, text.search(LIVE));
        if (known.has(figures)) continue;
        known.add(figures);
        const faults = faultsOf(parsePage(figures), today, seen);
        if (faults.length > 0) seen.torn.push(`${format}, ${encoding}: ${faults.join('; ')}`);
      }
    }),
  );
  let bodies = 0;
  const reader = (async () => {
    while (!done) {
      const numbers = numbersOfBody(await readJson<CostBody>(`${served.restUrl}/cost/current`), today);
      if (numbers.size !== 1) seen.torn.push(`REST: ${[...numbers]}`);
      bodies++;
      // A client may ask 1000 times in 10 s.
      await delay(15);
    }
  })();

  for (let number = 2; number <= COLLECTIONS; number++) {
    simulator.setBill(billOf(number));
    await eventually(`bill ${number} is seen`, () =>
      seen.costs.has(number) && seen.forecasts.has(number) ? true : undefined,
    );
  }
  done = true;
  await Promise.all([...scrapers, reader]);
  t.same(seen.torn.slice(0, 5), []);
  t.same(
    [...seen.costs].toSorted((one, other) => one - other),
    Array.from({ length: COLLECTIONS }, (_, index) => index + 1),
    'every bill was seen, and nothing else',
  );
  t.ok(seen.scrapes > 2 * COLLECTIONS, `${seen.scrapes} scrapes of ${known.size} pages`);
  t.ok(bodies > COLLECTIONS, `${bodies} documents`);
  t.ok((await scrape(served.metricsUrl)).length > 30 * PAIRS);
  t.equal((await served.end('SIGTERM')).code, 0);
});
