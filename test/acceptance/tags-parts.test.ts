// Keys stand alone; one that is not activated is not bought; what is paid for is bought no oftener than it must.
import t, { type Test } from 'tap';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import { collectOnce } from '../collect-once.ts';
import { type Exporter, type ExporterOptions, startExporter, TODAY } from '../helper.ts';
import { billOfTags } from '../plugins/tags/bill.ts';
import { eventually } from '../servers/process.ts';
import { MEMBER, PAYER, plusDays } from './bill.ts';

const KEYS = ['one', 'two', 'three'];

/** A bill in which every key has the value `v` at this cost. */
const billAt = (cost: number) =>
  billOfTags([
    {
      day: plusDays(TODAY, -1),
      service: 'AWS Lambda',
      cost: String(cost),
      tags: Object.fromEntries(KEYS.map((key) => [key, 'v'])),
    },
  ]);

function start(t: Test, options: ExporterOptions = {}): Promise<Exporter> {
  return startExporter(t, {
    bill: billAt(1),
    ...options,
    env: { CAPABILITIES: 'tags', TAG_KEYS: KEYS.join(','), ...options.env },
  });
}

/** The keys that were bought, in order; a page each. */
function bought({ sim }: Exporter): string[] {
  return sim.requests
    .filter(({ operation, status }) => operation === 'GetCostAndUsage' && status === 200)
    .map(({ body }) => (body as { GroupBy: { Key: string }[] }).GroupBy[0]?.Key ?? '');
}

const askedForKeys = ({ sim }: Exporter) =>
  sim.requests.filter(({ operation }) => operation === 'ListCostAllocationTags');

const costs = async ({ metrics }: Exporter) => (await metrics()).table('aws_tag_cost_total', 'tag_key');
const success = async ({ metrics }: Exporter) =>
  (await metrics()).value('aws_cost_exporter_collector_success', { collector: 'tags' });
const lastSuccess = async ({ metrics }: Exporter) =>
  (await metrics()).value('aws_cost_exporter_collector_last_success_timestamp_seconds', {
    collector: 'tags',
  });

interface Tags {
  stale: boolean;
  tags: { key: string; reason: string | null; values: { cost: number }[] }[];
}

/** Fails the cost query of the second key, whichever fault it is. */
const secondFails = { operation: 'GetCostAndUsage', after: 1, times: 1 } as const;

t.test('one query a key: by tag and service, in months clipped to the window', async (t) => {
  const exporter = await start(t);
  t.same(bought(exporter), KEYS);
  const query = exporter.sim.requests.find(({ operation }) => operation === 'GetCostAndUsage');
  t.match(query?.body, {
    TimePeriod: { Start: plusDays(TODAY, -30), End: TODAY },
    Granularity: 'MONTHLY',
    Metrics: ['BlendedCost'],
    GroupBy: [
      { Type: 'TAG', Key: 'one' },
      { Type: 'DIMENSION', Key: 'SERVICE' },
    ],
  });
  t.notOk(Object.hasOwn(query?.body as object, 'Filter'), 'nothing is left out');
});

t.test('a key that fails keeps its last good values; the others are fresh', async (t) => {
  const faults = {
    denied: { kind: 'deny' },
    'nonsense in the answer': { kind: 'corrupt' },
    'another currency': {
      kind: 'mutate',
      mutate: (body: object) => JSON.parse(JSON.stringify(body).replaceAll('USD', 'EUR')),
    },
    'another key': {
      kind: 'mutate',
      mutate: (body: object) => JSON.parse(JSON.stringify(body).replaceAll('two$', 'three$')),
    },
    'a window that is not covered': { kind: 'mutate', mutate: () => ({ ResultsByTime: [] }) },
  } as const;
  for (const [what, fault] of Object.entries(faults)) {
    const exporter = await start(t);
    const before = await lastSuccess(exporter);
    exporter.clock.advance(1_800_000);
    exporter.sim.setBill(billAt(2));
    exporter.sim.faults.add({ ...fault, ...secondFails });
    await exporter.run('tags');
    t.same(await costs(exporter), { one: 2, two: 1, three: 2 }, what);
    t.equal(await success(exporter), 0);
    t.equal(await lastSuccess(exporter), before, 'the timestamp stands still');
    const view = await exporter.collector('tags');
    t.match(view, { state: 'partial', stale: true, failed: [{ part: 'two' }] });
    const { tags, stale } = (await exporter.get('/cost/tags')).json<Tags>();
    t.same(
      tags.map(({ values }) => values[0]?.cost),
      [2, 1, 2],
      'REST says the same',
    );
    t.equal(stale, true);

    await exporter.run('tags');
    t.same(await costs(exporter), { one: 2, two: 2, three: 2 }, 'and then it is fresh again');
    t.equal(await success(exporter), 1);
  }
});

