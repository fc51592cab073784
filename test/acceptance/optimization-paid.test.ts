// Each page of Cost Explorer is paid and counted, so what is paid is bought at most once a UTC day.
import t from 'tap';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import type { FaultRule } from '../../src/simulator/index.ts';
import { type Exporter, TODAY } from '../helper.ts';
import {
  denied,
  EXPLORER,
  HUB,
  PAID_CALLS,
  paidFor,
  passedOver,
  recommendations,
  requested,
  startOptimization,
} from '../plugins/optimization/exporter.ts';
import { plusDays } from './bill.ts';

t.setTimeout(120_000);

const TOMORROW = plusDays(TODAY, 1);

/** Requests for EBS's cost: the one that is grouped by usage type. */
const ebsPages = (sim: { requests: readonly { body: unknown }[] }) =>
  sim.requests.filter(({ body }) => JSON.stringify(body).includes('USAGE_TYPE')).length;

t.test("Cost Explorer's recommendations: once a UTC day, restarts included", async (t) => {
  const store = new MemoryStore();
  const exporter = await startOptimization(t, { at: `${TODAY}T00:00:01Z`, app: { store } });
  const once = paidFor(exporter);
  t.ok(once >= 3);
  for (const time of ['02:00:00', '12:00:00', '23:59:59']) {
    exporter.clock.set(`${TODAY}T${time}Z`);
    t.equal(await exporter.run('optimization'), 'collected');
    t.equal(paidFor(exporter), once, `at ${time}`);
    t.match(await recommendations(exporter), { source: EXPLORER, stale: false });
  }
  await exporter.app.close();

  const restarted = await startOptimization(t, { at: `${TODAY}T23:59:59Z`, app: { store } });
  t.equal(paidFor(restarted), 0, 'not again after a restart');
  t.match(await recommendations(restarted), { source: EXPLORER });
  restarted.clock.set(`${TOMORROW}T00:00:00Z`);
  await restarted.run('optimization');
  t.equal(paidFor(restarted), once, 'again on the next day');
});

t.test('every paid page is entered as spent', async (t) => {
  const exporter = await startOptimization(t, { simulator: { pageSize: 4 } });
  const page = await exporter.metrics();
  const pages = exporter.sim.requests.filter(({ service, status }) => service === 'ce' && status === 200);
  t.ok(pages.some(({ operation, page }) => operation === 'GetRightsizingRecommendation' && page > 1));
  const spent = page.value('aws_cost_exporter_aws_spend_usd_total', { target: 'default' }) ?? 0;
  t.ok(Math.abs(spent - pages.length / 100) < 1e-9, `${pages.length} pages, ${spent} dollars`);
});

t.test('what a switch of sources has bought is not bought again', async (t) => {
  const exporter = await startOptimization(t);
  const once = paidFor(exporter);
  exporter.sim.setSettings({ hubEnrolled: true });
  await exporter.run('optimization');
  t.match(await recommendations(exporter), { source: HUB });
  exporter.sim.setSettings({ hubEnrolled: false });
  await exporter.run('optimization');
  t.match(await recommendations(exporter), { source: EXPLORER });
  t.equal(paidFor(exporter), once);
});

t.test('a failure in between, too', async (t) => {
  const exporter = await startOptimization(t);
  const once = paidFor(exporter);
  const fault = { kind: 'corrupt', operation: 'ListEnrollmentStatuses', times: 1 } as const;
  exporter.sim.faults.add(fault);
  t.equal(await exporter.run('optimization'), 'failed');
  t.equal(await exporter.run('optimization'), 'collected');
  t.equal(paidFor(exporter), once);
});

/** Runs through the rest of the day; what is paid for in it, and on the next. */
async function throughTheDay(exporter: Exporter): Promise<{ today: number; tomorrow: number }> {
  const before = paidFor(exporter);
  for (const time of ['10:00:00', '12:00:00', '23:59:59']) {
    exporter.clock.set(`${TODAY}T${time}Z`);
    await exporter.run('optimization');
  }
  const today = paidFor(exporter) - before;
  exporter.clock.set(`${TOMORROW}T01:00:00Z`);
  await exporter.run('cost');
  await exporter.run('optimization');
  return { today, tomorrow: paidFor(exporter) - before - today };
}

