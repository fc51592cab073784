import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { Decimal } from 'decimal.js';
import t, { type Test } from 'tap';
import { generateBill, readFocusFile, writeFocusFile } from '../../src/simulator/index.ts';
import { startExporter } from '../helper.ts';
import { type Prometheus, startPrometheus } from '../servers/prometheus.ts';
import { ExpectedBill, equals, focusService } from './bill.ts';
import { ROOT } from './command.ts';

t.setTimeout(180_000);

// Of its own, and exact: what the product computes is held against what this file computes from the same CSV.
const Money = Decimal.clone({ precision: 60 });
const SAMPLE = join(ROOT, '../shared/data/focus_1_0_aws_sample.csv.gz');
const KEYS = ['application', 'environment', 'business_unit'];
const WINDOW_DAYS = 30;
const DAY_MS = 86_400_000;

type Sums = Map<string, Decimal>;

/** A charge of the CSV: how many days before its last complete day, and what it costs under which tags. */
interface Charge {
  readonly daysBefore: number;
  readonly amount: Decimal;
  readonly service: string;
  readonly tags: Readonly<Record<string, string>>;
}

const instant = (text = '') => Date.parse(/Z$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);
const dayNumber = (ms: number) => Math.floor(ms / DAY_MS);

function readCharges(file: string): Charge[] {
  const bytes = readFileSync(file);
  const records: Record<string, string>[] = parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, {
    columns: true,
  });
  // The bill breaks off in its last day, or ends with it: by the hour, so that the last end tells.
  const ends = records
    .filter((one) => instant(one.ChargePeriodEnd) - instant(one.ChargePeriodStart) < DAY_MS)
    .map((one) => instant(one.ChargePeriodEnd));
  const lastComplete = dayNumber(ends.reduce((latest, end) => Math.max(latest, end), 0)) - 1;
  return records.map((one) => ({
    daysBefore: lastComplete - dayNumber(instant(one.ChargePeriodStart)),
    amount: new Money(one.BilledCost ?? ''),
    service: one.ServiceName ?? '',
    tags: one.Tags === undefined || one.Tags === 'NULL' || one.Tags === '' ? {} : JSON.parse(one.Tags),
  }));
}

/** Sums of the window by what a charge falls under. */
function sumBy(charges: readonly Charge[], keyOf: (charge: Charge) => string): Sums {
  const sums: Sums = new Map();
  for (const charge of charges) {
    if (charge.daysBefore < 0 || charge.daysBefore >= WINDOW_DAYS) continue;
    const key = keyOf(charge);
    sums.set(key, (sums.get(key) ?? new Money(0)).plus(charge.amount));
  }
  return sums;
}