t.test('a key that has never been bought has no series; the others have theirs', async (t) => {
  const exporter = await start(t, {
    before: ({ faults }) => faults.add({ kind: 'deny', ...secondFails }),
  });
  t.same(await costs(exporter), { one: 1, three: 1 });
  const { tags } = (await exporter.get('/cost/tags')).json<Tags>();
  t.match(tags[1], { key: 'two', reason: 'access_denied', values: [] });
  t.match(JSON.stringify(await exporter.collector('tags')), /ce:GetCostAndUsage/, 'it says what is missing');
});

t.test('where every key fails, the collection does, and nothing changes', async (t) => {
  const exporter = await start(t);
  const before = (await exporter.metrics()).businessText();
  exporter.sim.setBill(billAt(2));
  exporter.sim.faults.add({ kind: 'deny', operation: 'GetCostAndUsage' });
  t.equal(await exporter.run('tags'), 'failed');
  t.equal((await exporter.metrics()).businessText(), before);
  t.match(await exporter.collector('tags'), { state: 'failed', cause: { code: 'access_denied' } });
  t.match((await exporter.collector('tags')).cause?.advice, /ce:GetCostAndUsage/);
});

t.test('what is thrown then says what became of each key', async (t) => {
  const exporter = await start(t, {
    simulator: { settings: { activeTagKeys: ['one', 'three'] } },
    before: ({ faults }) => faults.add({ kind: 'deny', operation: 'GetCostAndUsage' }),
  });
  await t.rejects(collectOnce(exporter, 'tags'), {
    code: 'access_denied',
    parts: {
      failed: [{ part: 'one', cause: { code: 'access_denied' } }, { part: 'three' }],
      passedOver: [{ part: 'two', cause: { code: 'not_activated' } }],
    },
  });
});

t.test('a key that never had figures says why today, on every day', async (t) => {
  const exporter = await start(t, {
    env: { CHANGE_DETECTION: 'off' },
    before: ({ faults }) => faults.add({ kind: 'deny', ...secondFails }),
  });
  const reason = async () => (await exporter.get('/cost/tags')).json<Tags>().tags[1]?.reason;
  t.equal(await reason(), 'access_denied');
  exporter.clock.advance(24 * 3_600_000);
  exporter.sim.faults.add({ kind: 'deny', ...secondFails });
  await exporter.run('tags');
  t.equal(await reason(), 'access_denied', 'what it has not got has no period that could end');
  exporter.clock.advance(1_800_000);
  exporter.sim.faults.clear();
  exporter.sim.faults.add({ kind: 'corrupt', ...secondFails });
  await exporter.run('tags');
  t.equal(await reason(), 'invalid_response', 'not the reason of another day');
  exporter.clock.advance(24 * 3_600_000);
  exporter.sim.faults.clear();
  exporter.sim.faults.add({ kind: 'deny', operation: 'GetCostAndUsage' });
  t.equal(await exporter.run('tags'), 'failed');
  const { tags } = (await exporter.get('/cost/tags')).json<Tags>();
  t.same(
    tags.map((tag) => tag.reason),
    ['period_ended', 'invalid_response', 'period_ended'],
    'the kept snapshot, too',
  );
});

