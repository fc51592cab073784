// Resource counts are real; where they may not be counted the design's estimate stands in, marked.
import t, { type Test } from 'tap';
import { REGION_PAGE_LIMIT } from '../../plugins/tags/count-resources.ts';
import { type Exporter, type ExporterOptions, startExporter, TODAY } from '../helper.ts';
import { billOfTags, ODD, type TaggedCharge } from '../plugins/tags/bill.ts';
import { MEMBER, plusDays } from './bill.ts';

const YESTERDAY = plusDays(TODAY, -1);

/** Some resources of one region and value, each with a charge yesterday. */
function resources(count: number, region: string, app: string, cost = '1'): TaggedCharge[] {
  return Array.from({ length: count }, (_, number) => ({
    day: YESTERDAY,
    service: 'AWS Lambda',
    cost,
    tags: { app },
    region,
    resource: `arn:aws:lambda:${region}:111111111111:function:${app}-${number}`,
  }));
}

interface Tag {
  readonly resourcesEstimated: boolean;
  readonly values: readonly { value: string | null; cost: number; resources: number | null }[];
}

/** Starts an exporter of one tag key, `app`. */
function start(t: Test, charges: readonly TaggedCharge[], options: ExporterOptions = {}): Promise<Exporter> {
  return startExporter(t, {
    bill: billOfTags(charges),
    ...options,
    env: { CAPABILITIES: 'cost,tags', TAG_KEYS: 'app', ...options.env },
  });
}

/** What metrics and REST say of the counts; they must agree. */
async function counts(t: Test, { metrics, get }: Exporter) {
  const page = await metrics();
  const byValue = page.table('aws_tag_resource_count', 'tag_value');
  const estimated = page.value('aws_tag_resource_count_estimated', { tag_key: 'app' });
  const { tags } = (await get('/cost/tags')).json<{ tags: Tag[] }>();
  const listed = tags[0]?.values.filter(({ resources }) => resources !== null) ?? [];
  t.same(
    Object.fromEntries(listed.map(({ value, resources }) => [value, resources])),
    byValue,
    'REST agrees',
  );
  t.equal(tags[0]?.resourcesEstimated, estimated === 1, 'on the mark too');
  return { byValue, estimated };
}

t.test('every region, every page', async (t) => {
  const charges = [
    ...resources(7, 'us-east-1', 'a'),
    ...resources(5, 'eu-central-1', 'a'),
    ...resources(4, 'eu-central-1', 'b'),
    ...resources(9, 'us-west-2', 'a'),
    // Empty values and what carries no tag are counted nowhere.
    ...resources(3, 'us-east-1', ''),
    { day: YESTERDAY, service: 'Tax', cost: '1', tags: {} },
  ];
  for (const pageSize of [1, 3, 5_000]) {
    const exporter = await start(t, charges, {
      env: { AWS_REGIONS: 'us-east-1,eu-central-1' },
      simulator: { pageSize },
    });
    t.same(await counts(t, exporter), { byValue: { a: 12, b: 4 }, estimated: 0 }, `pages of ${pageSize}`);
    const asked = exporter.sim.requests.filter(({ operation }) => operation === 'GetResources');
    t.same([...new Set(asked.map(({ region }) => region))], ['us-east-1', 'eu-central-1']);
    const first = asked.filter(({ page }) => page === 1);
    t.equal(first.length, 2, 'one pass over each region, for all keys');
    t.notOk(first.some(({ body }) => JSON.stringify(body).includes('TagFilters')));
  }
});

t.test('several keys in one pass; values that break a careless reader', async (t) => {
  const charges = ODD.flatMap((value, number) =>
    Array.from({ length: number + 1 }, (_, copy) => ({
      day: YESTERDAY,
      service: 'AWS Lambda',
      cost: '1',
      tags: { app: value, __proto: 'x', team: copy === 0 ? 'first' : 'other' },
      region: 'us-east-1',
      resource: `arn:aws:lambda:us-east-1:111111111111:function:${number}-${copy}`,
    })),
  );
  const exporter = await startExporter(t, {
    bill: billOfTags(charges),
    env: { CAPABILITIES: 'cost,tags', TAG_KEYS: 'app,team' },
  });
  const { tags } = (await exporter.get('/cost/tags')).json<{ tags: (Tag & { key: string })[] }>();
  const found = new Map(tags[0]?.values.map(({ value, resources }) => [value, resources]));
  t.equal(found.size, ODD.length);
  for (const [number, value] of ODD.entries())
    t.equal(found.get(value), number + 1, JSON.stringify(value).slice(0, 40));
  t.equal(tags[1]?.values.find(({ value }) => value === 'first')?.resources, ODD.length);
  const page = await exporter.metrics();
  t.equal(page.series('aws_tag_resource_count', { tag_key: 'app' }).length, ODD.length);
  t.equal(page.series('aws_tag_cost_total', { tag_key: 'app' }).length, ODD.length);
});

