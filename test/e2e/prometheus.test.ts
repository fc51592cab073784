import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Decimal } from 'decimal.js';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { generateBill, readFocusFile, startSimulator, writeFocusFile } from '../../src/simulator/index.ts';
import {
  ACCEPT,
  type Prometheus,
  promtoolCheckMetrics,
  requirePromtool,
  type ScrapeTarget,
  startAcceptProxy,
  startPrometheus,
} from '../servers/prometheus.ts';
import { COLUMN_OF, ExpectedBill, equals, focusService, type Sums } from './bill.ts';
import { environment, ROOT } from './command.ts';
import { collected, pageText, readJson } from './page.ts';

t.setTimeout(180_000);

const SAMPLE = join(ROOT, '../shared/data/focus_1_0_aws_sample.csv.gz');
/** What a day or an account that the bill does not have costs. */
const ZERO = new Decimal(0);
type Metric = keyof typeof COLUMN_OF;
const METRICS = Object.keys(COLUMN_OF) as Metric[];
const FORMATS = ['text', 'openMetrics'] as const;

/** An exporter that has bought a bill file at an instant. */
interface Case {
  readonly name: string;
  readonly metric: Metric;
  readonly expected: ExpectedBill;
  readonly restUrl: string;
  readonly metricsUrl: string;
}

async function startCase(t: Test, file: string, at: string, metric: Metric): Promise<Case> {
  const now = Date.parse(at);
  const clock = () => now;
  const bill = await readFocusFile(file, { today: new Date(now) });
  // Small pages: days go on from one page to the next.
  const simulator = await startSimulator({ bill, now: () => new Date(now), pageSize: 197 });
  t.teardown(() => simulator.close());
  const config = loadConfig(
    environment({ AWS_ENDPOINT_URL: simulator.url, COST_METRIC: metric, LOG_LEVEL: 'silent' }),
  );
  const app = await buildApp({ config, now: clock, credentials: async () => KEYS });
  t.teardown(() => app.close());
  const { restUrl, metricsUrl } = await app.listen();
  await collected(metricsUrl);
  const expected = new ExpectedBill(file, now, metric);
  return { name: `${metric} at ${at}`, metric, expected, restUrl, metricsUrl };
}

const KEYS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' };

/** Scrapes every case in both formats with one Prometheus, and holds its answers against the file's own sums. */
async function compare(t: Test, file: string, instants: readonly string[]): Promise<void> {
  const cases: Case[] = [];
  for (const at of instants) {
    for (const metric of METRICS) cases.push(await startCase(t, file, at, metric));
  }
  const targets: (ScrapeTarget & { job: string; one: Case; contentTypes: Set<string> })[] = [];
  for (const one of cases) {
    for (const format of FORMATS) {
      const proxy = await startAcceptProxy(t, `${one.metricsUrl}/metrics`, ACCEPT[format]);
      targets.push({ url: proxy.url, job: `${one.name}, ${format}`, one, contentTypes: proxy.contentTypes });
    }
  }
  const prometheus = await startPrometheus(t, {
    targets: targets.map(({ url, job }) => ({ url, job })),
    scrapeIntervalMs: 2_000,
  });
  if (prometheus === undefined) return;
  await prometheus.waitForTargetsUp();
  for (const { job, one, contentTypes } of targets) {
    const type = job.endsWith('openMetrics')
      ? /^application\/openmetrics-text; version=1\.0\.0/
      : /^text\/plain; version=0\.0\.4/;
    t.ok(contentTypes.size === 1 && type.test([...contentTypes].join()), `${job}: ${[...contentTypes]}`);
    await t.test(job, (t) => compareSums(t, prometheus, job, one.expected));
  }
  for (const one of cases) await t.test(`${one.name}, REST`, (t) => compareRest(t, one));
}

