// Above MAX_SERIES whole tag values are folded, the smallest first, in all families alike; totals are conserved.
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type Exporter, startExporter, TODAY } from '../helper.ts';
import { anyCharges, KEYS } from '../plugins/tags/arbitrary.ts';
import { billOfTags, type TaggedCharge } from '../plugins/tags/bill.ts';
import { plusDays } from './bill.ts';
import type { MetricsPage } from './parse-metrics.ts';

t.setTimeout(180_000);

/** Caps that some bills exceed by much, some by little. */
const CAPS = [8, 30];
const FAMILIES = [
  'aws_cost_by_tag',
  'aws_tag_cost_total',
  'aws_tag_resource_count',
  'aws_tag_resource_count_estimated',
  'aws_cost_untagged_ratio',
];

function start(t: Test, charges: readonly TaggedCharge[], maxSeries: number): Promise<Exporter> {
  return startExporter(t, {
    bill: billOfTags(charges),
    env: { CAPABILITIES: 'tags', TAG_KEYS: KEYS.join(','), MAX_SERIES: String(maxSeries) },
    simulator: { settings: { activeTagKeys: [...KEYS] } },
  });
}

/** Sums that folding must not change: of every key by service, of every key, and of its resources. */
function totals(page: MetricsPage): Map<string, number> {
  const sums = new Map<string, number>();
  for (const family of ['aws_cost_by_tag', 'aws_tag_cost_total', 'aws_tag_resource_count']) {
    for (const { labels, value } of page.series(family)) {
      const key = JSON.stringify([family, labels.tag_key, labels.service]);
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
  }
  return sums;
}

function differences(one: Map<string, number>, other: Map<string, number>): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter(
    (key) => !(Math.abs((one.get(key) ?? 0) - (other.get(key) ?? 0)) < 1e-6),
  );
}

const seriesOn = (page: MetricsPage) =>
  FAMILIES.reduce((count, family) => count + page.series(family).length, 0);

const labelsOf = (page: MetricsPage, family: string) =>
  [...new Set(page.series(family).map(({ labels }) => `${labels.tag_key}=${labels.tag_value}`))].toSorted();

/** Sixty values, dearer and dearer, the last a large credit; each with a resource and two services. */
const MANY = Array.from({ length: 60 }, (_, number): TaggedCharge[] => [
  {
    day: plusDays(TODAY, -3),
    service: 'AWS Lambda',
    cost: number === 59 ? '-1000.25' : String(number + 1),
    tags: { application: `value ${number}`, [KEYS[1]]: number % 2 === 0 ? 'even' : 'odd' },
    region: 'us-east-1',
    resource: `arn:aws:lambda:us-east-1:111111111111:function:f-${number}`,
  },
  {
    day: plusDays(TODAY, -3),
    service: number % 2 === 0 ? 'Tax' : 'AmazonCloudWatch',
    cost: '0.125',
    tags: { application: `value ${number}` },
  },
]).flat();

t.test('the largest stay, by absolute cost, under one name all families agree on', async (t) => {
  const [whole, capped] = [await start(t, MANY, 0), await start(t, MANY, 100)];
  const [all, page] = [await whole.metrics(), await capped.metrics()];
  t.same(differences(totals(page), totals(all)), [], 'totals are conserved');
  t.ok(seriesOn(page) <= 100 && seriesOn(page) > 80, `${seriesOn(page)} series under a cap of 100`);
  const collector = { collector: 'tags' };
  t.equal(page.value('aws_cost_exporter_collector_series', collector), seriesOn(page));
  t.equal(all.value('aws_cost_exporter_collector_series_folded', collector), 0);
  t.ok((page.value('aws_cost_exporter_collector_series_folded', collector) ?? 0) > 0, 'it is said');

  const total = page.table('aws_tag_cost_total', 'tag_key', 'tag_value');
  t.ok('application/__other__' in total);
  t.equal(total['application/value 59'], -1000.125, 'a large credit is not small');
  t.ok('application/value 58' in total);
  t.notOk('application/value 0' in total);
  t.same(labelsOf(page, 'aws_cost_by_tag'), labelsOf(page, 'aws_tag_cost_total'), 'in all families alike');
  const ofApplication = (family: string) =>
    labelsOf(page, family).filter((label) => /^application=(?!untagged)/.test(label));
  t.same(ofApplication('aws_tag_resource_count'), ofApplication('aws_tag_cost_total'));
  t.same(
    page.table('aws_cost_untagged_ratio', 'tag_key'),
    all.table('aws_cost_untagged_ratio', 'tag_key'),
    'shares are of the whole',
  );

  const values = async ({ get }: Exporter) =>
    (await get('/cost/tags')).json<{ tags: { values: object[] }[] }>().tags.map((tag) => tag.values.length);
  t.same(await values(capped), await values(whole), 'REST shows all');
});

