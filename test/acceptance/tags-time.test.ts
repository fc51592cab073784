// A figure ends with its period; a collection that fails whole changes nothing else.
import t, { type Test } from 'tap';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import { type Exporter, type ExporterOptions, startExporter, TODAY } from '../helper.ts';
import { billOfTags } from '../plugins/tags/bill.ts';
import { eventually } from '../servers/process.ts';
import { daysFrom, plusDays } from './bill.ts';

const TOMORROW = plusDays(TODAY, 1);
const FAMILIES = [
  'aws_cost_by_tag',
  'aws_tag_cost_total',
  'aws_tag_resource_count',
  'aws_tag_resource_count_estimated',
  'aws_cost_untagged_ratio',
];

/** One charge a day, each day one more: 1 on the first of October. */
const BILL = billOfTags(
  daysFrom('2026-10-01', '2026-12-31').map((day, number) => ({
    day,
    service: 'AWS Lambda',
    cost: String(number + 1),
    tags: { one: 'v', two: 'v' },
    region: 'us-east-1',
    resource: 'arn:aws:lambda:us-east-1:111111111111:function:f',
  })),
);

/** The cost of the 30 complete days before `today`. */
const windowCost = (today: string) =>
  daysFrom('2026-10-01', today)
    .map((_, number) => number + 1)
    .slice(-30)
    .reduce((sum, cost) => sum + cost, 0);

function start(t: Test, options: ExporterOptions = {}): Promise<Exporter> {
  return startExporter(t, {
    bill: BILL,
    at: `${TODAY}T23:50:00Z`,
    ...options,
    env: { CAPABILITIES: 'tags', TAG_KEYS: 'one,two', ...options.env },
  });
}

const costs = async ({ metrics }: Exporter) => (await metrics()).table('aws_tag_cost_total', 'tag_key');
/** Resolves once the kept snapshot has been taken up. */
async function restored({ get }: Exporter): Promise<void> {
  await eventually('the kept snapshot is published', async () =>
    (await get('/cost/tags')).status === 200 ? true : undefined,
  );
}
const both = (today: string) => ({ one: windowCost(today), two: windowCost(today) });

t.test('the window: 30 complete days, today not among them', async (t) => {
  for (const at of [`${TODAY}T00:00:00Z`, `${TODAY}T23:59:59Z`]) {
    t.same(await costs(await start(t, { at })), both(TODAY), at);
  }
  t.same(await costs(await start(t, { at: '2026-12-01T00:00:00Z' })), both('2026-12-01'), 'on the 1st');
});

t.test('COST_WINDOW_DAYS changes it', async (t) => {
  const { metrics } = await start(t, { env: { COST_WINDOW_DAYS: '1' } });
  t.equal((await metrics()).value('aws_tag_cost_total', { tag_key: 'one' }), 52 + 1 - 1);
});

t.test("yesterday's window stays until the first attempt of the new day has ended", async (t) => {
  const exporter = await start(t);
  exporter.clock.set(`${TOMORROW}T00:10:00Z`);
  t.same(await costs(exporter), both(TODAY));
  await exporter.run('tags');
  t.same(await costs(exporter), both(TOMORROW));
});

t.test('it is withdrawn when that attempt has failed', async (t) => {
  const exporter = await start(t);
  exporter.clock.set(`${TOMORROW}T00:10:00Z`);
  exporter.sim.faults.add({ kind: 'deny' });
  t.equal(await exporter.run('tags'), 'failed');
  const page = await exporter.metrics();
  for (const family of FAMILIES) t.same(page.series(family), [], `${family} is absent, not 0`);
  const answer = await exporter.get('/cost/tags');
  t.equal(answer.status, 200);
  t.match(answer.json(), {
    stale: true,
    tags: [
      { key: 'one', untaggedShare: null, values: [] },
      { key: 'two', untaggedShare: null, values: [] },
    ],
  });
  t.not(answer.json<{ tags: { reason: string | null }[] }>().tags[0]?.reason, null, 'and it is said why');

  exporter.sim.faults.clear();
  await exporter.run('tags');
  t.same(await costs(exporter), both(TOMORROW), 'until the next success');
});

t.test('an attempt of the same day that fails withdraws nothing', async (t) => {
  const exporter = await start(t, { at: `${TODAY}T08:00:00Z` });
  const before = (await exporter.metrics()).businessText();
  exporter.clock.set(`${TODAY}T23:59:59Z`);
  exporter.sim.faults.add({ kind: 'deny' });
  await exporter.run('tags');
  t.equal((await exporter.metrics()).businessText(), before);
});

t.test('so it is with one key: the others are of the new day', async (t) => {
  const exporter = await start(t);
  exporter.clock.set(`${TOMORROW}T00:10:00Z`);
  exporter.sim.faults.add({ kind: 'deny', operation: 'GetCostAndUsage', after: 1, times: 1 });
  await exporter.run('tags');
  t.same(await costs(exporter), { one: windowCost(TOMORROW) }, 'no window of yesterday beside one of today');
  await exporter.run('tags');
  t.same(await costs(exporter), both(TOMORROW));
});

t.test('a window that ended days ago is not shown, not even before an attempt', async (t) => {
  const store = new MemoryStore();
  const first = await start(t, { app: { store } });
  await first.app.close();
  const restarted = await start(t, {
    app: { store },
    at: `${plusDays(TODAY, 3)}T08:00:00Z`,
    before: ({ faults }) => faults.add({ kind: 'hang' }),
    settle: false,
  });
  await restored(restarted);
  t.same(await costs(restarted), {});
});

t.test('a kept snapshot found at start is published', async (t) => {
  const store = new MemoryStore();
  const first = await start(t, { app: { store } });
  const page = (await first.metrics()).businessText();
  await first.app.close();
  const restarted = await start(t, {
    app: { store },
    before: ({ faults }) => faults.add({ kind: 'hang' }),
    settle: false,
  });
  await restored(restarted);
  t.equal((await restarted.metrics()).businessText(), page);
});

t.test('one of other keys is not', async (t) => {
  const store = new MemoryStore();
  const first = await start(t, { app: { store } });
  await first.app.close();
  const restarted = await start(t, {
    app: { store },
    env: { TAG_KEYS: 'two,three' },
    before: ({ faults }) => faults.add({ kind: 'hang' }),
    settle: false,
  });
  t.same((await restarted.metrics()).business(), []);
});
