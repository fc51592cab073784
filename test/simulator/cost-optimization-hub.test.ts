import {
  type CostOptimizationHubClient,
  GetPreferencesCommand,
  ListEnrollmentStatusesCommand,
  ListRecommendationSummariesCommand,
  ListRecommendationsCommand,
  type ListRecommendationsCommandInput,
  type Recommendation,
} from '@aws-sdk/client-cost-optimization-hub';
import t from 'tap';
import { generateBill } from '../../src/simulator/index.ts';
import { ACCOUNTS, DATA, hubClient, keysOf, MANAGEMENT, PRODUCTION, readAll } from './clients.ts';
import { NOW, now, row, start } from './helper.ts';

const bill = generateBill({ seed: 11, today: NOW, days: 75 });
const ALL = { includeAllRecommendations: true };

async function list(client: CostOptimizationHubClient, input: ListRecommendationsCommandInput = ALL) {
  return readAll(async (nextToken) => {
    const page = await client.send(new ListRecommendationsCommand({ ...input, nextToken }));
    return { items: page.items, token: page.nextToken };
  });
}

async function summarise(client: CostOptimizationHubClient, groupBy: string, maxResults = 1000) {
  const totals = new Set<number | undefined>();
  const { items, pages } = await readAll(async (nextToken) => {
    const page = await client.send(
      new ListRecommendationSummariesCommand({ groupBy, maxResults, nextToken }),
    );
    totals.add(page.estimatedTotalDedupedSavings);
    return { items: page.items, token: page.nextToken };
  });
  const [total = Number.NaN, ...others] = totals;
  if (others.length > 0) throw new Error('the total is not the same on every page');
  return { items, pages, total };
}

const savingsOf = (items: readonly Recommendation[]) =>
  items.reduce((sum, { estimatedMonthlySavings = 0 }) => sum + estimatedMonthlySavings, 0);

/** What a resource cost over the 30 complete days before NOW, invoiced or amortized, whichever is less. */
function costOfResource(id: string): number {
  const rows = bill.filter(
    ({ ResourceId, ChargePeriodStart }) =>
      ResourceId === id && ChargePeriodStart >= '2026-02-13' && ChargePeriodStart < '2026-03-15',
  );
  const sum = (field: 'BilledCost' | 'EffectiveCost') =>
    rows.reduce((total, item) => total + Number(item[field]), 0);
  return Math.min(sum('BilledCost'), sum('EffectiveCost'));
}

t.test('recommendations come from the bill', async (t) => {
  const client = hubClient(t, await start(t, { bill, now }));
  const { items } = await list(client);
  const resources = items.filter(({ resourceId }) => resourceId !== undefined);
  t.ok(resources.length > 20);
  for (const item of resources) {
    const cost = costOfResource(item.resourceId ?? '');
    t.ok(Math.abs(cost - (item.estimatedMonthlyCost ?? 0)) < 1e-6, `cost of ${item.resourceId}`);
    t.ok((item.estimatedMonthlySavings ?? 0) > 0 && (item.estimatedMonthlySavings ?? 0) <= cost + 1e-9);
    const [charge] = bill.filter(({ ResourceId }) => ResourceId === item.resourceId);
    t.equal(item.accountId, charge?.SubAccountId);
    t.equal(item.region, charge?.RegionId);
    t.strictSame(Object.fromEntries((item.tags ?? []).map(({ key, value }) => [key, value])), charge?.Tags);
  }
  for (const item of items) {
    t.ok((item.estimatedMonthlySavings ?? 0) <= (item.estimatedMonthlyCost ?? 0), `${item.actionType}`);
    t.match(item, { currencyCode: 'USD', lastRefreshTimestamp: new Date('2026-03-15T03:00:00Z') });
  }
  const kinds = new Set(
    items.map(({ actionType, currentResourceType }) => `${actionType} ${currentResourceType}`),
  );
  for (const kind of [
    'Rightsize Ec2Instance',
    'Stop Ec2Instance',
    'MigrateToGraviton Ec2Instance',
    'Upgrade EbsVolume',
    'Delete EbsVolume',
    'Rightsize RdsDbInstance',
    'PurchaseSavingsPlans ComputeSavingsPlans',
    'PurchaseReservedInstances RdsReservedInstances',
  ]) {
    t.ok(kinds.has(kind), kind);
  }
});