/** The label of a charge's value: reserved words inside pairs of quotes get one pair more. */
function labelOf({ tags }: Charge, key: string): string {
  const value = Object.hasOwn(tags, key) ? (tags[key] ?? '') : '';
  if (value === '') return 'untagged';
  return /^("*)(untagged|__other__)\1$/.test(value) ? `"${value}"` : value;
}

/** Asks Prometheus for sums by some labels and holds them against exact ones; sums of 0 may be absent. */
async function compare(
  t: Test,
  prometheus: Prometheus,
  promql: string,
  keyOf: (labels: Readonly<Record<string, string>>) => string,
  sums: Sums,
): Promise<void> {
  const found = new Map<string, number>();
  for (const { metric, value } of await prometheus.query(promql)) {
    found.set(keyOf(metric), (found.get(keyOf(metric)) ?? 0) + value);
  }
  t.ok(sums.size > 0, `${promql}: ${sums.size} sums`);
  t.same(
    [...found.keys()].filter((key) => !sums.has(key)),
    [],
    `${promql}: nobody else`,
  );
  const wrong = [...sums].filter(([key, sum]) => !equals(found.get(key) ?? 0, sum));
  t.same(
    wrong.map(([key, sum]) => [key, found.get(key), String(sum)]),
    [],
    `${promql}: as in the file`,
  );
}

/** Cost by tag of a file at an instant: from Prometheus, from REST, and from the file itself. */
async function compareFile(t: Test, file: string, at: string): Promise<Charge[]> {
  const charges = readCharges(file);
  const exporter = await startExporter(t, {
    bill: await readFocusFile(file, { today: new Date(at) }),
    at,
    env: { CAPABILITIES: 'cost,tags', TAG_KEYS: KEYS.join(',') },
    // Small pages: values and months go on from one page to the next.
    simulator: { pageSize: 31 },
  });
  const prometheus = await startPrometheus(t, {
    targets: [{ url: `${exporter.metricsUrl}/metrics`, job: 'exporter' }],
    scrapeIntervalMs: 1_000,
  });
  if (prometheus !== undefined) {
    await prometheus.waitForTargetsUp();
    for (const key of KEYS) {
      const of = `{tag_key="${key}"}`;
      const byValue = sumBy(charges, (charge) => labelOf(charge, key));
      const value = (labels: Readonly<Record<string, string>>) => labels.tag_value ?? '';
      await compare(t, prometheus, `aws_tag_cost_total${of}`, value, byValue);
      await compare(t, prometheus, `sum by (tag_value) (aws_cost_by_tag${of})`, value, byValue);
      await compare(
        t,
        prometheus,
        `aws_cost_by_tag${of}`,
        (labels) => `${value(labels)}|${focusService(labels.service ?? '')}`,
        sumBy(charges, (charge) => `${labelOf(charge, key)}|${charge.service}`),
      );
      await compare(
        t,
        prometheus,
        `sum by (service) (aws_cost_by_tag${of})`,
        (labels) => focusService(labels.service ?? ''),
        sumBy(charges, ({ service }) => service),
      );
      await compare(
        t,
        prometheus,
        `sum(aws_cost_by_tag${of})`,
        () => '',
        sumBy(charges, () => ''),
      );
    }
    await compare(
      t,
      prometheus,
      'sum(aws_cost_total)',
      () => '',
      sumBy(charges, () => ''),
    );
  }
  const { tags } = (await exporter.get('/cost/tags')).json<{
    tags: { key: string; untaggedShare: number; values: { value: string | null; cost: number }[] }[];
  }>();
  for (const { key, untaggedShare, values } of tags) {
    const sums = sumBy(charges, ({ tags: own }) =>
      JSON.stringify((Object.hasOwn(own, key) && own[key]) || null),
    );
    const wrong = [...sums].filter(([value, sum]) => {
      const cost = values.find((one) => JSON.stringify(one.value) === value)?.cost;
      return !equals(cost ?? 0, sum);
    });
    t.same(wrong, [], `REST: ${sums.size} values of ${key}`);
    const share = (sums.get('null') ?? new Money(0)).div(sumBy(charges, () => '').get('') ?? 1);
    const clamped = Money.min(1, Money.max(0, share));
    t.ok(equals(untaggedShare, clamped), `REST: ${untaggedShare} of ${key} untagged, ${clamped} in the file`);
  }
  return charges;
}

t.test('the real sample bill by tag reaches Prometheus and REST', async (t) => {
  if (!existsSync(SAMPLE)) {
    t.pass('../shared/data/focus_1_0_aws_sample.csv.gz is absent: only the generated bill is tried', {
      skip: true,
    });
    return;
  }
  const at = '2026-10-15T12:00:00Z';
  const charges = await compareFile(t, SAMPLE, at);
  const total = sumBy(charges, () => '').get('') ?? new Money(0);
  t.ok(equals(18.0066386184, total), 'the sum that the sample is known by');
  t.ok(new ExpectedBill(SAMPLE, Date.parse(at), 'BlendedCost').total.eq(total.toString()));
  for (const key of KEYS)
    t.ok(sumBy(charges, (charge) => labelOf(charge, key)).size > 1, `${key} has values`);
});

t.test('so does a generated bill in a FOCUS file', async (t) => {
  const file = join(t.testdir(), 'generated.csv.gz');
  const rows = generateBill({ seed: 5, today: new Date('2028-02-29T12:00:00Z'), days: 70 }).filter(
    ({ ChargePeriodStart }) => ChargePeriodStart < '2028-02-29T12',
  );
  await writeFocusFile(file, rows);
  const charges = await compareFile(t, file, '2028-02-29T09:30:00Z');
  const applications = new Set(charges.map((charge) => labelOf(charge, 'application')));
  t.ok(
    applications.has('"untagged"') || applications.has('"__other__"'),
    'with values that are reserved words',
  );
  t.ok(applications.has('untagged'));
});