t.test('where cost spans more accounts than the count, the count is marked', async (t) => {
  const charges = [
    ...resources(2, 'us-east-1', 'a'),
    { day: YESTERDAY, service: 'Tax', cost: '1', tags: {}, account: MEMBER },
  ];
  const exporter = await start(t, charges);
  t.same(await counts(t, exporter), { byValue: { a: 2 }, estimated: 1 });
});

t.test('denied: an estimate from the cost, 1 to 100, marked', async (t) => {
  const costs = { a: '4.99', b: '5', c: '14.9', d: '499', e: '505', f: '100000', g: '-30', h: '0.001' };
  const charges = Object.entries(costs).flatMap(([value, cost]) => resources(1, 'us-east-1', value, cost));
  const exporter = await start(t, charges, {
    before: ({ faults }) => faults.add({ kind: 'deny', operation: 'GetResources' }),
  });
  t.same(await counts(t, exporter), {
    byValue: { a: 1, b: 1, c: 2, d: 99, e: 100, f: 100, g: 1, h: 1 },
    estimated: 1,
  });
  const { state, failed } = await exporter.collector('tags');
  t.equal(state, 'partial');
  t.match(JSON.stringify(failed), /tag:GetResources/, 'the missing IAM action is named');

  exporter.sim.faults.clear();
  await exporter.run('tags');
  const { byValue, estimated } = await counts(t, exporter);
  t.equal(estimated, 0, 'once it may be counted, it is');
  t.ok(Object.values(byValue).every((count) => count === 1));
});

t.test('the rates of the estimate are settings', async (t) => {
  const exporter = await startExporter(t, {
    bill: billOfTags([...resources(1, 'us-east-1', 'a', '35'), ...resources(1, 'us-east-1', 'b', '1000')]),
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'app' },
    configFile: 'targets: [{name: default}]\nestimates: {costPerResource: 10, maxResources: 20}\n',
    before: ({ faults }) => faults.add({ kind: 'deny', operation: 'GetResources' }),
  });
  t.same((await counts(t, exporter)).byValue, { a: 3, b: 20 });
});

t.test('any other failure keeps the last counts; costs are fresh all the same', async (t) => {
  const exporter = await start(t, resources(3, 'us-east-1', 'a'));
  for (const kind of ['error', 'corrupt'] as const) {
    exporter.sim.setBill(billOfTags(resources(5, 'us-east-1', 'a', '2')));
    const fault =
      kind === 'error' ? { kind, type: 'InvalidParameterException', message: 'no' } : ({ kind } as const);
    exporter.sim.faults.add({ ...fault, operation: 'GetResources' });
    exporter.clock.advance(1_800_000);
    await exporter.run('tags');
    t.same(await counts(t, exporter), { byValue: { a: 3 }, estimated: 0 }, kind);
    const page = await exporter.metrics();
    t.equal(page.value('aws_tag_cost_total', { tag_value: 'a' }), 10, 'cost is fresh');
    t.equal(page.value('aws_cost_exporter_collector_success', { collector: 'tags' }), 0);
    t.equal((await exporter.collector('tags')).state, 'partial');
    exporter.sim.faults.clear();
  }
  await exporter.run('tags');
  t.same((await counts(t, exporter)).byValue, { a: 5 });
});

t.test('half a count is none: a region that fails keeps the counts of all', async (t) => {
  const charges = [...resources(3, 'us-east-1', 'a'), ...resources(4, 'eu-central-1', 'a')];
  const exporter = await start(t, charges, { env: { AWS_REGIONS: 'us-east-1,eu-central-1' } });
  exporter.sim.faults.add({
    kind: 'error',
    type: 'InvalidParameterException',
    message: 'no',
    operation: 'GetResources',
    after: 1,
    times: 1,
  });
  await exporter.run('tags');
  t.same((await counts(t, exporter)).byValue, { a: 7 });
});

t.test('counts that have never succeeded are absent, not 0', async (t) => {
  const exporter = await start(t, resources(3, 'us-east-1', 'a'), {
    before: ({ faults }) => faults.add({ kind: 'corrupt', operation: 'GetResources' }),
  });
  const page = await exporter.metrics();
  t.equal(page.value('aws_tag_cost_total', { tag_value: 'a' }), 3);
  t.same(page.series('aws_tag_resource_count'), []);
  t.same((await exporter.get('/cost/tags')).json<{ tags: Tag[] }>().tags[0]?.values[0]?.resources, null);
});

t.test('the page limit cuts the count, which is marked', async (t) => {
  const exporter = await start(t, resources(REGION_PAGE_LIMIT + 3, 'us-east-1', 'a', '0.5'), {
    simulator: { pageSize: 1 },
  });
  const { byValue, estimated } = await counts(t, exporter);
  t.same(byValue, { a: REGION_PAGE_LIMIT }, 'shown as it is');
  t.equal(estimated, 1);
  t.equal((await exporter.collector('tags')).state, 'ok');
});
