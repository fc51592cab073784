// A recommendation is counted once in its life: known by account, resource, type and category.
import t from 'tap';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import { type Exporter, TODAY } from '../helper.ts';
import {
  BILL,
  EXPLORER,
  HUB,
  type Item,
  recommendations,
  startOptimization,
} from '../plugins/optimization/exporter.ts';
import { plusDays } from './bill.ts';

const COUNTER = 'aws_optimization_recommendations_total';

/** The counter by type, priority and account, without what is 0. */
async function counted({ metrics }: Exporter): Promise<Record<string, number>> {
  const table = (await metrics()).table(COUNTER, 'type', 'priority', 'account_id');
  return Object.fromEntries(Object.entries(table).filter(([, count]) => count !== 0));
}

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((all, count) => all + count, 0);

/** A recommendation as the contract knows it; resources by the last part of their ARN. */
const identity = ({ account, resource, type, category }: Item) =>
  JSON.stringify([account, resource?.split(/[/:]/).at(-1), type, category]);

t.test("the first collection's are counted, and counted once", async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const { recommendations: list } = await recommendations(exporter);
  const first = await counted(exporter);
  t.equal(sum(first), new Set(list.map(identity)).size);
  for (let run = 0; run < 3; run++) {
    exporter.clock.advance(7_200_000);
    await exporter.run('optimization');
  }
  t.same(await counted(exporter), first);
});

t.test('all three priorities of a type seen exist', async (t) => {
  const page = await (await startOptimization(t, { enrolled: true })).metrics();
  const kinds = new Map<string, string[]>();
  for (const { labels } of page.series(COUNTER)) {
    const kind = `${labels.type} ${labels.account_id}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), labels.priority ?? '']);
  }
  t.ok(kinds.size > 3);
  for (const [kind, priorities] of kinds) {
    t.same(priorities.toSorted(), ['high', 'low', 'medium'], kind);
  }
  t.equal(page.families.get(COUNTER)?.type, 'counter');
});

t.test('AWS renames its ids every day: that is nothing new', async (t) => {
  // A bill whose every day is the same, so that nothing but the ids is new.
  const days = [...new Set(BILL.map(({ ChargePeriodStart }) => ChargePeriodStart.slice(0, 10)))];
  const bill = BILL.filter(({ ChargeDescription }) => !/credit/i.test(ChargeDescription ?? '')).map(
    (row) => ({
      ...row,
      BilledCost: row.BilledCost === '0' ? '0' : '3',
      EffectiveCost: '3',
    }),
  );
  t.ok(days.length > 60);
  const exporter = await startOptimization(t, {
    enrolled: true,
    bill,
    at: `${plusDays(TODAY, -2)}T08:00:00Z`,
  });
  const first = await counted(exporter);
  const before = (await recommendations(exporter)).recommendations.map(({ id }) => id);
  for (const day of [plusDays(TODAY, -1), TODAY]) {
    exporter.clock.set(`${day}T08:00:00Z`);
    await exporter.run('optimization');
    t.same(await counted(exporter), first, day);
    t.same(
      (await recommendations(exporter)).recommendations.map(({ id }) => id).toSorted(),
      before.toSorted(),
      'and in REST they keep their ids',
    );
  }
});

t.test('a restart goes on from the stored total', async (t) => {
  const store = new MemoryStore();
  const first = await startOptimization(t, { enrolled: true, app: { store } });
  const before = await counted(first);
  await first.app.close();
  const restarted = await startOptimization(t, { enrolled: true, app: { store } });
  t.same(await counted(restarted), before);
  await restarted.run('optimization');
  t.same(await counted(restarted), before);
  await restarted.app.close();

  const dearer = await startOptimization(t, {
    enrolled: true,
    app: { store },
    env: { PRIORITY_THRESHOLDS: '1000,0.5' },
  });
  t.equal(sum(await counted(dearer)), sum(before), 'other thresholds make nothing new');
});

t.test('under other settings too: the record is not thrown away with the figures', async (t) => {
  for (const env of [{ COST_WINDOW_DAYS: '20' }, { OPTIMIZATION_SOURCE: HUB }]) {
    const store = new MemoryStore();
    const first = await startOptimization(t, { enrolled: true, app: { store } });
    const before = sum(await counted(first));
    await first.app.close();
    // Nothing is open any more, in the same account: what is counted now is what was kept.
    const bill = BILL.filter(({ ServiceName }) => ServiceName === 'AWS Cost Explorer');
    const restarted = await startOptimization(t, { enrolled: true, app: { store }, env, bill });
    t.equal(sum(await counted(restarted)), before, JSON.stringify(env));
    await restarted.app.close();
  }
});

t.test('what comes back after it was gone is not new', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const first = await counted(exporter);
  exporter.sim.faults.add({
    kind: 'mutate',
    operation: 'ListRecommendations',
    times: 1,
    mutate: (body) => ({ ...body, items: [] }),
  });
  await exporter.run('optimization');
  t.same((await recommendations(exporter)).recommendations, []);
  t.same(await counted(exporter), first, 'a counter does not fall');
  await exporter.run('optimization');
  t.same(await counted(exporter), first);
});

t.test('an instance that two sources name is one', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const instances = async (): Promise<Item[]> =>
    (await recommendations(exporter)).recommendations.filter(({ category }) => category === 'Ec2Instance');
  const ofInstances = (counts: Readonly<Record<string, number>>) =>
    sum(Object.fromEntries(Object.entries(counts).filter(([labels]) => /^(Rightsize|Stop)\//.test(labels))));
  const [byHub, before] = [await instances(), ofInstances(await counted(exporter))];
  exporter.sim.setSettings({ hubEnrolled: false });
  await exporter.run('optimization');
  t.match(await recommendations(exporter), { source: EXPLORER });
  const byExplorer = await instances();
  const known = new Set(byHub.map(identity));
  const news = byExplorer.filter((item) => !known.has(identity(item)));
  t.ok(byExplorer.length > news.length, 'both name some');
  t.equal(
    ofInstances(await counted(exporter)) - before,
    news.length,
    'only what the hub did not name is new',
  );
  exporter.sim.setSettings({ hubEnrolled: true });
  const then = await counted(exporter);
  await exporter.run('optimization');
  t.same(await counted(exporter), then, 'and back again nothing is');
});

t.test('nor is a commitment that two sources name counted twice', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const list = async () =>
    (await recommendations(exporter)).recommendations.filter(({ type }) => type.startsWith('Purchase'));
  const ofCommitments = async () => {
    const counts = Object.entries(await counted(exporter));
    return sum(Object.fromEntries(counts.filter(([labels]) => labels.startsWith('Purchase'))));
  };
  const byHub = await list();
  t.equal(await ofCommitments(), byHub.length, 'all are counted');
  exporter.sim.setSettings({ hubEnrolled: false });
  await exporter.run('optimization');
  const byExplorer = await list();
  t.ok(byExplorer.length > 3);
  t.equal(await ofCommitments(), byHub.length, 'Cost Explorer names none that the hub had not');
  exporter.sim.setSettings({ hubEnrolled: true });
  await exporter.run('optimization');
  t.equal(await ofCommitments(), byHub.length);
});

t.test('a source without recommendations leaves the counter as it is', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  const first = await counted(exporter);
  exporter.sim.setBill([]);
  await exporter.run('optimization');
  t.same(await counted(exporter), first);
  t.equal((await exporter.metrics()).value('aws_optimization_savings_deduplicated', { source: HUB }), 0);
  t.same((await exporter.metrics()).series('aws_optimization_savings'), []);
});