async function compareSums(t: Test, prometheus: Prometheus, job: string, expected: ExpectedBill) {
  // The last scrape of each: on a busy machine one may come too late, and its series count as gone.
  const last = (family: string) => `last_over_time(${family}{job="${job}"}[10m])`;
  async function single(promql: string, sum: Decimal) {
    const answer = await prometheus.query(promql);
    t.ok(answer.length === 1 && equals(answer[0]?.value, sum), `${promql} is ${sum}`, { answer });
  }
  async function grouped(
    promql: string,
    keyOf: (labels: Readonly<Record<string, string>>) => string,
    sums: Sums,
  ) {
    const found = new Map<string, number>();
    for (const { metric, value } of await prometheus.query(promql)) {
      found.set(keyOf(metric), (found.get(keyOf(metric)) ?? 0) + value);
    }
    t.same([...found.keys()].toSorted(), [...sums.keys()].toSorted(), `${promql}: who is there`);
    const wrong = [...sums].filter(([key, sum]) => !equals(found.get(key), sum));
    t.same(wrong, [], `${promql}: ${sums.size} sums`);
  }
  const service = (labels: Readonly<Record<string, string>>) => focusService(labels.service ?? '');
  await single(`sum(${last('aws_cost_total')})`, expected.total);
  await grouped(`sum by (service) (${last('aws_cost_total')})`, service, nonEmpty(t, expected.byService));
  await grouped(
    `sum by (account_id) (${last('aws_cost_total')})`,
    (l) => l.account_id ?? '',
    expected.byAccount,
  );
  await grouped(last('aws_cost_total'), (l) => `${service(l)}|${l.account_id}`, expected.byServiceAndAccount);
  await single(`sum(${last('aws_cost_month_to_date')})`, expected.monthToDate);
  await single(`sum(${last('aws_cost_last_complete_day')})`, expected.lastCompleteDay);
  await grouped(
    `sum by (date) (${last('aws_cost_daily')})`,
    (l) => l.date ?? '',
    nonEmpty(t, expected.daily),
  );
  await single(last('aws_cost_forecast'), expected.forecast);
  await single(last('aws_cost_forecast_month_end'), expected.monthEnd);
}

function nonEmpty(t: Test, sums: Sums): Sums {
  t.ok(sums.size > 5, `${sums.size} sums to compare`);
  return sums;
}

interface CostBody {
  total: number;
  monthToDate: number;
  byAccount: { accountId: string; cost: number }[];
  daily: { date: string; cost: number }[];
}

async function compareRest(t: Test, { restUrl, expected }: Case): Promise<void> {
  const cost = await readJson<CostBody>(`${restUrl}/cost/current`);
  t.ok(equals(cost.total, expected.total), `total ${cost.total}`);
  t.ok(equals(cost.monthToDate, expected.monthToDate), `month to date ${cost.monthToDate}`);
  const accounts = expected.byAccount;
  t.same(
    cost.byAccount.filter(({ accountId, cost }) => !equals(cost, accounts.get(accountId) ?? ZERO)),
    [],
    'by account',
  );
  t.same(
    cost.daily.filter(({ date, cost }) => !equals(cost, expected.daily.get(date) ?? ZERO)),
    [],
    'by day',
  );
  const forecast = await readJson<{ amount: number; monthEnd: number }>(`${restUrl}/cost/forecast`);
  t.ok(equals(forecast.amount, expected.forecast), `forecast ${forecast.amount}`);
  t.ok(equals(forecast.monthEnd, expected.monthEnd), `month's end ${forecast.monthEnd}`);
}

t.test('the real sample bill reaches Prometheus and REST', async (t) => {
  if (!existsSync(SAMPLE)) {
    t.pass('../shared/data/focus_1_0_aws_sample.csv.gz is absent: only the generated bill is tried', {
      skip: true,
    });
    return;
  }
  // The sums that the sample is known by.
  const now = Date.parse('2026-10-15T12:00:00Z');
  t.ok(equals(18.0066386184, new ExpectedBill(SAMPLE, now, 'BlendedCost').total));
  t.ok(equals(13, new ExpectedBill(SAMPLE, now, 'AmortizedCost').total));
  await compare(t, SAMPLE, ['2026-10-15T12:00:00Z', '2026-11-01T00:00:01Z']);
});

t.test('so does a generated bill in a FOCUS file', async (t) => {
  const file = join(t.testdir(), 'generated.csv.gz');
  // The bill was made at noon: its last day is not complete, and stays today.
  const rows = generateBill({ seed: 3, today: new Date('2028-02-29T12:00:00Z'), days: 70 }).filter(
    ({ ChargePeriodStart }) => ChargePeriodStart < '2028-02-29T12',
  );
  await writeFocusFile(file, rows);
  await compare(t, file, ['2028-02-29T09:30:00Z', '2028-02-29T23:59:59Z']);
});

t.test('promtool complains of the three names that the contract fixes, and of nothing else', async (t) => {
  if (requirePromtool(t) === undefined) return;
  const file = join(t.testdir(), 'generated.csv');
  await writeFocusFile(file, generateBill({ seed: 4, today: new Date(), days: 40 }));
  const { metricsUrl } = await startCase(t, file, '2026-10-15T12:00:00Z', 'BlendedCost');
  await collected(metricsUrl, ['cost', 'forecast', 'tags']);
  const complaints = await promtoolCheckMetrics(await pageText(metricsUrl));
  t.same(complaints.toSorted(), [
    'aws_cost_total non-counter metrics should not have "_total" suffix',
    'aws_tag_cost_total non-counter metrics should not have "_total" suffix',
    'aws_tag_resource_count non-histogram and non-summary metrics should not have "_count" suffix',
  ]);
});