t.test('overlaps are counted once in the total alone', async (t) => {
  const client = hubClient(t, await start(t, { bill, now }));
  const { items } = await list(client);
  const { items: best } = await list(client, {});
  const { items: groups, total } = await summarise(client, 'ResourceType');
  const byResource = Map.groupBy(
    items.filter(({ resourceId }) => resourceId !== undefined),
    ({ resourceId }) => resourceId,
  );
  t.ok(
    [...byResource.values()].some(
      (list) =>
        list.some(({ actionType }) => actionType === 'Rightsize') &&
        list.some(({ actionType }) => actionType === 'MigrateToGraviton'),
    ),
    'a resource has two recommendations that exclude each other',
  );
  const largest = [...byResource.values()].map((list) =>
    Math.max(...list.map(({ estimatedMonthlySavings = 0 }) => estimatedMonthlySavings)),
  );
  t.strictSame(
    best
      .filter(({ resourceId }) => resourceId !== undefined)
      .map(({ estimatedMonthlySavings }) => estimatedMonthlySavings)
      .sort(),
    largest.sort(),
    'without includeAllRecommendations the largest of each resource',
  );
  const sumOfGroups = groups.reduce(
    (sum, { estimatedMonthlySavings = 0 }) => sum + estimatedMonthlySavings,
    0,
  );
  t.ok(Math.abs(sumOfGroups - savingsOf(items)) < 1e-6, 'groups hold all recommendations');
  t.ok(total < savingsOf(best), 'purchases for usage that other savings remove count less');
  t.ok(savingsOf(best) < savingsOf(items));
  t.ok(total > largest.reduce((sum, savings) => sum + savings, 0));
  for (const groupBy of ['AccountId', 'Region', 'ActionType', 'ImplementationEffort', 'RestartNeeded']) {
    t.equal((await summarise(client, groupBy)).total, total, groupBy);
  }
});

t.test('pages of any size hold the same', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = hubClient(t, simulator);
  const whole = await list(client, { ...ALL, maxResults: 1000 });
  t.equal(whole.pages, 1);
  for (const maxResults of [1, 2, 7, 20, whole.items.length - 1, whole.items.length]) {
    const paged = await list(client, { ...ALL, maxResults });
    t.strictSame(paged.items, whole.items, `${maxResults} a page`);
    t.equal(paged.pages, Math.ceil(whole.items.length / maxResults));
  }
  const summary = await summarise(client, 'ActionType');
  for (const maxResults of [1, 3]) {
    t.strictSame((await summarise(client, 'ActionType', maxResults)).items, summary.items);
  }
  simulator.setPageSize(5);
  t.strictSame((await list(client, { ...ALL, maxResults: 1000 })).items, whole.items);

  const { nextToken } = await client.send(new ListRecommendationsCommand({ ...ALL, maxResults: 2 }));
  const refused = { name: 'ValidationException' };
  const ask = (input: ListRecommendationsCommandInput) =>
    client.send(new ListRecommendationsCommand({ ...ALL, maxResults: 2, nextToken, ...input }));
  await t.rejects(ask({ maxResults: 3 }), refused);
  await t.rejects(ask({ filter: { regions: ['us-east-1'] } }), refused);
  await t.rejects(ask({ nextToken: 'garbage' }), refused);
  simulator.setBill([row('2026-03-10', '9')]);
  t.strictSame((await ask({})).items, whole.items.slice(2, 4), 'a query goes on with its bill');
});

t.test('filters and order', async (t) => {
  const client = hubClient(t, await start(t, { bill, now }));
  const { items } = await list(client);
  const filtered = await list(client, { ...ALL, filter: { actionTypes: ['Stop'], accountIds: [DATA] } });
  t.strictSame(
    filtered.items,
    items.filter(({ actionType, accountId }) => actionType === 'Stop' && accountId === DATA),
  );
  const { items: tagged } = await list(client, {
    ...ALL,
    filter: { tags: [{ key: 'environment', value: 'prod' }] },
  });
  t.ok(tagged.length > 0 && tagged.every(({ accountId }) => accountId === PRODUCTION));
  const ordered = await list(client, {
    ...ALL,
    orderBy: { dimension: 'EstimatedMonthlySavings', order: 'Desc' },
  });
  t.strictSame(
    ordered.items.map(({ estimatedMonthlySavings }) => estimatedMonthlySavings),
    items.map(({ estimatedMonthlySavings = 0 }) => estimatedMonthlySavings).sort((a, b) => b - a),
  );
  await t.rejects(
    client.send(
      new ListRecommendationSummariesCommand({ groupBy: 'Region', filter: { resourceIds: ['i-1'] } }),
    ),
    { name: 'ValidationException' },
  );
  await t.rejects(client.send(new ListRecommendationSummariesCommand({ groupBy: 'REGION' })), {
    name: 'ValidationException',
  });
});