t.test('a key that was not activated, is now, and cannot be bought has failed', async (t) => {
  const settings = { activeTagKeys: ['one'] };
  const exporter = await start(t, { simulator: { settings }, env: { CHANGE_DETECTION: 'off' } });
  exporter.clock.advance(24 * 3_600_000);
  exporter.sim.setSettings({ activeTagKeys: KEYS });
  exporter.sim.faults.add({ kind: 'deny', ...secondFails });
  await exporter.run('tags');
  t.match((await exporter.get('/cost/tags')).json<Tags>().tags, [
    { key: 'one', reason: null },
    { key: 'two', reason: 'access_denied' },
    { key: 'three', reason: null },
  ]);

  const none = await start(t, {
    simulator: { settings: { activeTagKeys: [] } },
    env: { CHANGE_DETECTION: 'off' },
  });
  none.clock.advance(24 * 3_600_000);
  none.sim.setSettings({ activeTagKeys: KEYS });
  none.sim.faults.add({ kind: 'deny', operation: 'GetCostAndUsage' });
  t.equal(await none.run('tags'), 'failed', 'every key that is active fails');
  t.match(await none.collector('tags'), { state: 'failed', cause: { code: 'access_denied' } });
});

t.test('only what failed is bought again where the rest is fresh', async (t) => {
  const exporter = await start(t, { env: { CACHE_TTL_SECONDS: '3600' } });
  exporter.clock.advance(1_800_000);
  exporter.sim.faults.add({ kind: 'deny', ...secondFails });
  await exporter.run('tags');
  const before = bought(exporter).length;
  exporter.clock.advance(60_000);
  await exporter.run('tags');
  t.same(bought(exporter).slice(before), ['two'], 'only failed or due parts are bought again');
});

