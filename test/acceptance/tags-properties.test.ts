// For any bill the figures by tag are the bill's own, to a millionth.
import fc from 'fast-check';
import t from 'tap';
import { startExporter, TODAY } from '../helper.ts';
import { anyCharges, KEYS } from '../plugins/tags/arbitrary.ts';
import {
  billOfTags,
  equals,
  exactSums,
  exactTotal,
  labelOf,
  type TaggedCharge,
  type ValueSums,
} from '../plugins/tags/bill.ts';
import type { MetricsPage } from './parse-metrics.ts';

t.setTimeout(180_000);

interface Value {
  readonly value: string | null;
  readonly cost: number;
  readonly services: readonly { readonly service: string; readonly cost: number }[];
}

interface Tags {
  readonly tags: readonly {
    readonly key: string;
    readonly untaggedShare: number | null;
    readonly values: readonly Value[];
  }[];
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Holds one key's series against the exact sums. */
function checkSeries(page: MetricsPage, key: string, sums: ReadonlyMap<string | null, ValueSums>): void {
  const totals = new Map(
    page.series('aws_tag_cost_total', { tag_key: key }).map(({ labels, value }) => [labels.tag_value, value]),
  );
  const visible = [...sums].filter(([, sum]) => sum.visible);
  const expected = visible.map(([value]) => labelOf(value)).toSorted();
  check(
    JSON.stringify([...totals.keys()].toSorted()) === JSON.stringify(expected),
    `${key}: values ${JSON.stringify([...totals.keys()])}, not ${JSON.stringify(expected)}`,
  );
  for (const [value, sum] of visible) {
    const label = labelOf(value);
    check(
      equals(totals.get(label), sum.total),
      `${key}=${label}: ${totals.get(label)}, not ${String(sum.total)}`,
    );
    const services = page.series('aws_cost_by_tag', { tag_key: key, tag_value: label });
    check(services.length === sum.services.size, `${key}=${label}: ${services.length} services`);
    for (const [service, cost] of sum.services) {
      const found = services.find(({ labels }) => labels.service === labelOf(service));
      check(equals(found?.value, cost), `${key}=${label}, ${service}: ${found?.value}, not ${String(cost)}`);
    }
  }
  checkRatio(page.value('aws_cost_untagged_ratio', { tag_key: key }), key, sums);
}

function checkRatio(
  ratio: number | null | undefined,
  key: string,
  sums: ReadonlyMap<string | null, ValueSums>,
): void {
  const total = exactTotal([...sums.values()].map((sum) => sum.total));
  // Figures are right to a millionth: what is nearer to 0 may be on either side of it.
  if (total.abs().lessThan(1e-6)) return;
  if (total.lessThan(0)) {
    check(ratio === undefined || ratio === null, `${key}: ratio ${ratio}`);
    return;
  }
  const share = exactTotal([sums.get(null)?.total ?? 0]).div(total);
  const clamped = Math.min(1, Math.max(0, share.toNumber()));
  check(Math.abs((ratio ?? Number.NaN) - clamped) < 1e-6, `${key}: ratio ${ratio}, not ${clamped}`);
}

/** Holds one key of the REST document against the exact sums. */
function checkDocument(tags: Tags['tags'], key: string, sums: ReadonlyMap<string | null, ValueSums>): void {
  const found = tags.find((tag) => tag.key === key);
  const values = new Map(found?.values.map((entry) => [entry.value, entry]));
  const visible = [...sums].filter(([, sum]) => sum.visible);
  check(
    values.size === visible.length && found?.values.length === visible.length,
    `${key}: ${found?.values.length} values in REST, not ${visible.length}`,
  );
  for (const [value, sum] of visible) {
    const entry = values.get(value);
    check(equals(entry?.cost, sum.total), `${key}=${value} in REST: ${entry?.cost}`);
    for (const [service, cost] of sum.services) {
      const listed = entry?.services.find((one) => one.service === service);
      check(equals(listed?.cost, cost), `${key}=${value}, ${service} in REST: ${listed?.cost}`);
    }
  }
  const costs = found?.values.map(({ cost }) => cost) ?? [];
  check(
    costs.every((cost, i) => i === 0 || cost <= (costs[i - 1] ?? cost)),
    `${key}: sorted by cost`,
  );
  checkRatio(found?.untaggedShare, key, sums);
}

t.test('any bill, at any page size', async (t) => {
  const exporter = await startExporter(t, {
    env: { CAPABILITIES: 'tags', TAG_KEYS: KEYS.join(',') },
    bill: [],
    simulator: { settings: { activeTagKeys: [...KEYS] } },
  });
  await fc.assert(
    fc.asyncProperty(anyCharges, fc.constantFrom(1, 2, 3, 7, 5_000), async (charges, pageSize) => {
      exporter.sim.setBill(billOfTags(charges));
      exporter.sim.setPageSize(pageSize);
      check((await exporter.run('tags')) === 'collected', 'it is collected');
      const page = await exporter.metrics();
      const { tags } = (await exporter.get('/cost/tags')).json<Tags>();
      const inWindow = charges.filter(({ day }) => day < TODAY);
      for (const key of KEYS) {
        const sums = exactSums(inWindow, key, TODAY);
        checkSeries(page, key, sums);
        checkDocument(tags, key, sums);
      }
    }),
    { numRuns: 60, interruptAfterTimeLimit: 60_000 },
  );
  t.pass('it holds');
});

t.test('sum over values plus untagged is the total of each key and service', async (t) => {
  // Two services of a value that cancel each other in the one month: leaving the value out would move both services' sums.
  const day = '2026-11-10';
  const charges: TaggedCharge[] = [
    { day, service: 'AWS Lambda', cost: '5', tags: { application: 'a' } },
    { day, service: 'Tax', cost: '-5', tags: { application: 'a' } },
    { day, service: 'AWS Lambda', cost: '3', tags: { application: 'b' } },
    { day, service: 'Tax', cost: '2', tags: {} },
  ];
  const exporter = await startExporter(t, {
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'application' },
    bill: billOfTags(charges),
  });
  const page = await exporter.metrics();
  for (const [service, total] of [
    ['AWS Lambda', 8],
    ['Tax', -3],
  ] as const) {
    const sum = page.series('aws_cost_by_tag', { service }).reduce((all, { value }) => all + value, 0);
    t.equal(sum, total, service);
  }
});

