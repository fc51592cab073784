// Any text and any amount: from AWS's wire through the exporter into a real Prometheus, and out of its query API as they were.
import { gunzipSync } from 'node:zlib';
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { FocusRow } from '../../src/focus.ts';
import { billOf, PAYER, plusDays } from '../acceptance/bill.ts';
import { startExporter, TODAY } from '../helper.ts';
import { onPage } from '../metrics/helper.ts';
import { ACCEPT, type QueryResult, startAcceptProxy, startPrometheus } from '../servers/prometheus.ts';
import { runsOf } from './runs.ts';

t.setTimeout(3_600_000);

/** Cases of one round, all scraped at once. */
const CASES = 800;
const DAY = plusDays(TODAY, -1);
/** Tells the rounds apart. */
const MARK = 'the round';
const KEYS = ['Team', 'Cost Center', 'a|b"\\$é', '\u2028key'];

const special = fc.constantFrom(
  ...'\\"|,:{}=$# \t\r\n\0\u0001\u0007\u001b\u007f\u0085\u00a0\u2028\u2029\ufeff\ufffd\ud800\udfff',
  '\ud83d\ude00',
  '\\n',
  '\\"',
  'e\u0301',
);
/** Any text: of what is special, of any UTF-16 units, the reserved words, and a few of 64 KiB. */
const anyText = fc.oneof(
  { weight: 40, arbitrary: fc.string({ unit: special, minLength: 1, maxLength: 10 }) },
  {
    weight: 40,
    arbitrary: fc
      .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 12 })
      .map((units) => String.fromCharCode(...units)),
  },
  { weight: 20, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }) },
  {
    weight: 5,
    arbitrary: fc.constantFrom('untagged', '__other__', '"untagged"', '""__other__""', 'NaN', 'undefined'),
  },
  {
    weight: 1,
    arbitrary: fc
      .string({ unit: special, minLength: 1, maxLength: 5 })
      .map((one) => one.repeat(65_536 / one.length)),
  },
);

/** Any amount that a bill may have, as a decimal. */
const anyAmount = fc.oneof(
  fc.double({ min: -1e12, max: 1e12, noNaN: true }).map(String),
  fc
    .tuple(fc.integer(), fc.integer({ min: 0, max: 10 }))
    .map(([digits, shift]) => (digits / 10 ** shift).toFixed(shift)),
  fc.constantFrom(
    '0',
    '-0',
    '0.1',
    '1E-7',
    '1e-10',
    '-1.5e-8',
    '4.9e-324',
    '123456789012.3456789',
    '9007199254740993',
  ),
);

interface Case {
  readonly service: string;
  readonly account: string;
  readonly amount: string;
  readonly key: string;
  readonly value: string;
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  service: anyText,
  account: anyText,
  amount: anyAmount,
  key: fc.constantFrom(...KEYS),
  value: anyText,
});

