// Issue 4: each page of Cost Explorer is paid and counted, so what is paid is bought at most once a UTC day.
import t from 'tap';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import { TODAY } from '../helper.ts';
import {
  denied,
  EXPLORER,
  HUB,
  PAID_CALLS,
  paidFor,
  recommendations,
  requested,
  startOptimization,
} from '../plugins/optimization/exporter.ts';
import { plusDays } from './bill.ts';

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