t.test('what stays is larger than what is folded', async (t) => {
  const [whole, capped] = [await start(t, MANY, 0), await start(t, MANY, 100)];
  const all = (await whole.metrics()).table('aws_tag_cost_total', 'tag_key', 'tag_value');
  const kept = (await capped.metrics()).table('aws_tag_cost_total', 'tag_key', 'tag_value');
  const folded = Object.keys(all).filter((label) => !(label in kept));
  const smallest = Math.min(
    ...Object.keys(kept)
      .filter((label) => label in all)
      .map((label) => Math.abs(all[label] ?? 0)),
  );
  const largest = Math.max(...folded.map((label) => Math.abs(all[label] ?? 0)));
  t.ok(folded.length > 20, `${folded.length} values are folded`);
  t.ok(largest <= smallest, `${largest} is folded, ${smallest} stays`);
});

t.test('never below one __other__; a real value of that name is told from it', async (t) => {
  const charges = [
    ...MANY,
    { day: plusDays(TODAY, -3), service: 'Tax', cost: '5000', tags: { application: '__other__' } },
  ];
  const one = await (await start(t, charges, 1)).metrics();
  const whole = await (await start(t, charges, 0)).metrics();
  t.same(differences(totals(one), totals(whole)), []);
  const large = await (await start(t, charges, 100)).metrics();
  t.equal(large.value('aws_tag_cost_total', { tag_key: 'application', tag_value: '"__other__"' }), 5000);
  t.equal(large.series('aws_tag_cost_total', { tag_key: 'application', tag_value: '__other__' }).length, 1);
});

t.test('what fits exactly is not folded', async (t) => {
  const day = plusDays(TODAY, -3);
  for (const credit of ['5', '-5']) {
    const charges = [
      { day, service: 'Tax', cost: credit, tags: { application: 'a', [KEYS[1]]: 'x' } },
      { day, service: 'Tax', cost: '1', tags: { application: 'b', [KEYS[1]]: 'y' } },
    ];
    const whole = await (await start(t, charges, 0)).metrics();
    const page = await (await start(t, charges, seriesOn(whole))).metrics();
    t.equal(page.businessText(), whole.businessText(), `${seriesOn(whole)} series, a total of ${credit} + 1`);
  }
});

t.test('any bill under any cap', async (t) => {
  const exporters: Exporter[] = [];
  for (const cap of [0, ...CAPS]) exporters.push(await start(t, [], cap));
  await fc.assert(
    fc.asyncProperty(anyCharges, async (charges) => {
      const pages: MetricsPage[] = [];
      for (const exporter of exporters) {
        exporter.sim.setBill(billOfTags(charges));
        await exporter.run('tags');
        pages.push(await exporter.metrics());
      }
      const [whole, ...capped] = pages;
      for (const page of capped) {
        const wrong = differences(totals(page), totals(whole ?? page));
        if (wrong.length > 0) throw new Error(`not conserved: ${wrong.join()}`);
        if (labelsOf(page, 'aws_cost_by_tag').join() !== labelsOf(page, 'aws_tag_cost_total').join())
          throw new Error('families do not agree');
      }
      for (const [at, cap] of CAPS.entries()) {
        const page = capped[at];
        if (page === undefined || whole === undefined) throw new Error('no page');
        const labels = labelsOf(page, 'aws_tag_cost_total');
        if (seriesOn(page) > cap && labels.some((label) => !label.endsWith('=__other__')))
          throw new Error(`${seriesOn(page)} series under a cap of ${cap}, and more could be folded`);
        // Each key's share and mark, where it has none, are room to spare: see the test of the exact fit.
        const fits = seriesOn(whole) + 2 * KEYS.length <= cap;
        if (fits && page.businessText() !== whole.businessText()) throw new Error('folded though it fits');
      }
    }),
    { numRuns: 30, interruptAfterTimeLimit: 40_000 },
  );
  t.pass('it holds');
});