t.test('ids live a day', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = hubClient(t, simulator);
  const ids = async () => (await list(client)).items.map(({ recommendationId }) => recommendationId);
  const first = await ids();
  t.equal(new Set(first).size, first.length);
  t.strictSame(await ids(), first);
  simulator.setClock(() => new Date('2026-03-15T23:59:00Z'));
  t.strictSame(await ids(), first);
  simulator.setClock(() => new Date('2026-03-16T12:00:00Z'));
  const next = await ids();
  t.strictSame(
    next.filter((id) => first.includes(id)),
    [],
  );
});

t.test('enrollment, preferences and accounts', async (t) => {
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  const client = hubClient(t, simulator, keysOf(MANAGEMENT));
  const member = hubClient(t, simulator, keysOf(PRODUCTION));
  t.match(await client.send(new ListEnrollmentStatusesCommand({})), {
    items: [{ accountId: MANAGEMENT, status: 'Active' }],
    includeMemberAccounts: true,
  });
  const organization = await client.send(
    new ListEnrollmentStatusesCommand({ includeOrganizationInfo: true }),
  );
  t.strictSame(
    organization.items?.map(({ accountId }) => accountId).sort(),
    ACCOUNTS.map(({ accountId }) => accountId),
  );
  await t.rejects(member.send(new ListEnrollmentStatusesCommand({ includeOrganizationInfo: true })), {
    name: 'ValidationException',
  });

  const own = (await list(member)).items;
  const seen = (await list(client)).items.filter(({ accountId }) => accountId === PRODUCTION);
  const resources = (items: readonly Recommendation[]) => items.filter(({ resourceId }) => resourceId);
  t.strictSame(resources(own), resources(seen), 'a member sees its own');

  const after = (await list(client)).items;
  simulator.setSettings({ savingsEstimationMode: 'BeforeDiscounts' });
  t.match(await client.send(new GetPreferencesCommand({})), { savingsEstimationMode: 'BeforeDiscounts' });
  t.ok(savingsOf((await list(client)).items) > savingsOf(after), 'usage that a Savings Plan covers counts');

  simulator.setSettings({ hubEnrolled: false });
  t.match(await client.send(new ListEnrollmentStatusesCommand({})), { items: [{ status: 'Inactive' }] });
  const refused = { name: 'AccessDeniedException', message: /not enrolled for recommendations/ };
  await t.rejects(client.send(new GetPreferencesCommand({})), refused);
  await t.rejects(client.send(new ListRecommendationsCommand({})), refused);
  await t.rejects(client.send(new ListRecommendationSummariesCommand({ groupBy: 'Region' })), refused);
});

t.test('signed for us-east-1 alone; a bill without usage has nothing to recommend', async (t) => {
  const simulator = await start(t, { bill: [row('2026-03-10', '9')], now });
  await t.rejects(hubClient(t, simulator, undefined, 'eu-west-1').send(new GetPreferencesCommand({})), {
    name: 'InvalidSignatureException',
  });
  const client = hubClient(t, simulator);
  t.strictSame((await list(client)).items, []);
  t.match(await summarise(client, 'Region'), { items: [], total: 0 });
});

t.test('a total by hand', async (t) => {
  // One oversized m5.xlarge at 10 a day for 30 days.
  const days = Array.from({ length: 30 }, (_, i) =>
    new Date(Date.UTC(2026, 1, 13 + i)).toISOString().slice(0, 10),
  );
  const charges = (id: string) =>
    days.map((day) =>
      row(day, '10', {
        ServiceName: 'Amazon Elastic Compute Cloud',
        ChargeDescription: '$0.192 per On Demand Linux m5.xlarge Instance Hour',
        ResourceId: id,
      }),
    );
  const simulator = await start(t, { bill: [], now });
  const client = hubClient(t, simulator);
  let oversized: Recommendation | undefined;
  for (let i = 0; oversized === undefined && i < 50; i++) {
    simulator.setBill(charges(`i-${i}`));
    const { items } = await list(client);
    oversized = items.find(({ actionType }) => actionType === 'Rightsize');
  }
  t.match(oversized, {
    estimatedMonthlyCost: 300,
    estimatedMonthlySavings: 150,
    recommendedResourceSummary: 'm5.large',
  });
  const { items } = await list(client);
  const savings = (type: string) =>
    items.find(({ currentResourceType }) => currentResourceType === type)?.estimatedMonthlySavings;
  t.equal(savings('ComputeSavingsPlans'), 56.7, '27 % of the 70 % that are committed');
  t.equal(savings('Ec2InstanceSavingsPlans'), 69.3, '33 %');
  t.equal(savings('Ec2ReservedInstances'), 108, '36 % of the one instance');
  // The best purchase, for the half of the usage that rightsizing leaves.
  t.equal((await summarise(client, 'ActionType')).total, 150 + 108 / 2);
});