const partsOf = async (exporter: Exporter) => {
  const view = await exporter.collector('optimization');
  return (view.failed as { part: string; cause: { code: string } }[]).map(
    ({ part, cause }) => `${part}: ${cause.code}`,
  );
};

t.test('a part in another currency: it alone is left out, and nothing is bought again', async (t) => {
  const exporter = await startOptimization(t, {
    faults: [
      {
        kind: 'mutate',
        operation: 'GetSavingsPlansPurchaseRecommendation',
        mutate: (body) => JSON.parse(JSON.stringify(body).replaceAll('"USD"', '"EUR"')),
      },
    ],
  });
  const once = paidFor(exporter);
  t.same(await partsOf(exporter), ['savings-plans: invalid_response']);
  const { recommendations: list, currency } = await recommendations(exporter);
  t.equal(currency, 'USD');
  t.notOk(list.some(({ type }) => type === 'PurchaseSavingsPlans'));
  for (const type of ['Rightsize', 'PurchaseReservedInstances']) {
    t.ok(
      list.some((item) => item.type === type),
      type,
    );
  }
  t.same(await throughTheDay(exporter), { today: 0, tomorrow: once });
  t.same(await partsOf(exporter), ['savings-plans: invalid_response'], 'it is said every time');
});

t.test('the currency of the bill is the one that counts', async (t) => {
  const foreign = (operation: string) =>
    ({
      kind: 'mutate',
      operation,
      mutate: (body: object) => JSON.parse(JSON.stringify(body).replaceAll('"USD"', '"EUR"')),
    }) as const;
  const faults = [
    foreign('GetSavingsPlansPurchaseRecommendation'),
    foreign('GetReservationPurchaseRecommendation'),
  ];
  const exporter = await startOptimization(t, { faults });
  t.match(await recommendations(exporter), { currency: 'USD' });
});

t.test('an answer that was paid for and refused is not bought again on that day', async (t) => {
  const refusals: Readonly<Record<string, FaultRule>> = {
    corrupt: { kind: 'corrupt', operation: 'GetRightsizingRecommendation' },
    'of another form': {
      kind: 'mutate',
      operation: 'GetRightsizingRecommendation',
      mutate: (body) => ({ ...body, RightsizingRecommendations: [{}] }),
    },
  };
  for (const [what, fault] of Object.entries(refusals)) {
    const exporter = await startOptimization(t, { faults: [fault] });
    const once = paidFor(exporter);
    t.same(await partsOf(exporter), ['rightsizing: invalid_response'], what);
    t.same(await throughTheDay(exporter), { today: 0, tomorrow: once }, what);
    t.same(await partsOf(exporter), ['rightsizing: invalid_response']);
  }
});

t.test('nor is a part whose second page is denied after a paid first one', async (t) => {
  const exporter = await startOptimization(t, {
    simulator: { pageSize: 3 },
    env: { AWS_SPEND_BUDGET_USD: '100' },
    faults: [{ kind: 'deny', operation: 'GetRightsizingRecommendation', page: 2 }],
  });
  const once = paidFor(exporter);
  const denials = async () =>
    (await passedOver(exporter)).filter(({ part }) => part === 'rightsizing').map(({ cause }) => cause.code);
  t.same(await denials(), ['access_denied']);
  t.same(await throughTheDay(exporter), { today: 0, tomorrow: once });
  t.same(await denials(), ['access_denied'], 'and it is said all the same');
});

t.test('what is denied at once costs nothing: it is asked for at every tick', async (t) => {
  const exporter = await startOptimization(t, { faults: denied('GetRightsizingRecommendation') });
  exporter.sim.faults.clear();
  exporter.clock.advance(7_200_000);
  await exporter.run('optimization');
  t.ok((await recommendations(exporter)).recommendations.some(({ type }) => type === 'Rightsize'));
});