/** A label value as documented: well-formed, and a reserved word with one pair of quotes more. */
function labelOf(text: string): string {
  const clean = onPage(text);
  return /^("*)(untagged|__other__)\1$/.test(clean) ? `"${clean}"` : clean;
}

/** Sums of these round off nothing that could be seen: large amounts of both signs leave small ones. */
const Exact = Decimal.clone({ precision: 60 });

/** Sums by the labels that a page shows; names that become equal are added up. */
function sumsBy<One extends Case>(
  cases: readonly One[],
  labels: (one: One) => readonly string[],
): Map<string, number> {
  const sums = new Map<string, Decimal>();
  for (const one of cases) {
    const name = JSON.stringify(labels(one));
    sums.set(name, (sums.get(name) ?? new Exact(0)).plus(Number(one.amount)));
  }
  return new Map(Array.from(sums, ([name, sum]) => [name, sum.toNumber()]));
}

/** The case as rows of a bill: two cases never stand on one wire line. */
function rowOf({ service, account, amount, key, value }: Case): FocusRow {
  const [row] = billOf([{ day: DAY, service: 'x', account: PAYER, cost: 0 }]);
  if (row === undefined) throw new Error('no row');
  const name = null;
  return {
    ...row,
    ServiceName: service,
    SubAccountId: account,
    SubAccountName: name,
    BilledCost: amount,
    EffectiveCost: amount,
    Tags: { [key]: value },
  };
}

/** What differs between what Prometheus has and what was billed. */
function differences(
  found: readonly QueryResult[],
  labels: readonly string[],
  expected: Map<string, number>,
): string[] {
  const got = new Map(
    found.map(({ metric, value }) => [JSON.stringify(labels.map((label) => metric[label] ?? '')), value]),
  );
  return [...new Set([...got.keys(), ...expected.keys()])].flatMap((name) => {
    const [one, other] = [got.get(name), expected.get(name)];
    const same =
      one !== undefined &&
      other !== undefined &&
      Math.abs(one - other) <= 1e-9 * Math.max(Math.abs(one), Math.abs(other)) + 1e-9;
    return same ? [] : [`${name.slice(0, 300)}: ${one}, not ${other}`];
  });
}

async function start(t: Test) {
  const exporter = await startExporter(t, {
    bill: [rowOf({ service: MARK, account: PAYER, amount: '0', key: 'Team', value: 'v' })],
    configFile: JSON.stringify({ targets: [{ name: 'default', tagKeys: KEYS }] }),
    env: { CAPABILITIES: 'cost,tags', MAX_SERIES: '0' },
    simulator: { settings: { activeTagKeys: KEYS } },
  });
  const url = `${exporter.metricsUrl}/metrics`;
  const text = await startAcceptProxy(t, url, ACCEPT.text);
  const openMetrics = await startAcceptProxy(t, url, ACCEPT.openMetrics);
  const prometheus = await startPrometheus(t, {
    targets: [
      { url: text.url, job: 'text', extra: { honor_labels: true } },
      { url: openMetrics.url, job: 'openmetrics', extra: { honor_labels: true } },
    ],
    scrapeIntervalMs: 2_000,
  });
  return { exporter, prometheus };
}

t.test('texts and amounts come back from Prometheus', async (t) => {
  const { seed, numRuns } = runsOf(t, 2);
  const { exporter, prometheus } = await start(t);
  if (prometheus === undefined) return;
  let compared = 0;
  for (let round = 1; round <= numRuns; round++) {
    const sampled = fc.sample(anyCase, { numRuns: CASES, seed: seed + round });
    const cases = [
      ...sampled,
      { service: MARK, account: PAYER, amount: String(round), key: 'Team', value: MARK },
    ];
    exporter.sim.setBill(cases.map(rowOf));
    exporter.clock.advance(60_000);
    for (const collector of ['cost', 'tags']) {
      t.equal(await exporter.run(collector), 'collected', `${collector}, round ${round}`);
      t.match(await exporter.collector(collector), { state: 'ok' }, collector);
    }
    const identity = await exporter.scrape({
      headers: { accept: ACCEPT.text, 'accept-encoding': 'identity' },
    });
    const gzip = await exporter.scrape({ headers: { accept: ACCEPT.text, 'accept-encoding': 'gzip' } });
    const business = (page: string) => page.slice(0, page.indexOf('aws_cost_exporter_'));
    t.equal(business(gunzipSync(gzip.bytes).toString()), business(identity.text), 'gzip is the same page');
    for (const job of ['text', 'openmetrics']) {
      const mark = `{job="${job}",tag_value="${MARK}"}`;
      await prometheus.waitFor(`aws_cost_by_tag${mark}`, ([one]) => one?.value === round, 60_000);
      const of = async (family: string) => prometheus.query(`${family}{job="${job}"}`);
      const byPair = sumsBy(cases, ({ service, account }) => [labelOf(service), onPage(account)]);
      // What does not carry a key is untagged under it.
      const tagged = KEYS.flatMap((key) =>
        cases.map((one) => ({ ...one, key, label: one.key === key ? labelOf(one.value) : 'untagged' })),
      );
      const byTag = sumsBy(tagged, ({ key, label, service }) => [key, label, labelOf(service)]);
      // A tag value whose cost is 0 has no series.
      const values = sumsBy(tagged, ({ key, label }) => [key, label]);
      const wrong = [
        ...differences(await of('aws_cost_total'), ['service', 'account_id'], byPair),
        ...differences(
          await of('aws_cost_by_tag'),
          ['tag_key', 'tag_value', 'service'],
          new Map(
            [...byTag].filter(([name]) => {
              const [key, value] = JSON.parse(name) as string[];
              return values.get(JSON.stringify([key, value])) !== 0;
            }),
          ),
        ),
      ];
      t.same(wrong.slice(0, 5), [], `SEED=${seed} FUZZ_RUNS=${round}: round ${round}, ${job}`);
      compared += byPair.size + byTag.size;
    }
  }
  t.ok(compared > numRuns * CASES, `${compared} series compared`);
});