t.test('values whose cost is 0 in every bucket have no series, and no place in REST', async (t) => {
  const charge = (day: string, cost: string, application: string) => ({
    day,
    service: 'AWS Lambda',
    cost,
    tags: { application },
  });
  const charges = [
    charge('2026-11-10', '0', 'free'),
    charge('2026-11-10', '0.000', 'free'),
    charge('2026-11-10', '4.5', 'cancelled'),
    charge('2026-11-11', '-4.5', 'cancelled'),
    charge('2026-10-28', '7', 'over two months'),
    charge('2026-11-11', '-7', 'over two months'),
    charge('2026-11-11', '1', 'paid'),
    charge('2026-09-01', '1', 'long ago'),
    charge(TODAY, '1', 'of today'),
  ];
  const { metrics, get } = await startExporter(t, {
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'application' },
    bill: billOfTags(charges),
  });
  const page = await metrics();
  const expected = { 'over two months': 0, paid: 1 };
  t.same(page.table('aws_tag_cost_total', 'tag_value'), expected);
  t.same(page.table('aws_cost_by_tag', 'tag_value'), expected);
  const counted = page.series('aws_tag_resource_count').map(({ labels }) => labels.tag_value);
  t.same(counted.toSorted(), ['over two months', 'paid']);
  const { tags } = (await get('/cost/tags')).json<Tags>();
  t.same(
    tags[0]?.values.map(({ value, cost }) => [value, cost]),
    [
      ['paid', 1],
      ['over two months', 0],
    ],
  );
});

t.test('the untagged ratio: clamped, and none where the total is not above 0', async (t) => {
  const cases: [untagged: string, tagged: string, ratio: number | undefined][] = [
    ['1', '3', 0.25],
    ['0', '3', 0],
    ['3', '0', 1],
    ['-1', '3', 0],
    ['5', '-1', 1],
    ['1', '-1', undefined],
    ['-1', '-1', undefined],
    ['0', '0', undefined],
  ];
  const exporter = await startExporter(t, { env: { CAPABILITIES: 'tags', TAG_KEYS: 'k' }, bill: [] });
  exporter.sim.setSettings({ activeTagKeys: ['k'] });
  exporter.clock.set(`${TODAY}T09:00:00Z`);
  for (const [untagged, tagged, ratio] of cases) {
    const day = '2026-11-10';
    exporter.sim.setBill(
      billOfTags([
        { day, service: 'AWS Lambda', cost: untagged, tags: {} },
        { day, service: 'AWS Lambda', cost: tagged, tags: { k: 'v' } },
      ]),
    );
    await exporter.run('tags');
    const what = `untagged ${untagged}, tagged ${tagged}`;
    t.equal((await exporter.metrics()).value('aws_cost_untagged_ratio', { tag_key: 'k' }), ratio, what);
    const { tags } = (await exporter.get('/cost/tags')).json<Tags>();
    t.equal(tags[0]?.untaggedShare, ratio ?? null, `${what}, in REST`);
  }
});

t.test('a bill without a charge is no failure', async (t) => {
  const { metrics, get, collector } = await startExporter(t, {
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'k' },
    simulator: { settings: { activeTagKeys: ['k'] } },
    bill: [],
  });
  t.equal((await collector('tags')).state, 'ok');
  t.same((await metrics()).business(), [], 'no figure, and no false 0');
  t.match((await get('/cost/tags')).json(), {
    currency: null,
    tags: [{ key: 'k', reason: null, untaggedShare: null, values: [] }],
  });
});