t.test('what is denied on another day is gone, and stays gone where it fails on the next', async (t) => {
  const exporter = await startOptimization(t);
  // Asked for last: nothing that is bought after them makes up for it.
  const type = 'PurchaseReservedInstances';
  const reservations = async () => (await recommendations(exporter, `?type=${type}`)).recommendations;
  t.ok((await reservations()).length > 0);
  for (const [day, kind] of [
    [1, 'deny'],
    [2, 'throttle'],
  ] as const) {
    exporter.sim.faults.clear();
    exporter.sim.faults.add({ kind, operation: 'GetReservationPurchaseRecommendation' });
    exporter.clock.set(`${plusDays(TODAY, day)}T08:00:00Z`);
    await exporter.run('cost');
    await exporter.run('optimization');
    t.same(await reservations(), [], kind);
  }
});

t.test('a refusal is remembered over a restart', async (t) => {
  const store = new MemoryStore();
  const faults = [{ kind: 'corrupt', operation: 'GetRightsizingRecommendation' }] as const;
  const first = await startOptimization(t, { app: { store }, faults });
  await first.app.close();
  const restarted = await startOptimization(t, { app: { store }, faults, at: `${TODAY}T12:00:00Z` });
  t.equal(paidFor(restarted), 0);
  t.same(await partsOf(restarted), ['rightsizing: invalid_response']);
});

t.test('a collection that fails whole after it has paid does not pay again on that day', async (t) => {
  const exporter = await startOptimization(t, {
    faults: PAID_CALLS.map((operation) => ({ kind: 'corrupt', operation })),
  });
  const once = paidFor(exporter);
  t.ok(once >= 3);
  t.match(await exporter.collector('optimization'), { state: 'failed' });
  t.same(await throughTheDay(exporter), { today: 0, tomorrow: once });
});

t.test('a restart under other settings: what they do not decide is not bought again', async (t) => {
  const store = new MemoryStore();
  const first = await startOptimization(t, { app: { store } });
  t.ok(paidFor(first) >= 3);
  await first.app.close();
  for (const env of [{ OPTIMIZATION_SOURCE: EXPLORER }, { COST_WINDOW_DAYS: '20' }]) {
    const restarted = await startOptimization(t, { app: { store }, at: `${TODAY}T12:00:00Z`, env });
    t.match(await recommendations(restarted), { source: EXPLORER });
    t.equal(paidFor(restarted), 0, JSON.stringify(env));
    await restarted.app.close();
  }
});

t.test("the estimate's page is bought again where its settings are others", async (t) => {
  const store = new MemoryStore();
  const faults = denied(...PAID_CALLS);
  const first = await startOptimization(t, { app: { store }, faults });
  t.equal(ebsPages(first.sim), 1);
  await first.app.close();
  for (const [env, pages] of [
    [{ OPTIMIZATION_SOURCE: 'estimate' }, 0],
    [{ COST_WINDOW_DAYS: '20' }, 1],
    [{ COST_METRIC: 'AmortizedCost' }, 1],
  ] as const) {
    const restarted = await startOptimization(t, { app: { store }, at: `${TODAY}T12:00:00Z`, env, faults });
    t.match(await recommendations(restarted), { source: 'estimate' });
    t.equal(ebsPages(restarted.sim), pages, JSON.stringify(env));
    await restarted.app.close();
  }
});

t.test("the estimate's page: once a UTC day", async (t) => {
  const exporter = await startOptimization(t, { faults: denied(...PAID_CALLS) });
  t.equal(ebsPages(exporter.sim), 1);
  for (const time of ['10:00:00', '23:59:59']) {
    exporter.clock.set(`${TODAY}T${time}Z`);
    await exporter.run('optimization');
  }
  t.equal(ebsPages(exporter.sim), 1);
  exporter.clock.set(`${TOMORROW}T01:00:00Z`);
  await exporter.run('cost');
  await exporter.run('optimization');
  t.equal(ebsPages(exporter.sim), 2);
});

t.test('the hub is free, and nothing else is asked where it answers', async (t) => {
  const exporter = await startOptimization(t, { enrolled: true });
  await exporter.run('optimization');
  const { GetCostAndUsage, ...asked } = requested(exporter);
  t.equal(GetCostAndUsage, 1, 'of cost');
  t.same(Object.keys(asked).toSorted(), [
    'GetCallerIdentity',
    'GetPreferences',
    'ListEnrollmentStatuses',
    'ListRecommendationSummaries',
    'ListRecommendations',
  ]);
});