t.test('where the count alone is denied, a restart buys no key again', async (t) => {
  const store = new MemoryStore();
  const options: ExporterOptions = {
    app: { store },
    env: { CACHE_TTL_SECONDS: '3600' },
    before: ({ faults }) => faults.add({ kind: 'deny', operation: 'GetResources' }),
  };
  const first = await start(t, options);
  t.same(bought(first), KEYS);
  await first.app.close();
  const restarted = await start(t, { ...options, at: `${TODAY}T08:05:00Z`, settle: false });
  await eventually('the collection at start has ended, or was not needed', async () => {
    const page = await restarted.metrics();
    const attempts = page.series('aws_cost_exporter_collector_duration_seconds', { collector: 'tags' });
    const fresh = page.value('aws_cost_exporter_collector_skipped_total', {
      collector: 'tags',
      reason: 'fresh',
    });
    // One that waits for its round to be over is not run at all.
    const waits = (await restarted.collector('tags')).nextRun !== null;
    return attempts.length > 0 || fresh === 1 || waits ? true : undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.same(bought(restarted), [], 'five minutes later every key is fresh');
});

t.test('a key that is not activated is not bought, and said', async (t) => {
  const exporter = await start(t, { simulator: { settings: { activeTagKeys: ['one', 'other'] } } });
  t.same(bought(exporter), ['one']);
  t.same(await costs(exporter), { one: 1 }, 'no series, not a false "all untagged"');
  t.same((await exporter.metrics()).series('aws_cost_untagged_ratio', { tag_key: 'two' }), []);
  t.same((await exporter.metrics()).series('aws_tag_resource_count_estimated', { tag_key: 'two' }), []);
  t.equal(await success(exporter), 1, 'a state of a successful collection');
  const ready = (await exporter.get('/ready')).json<{
    targets: { collectors: { passedOver: { part: string; cause: { code: string; advice: string } }[] }[] }[];
  }>();
  t.match(ready.targets[0]?.collectors[0]?.passedOver, [
    { part: 'two', cause: { code: 'not_activated', advice: /activate/i } },
    { part: 'three', cause: { code: 'not_activated' } },
  ]);
  const { tags, stale } = (await exporter.get('/cost/tags')).json<Tags>();
  t.equal(stale, false);
  t.match(tags, [
    { key: 'one', reason: null },
    { key: 'two', reason: 'not_activated', values: [], untaggedShare: null },
    { key: 'three', reason: 'not_activated', values: [] },
  ]);
  t.match((await exporter.get('/cost/tags/two')).json(), { key: 'two', reason: 'not_activated', values: [] });
});

t.test('where no key is activated, nothing is bought, and nothing has failed', async (t) => {
  const exporter = await start(t, { simulator: { settings: { activeTagKeys: [] } } });
  t.same(bought(exporter), []);
  t.equal(await success(exporter), 1);
  t.same((await exporter.metrics()).business(), []);
  t.equal((await exporter.get('/cost/tags')).status, 200);
});

t.test('earlier figures of a key that is no longer activated end with their period', async (t) => {
  const exporter = await start(t);
  exporter.clock.set('2026-11-22T23:00:00Z');
  await exporter.run('tags');
  exporter.sim.setSettings({ activeTagKeys: ['one'] });
  exporter.clock.set('2026-11-23T00:30:00Z');
  exporter.sim.setBill(billAt(2));
  await exporter.run('tags');
  // Their window has ended with the day: the figure ends with its period.
  t.same(await costs(exporter), { one: 2 });
});

t.test('which keys are active is asked once a UTC day', async (t) => {
  const store = new MemoryStore();
  const exporter = await start(t, { app: { store } });
  for (const time of ['08:30', '12:00', '23:59']) {
    exporter.clock.set(`${TODAY}T${time}:00Z`);
    await exporter.run('tags');
  }
  t.equal(askedForKeys(exporter).length, 1);
  t.match(askedForKeys(exporter)[0]?.body, { Status: 'Active' });
  exporter.clock.set('2026-11-23T00:00:01Z');
  await exporter.run('tags');
  await exporter.run('tags');
  t.equal(askedForKeys(exporter).length, 2, 'again on the next day');
  await exporter.app.close();

  const restarted = await start(t, { app: { store }, at: '2026-11-23T05:00:00Z' });
  await restarted.run('tags');
  t.equal(askedForKeys(restarted).length, 0, 'not again after a restart');
});

t.test('it is asked in pages', async (t) => {
  const keys = Array.from({ length: 20 }, (_, number) => `key-${number}`);
  const exporter = await start(t, {
    env: { TAG_KEYS: keys.join(',') },
    simulator: { pageSize: 3, settings: { activeTagKeys: keys } },
  });
  t.equal(askedForKeys(exporter).length, 7);
  t.same([...new Set(bought(exporter))], keys, 'a key on the last page is active too');
});

t.test('where it may not be asked, every key is bought', async (t) => {
  const exporter = await start(t, {
    simulator: { settings: { activeTagKeys: ['one'] } },
    before: ({ faults }) => faults.add({ kind: 'deny', operation: 'ListCostAllocationTags' }),
  });
  t.same(bought(exporter), KEYS);
  t.same(await costs(exporter), { one: 1, two: 1, three: 1 });
  t.equal(await success(exporter), 1, 'a member can never ask: that is no failure');
  t.match(JSON.stringify((await exporter.get('/ready')).json()), /ce:ListCostAllocationTags/);
});

t.test("a member's keys are bought: AWS answers the payer alone", async (t) => {
  const role = `arn:aws:iam::${MEMBER}:role/costs`;
  const exporter = await startExporter(t, {
    bill: billAt(1).map((row) => ({ ...row, SubAccountId: MEMBER })),
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'one' },
    configFile: `targets: [{name: payer, tagKeys: [two]}, {name: member, roleArn: "${role}"}]`,
  });
  t.same(bought(exporter).toSorted(), ['one', 'two'], 'each target its own keys');
  const page = await exporter.metrics();
  t.same(page.table('aws_tag_cost_total', 'tag_key', 'account_id'), {
    [`two/${PAYER}`]: 1,
    [`one/${MEMBER}`]: 1,
  });
  t.equal((await exporter.get('/cost/tags/one?target=member')).status, 200);
  t.equal((await exporter.get('/cost/tags/one?target=payer')).status, 404, "another target's key");
});

t.test('another failure of that question is a failure of a part', async (t) => {
  const exporter = await start(t, {
    before: ({ faults }) => faults.add({ kind: 'corrupt', operation: 'ListCostAllocationTags' }),
  });
  t.same(await costs(exporter), { one: 1, two: 1, three: 1 }, 'the figures are there');
  t.equal(await success(exporter), 0, '0 while any part of it fails');
  t.match(await exporter.collector('tags'), { state: 'partial' });
});
