import {
  type CostExplorerClient,
  GetCostAndUsageCommand,
  type GetCostAndUsageCommandInput,
  ListCostAllocationTagsCommand,
  type ListCostAllocationTagsCommandInput,
} from '@aws-sdk/client-cost-explorer';
import t from 'tap';
import { costExplorerService, generateBill } from '../../src/simulator/index.ts';
import { ACCOUNTS, keysOf, PRODUCTION, readAll } from './clients.ts';
import { costExplorer, mergeResults, NOW, now, readPages, row, start, sum } from './helper.ts';

const bill = generateBill({ seed: 11, today: NOW, days: 40 });
const KEYS = [...new Set(bill.flatMap(({ Tags }) => Object.keys(Tags)))].sort();
const PERIOD = { Start: '2026-02-13', End: '2026-03-15' };

function keys(client: CostExplorerClient, input: ListCostAllocationTagsCommandInput = {}) {
  return readAll(async (NextToken) => {
    const page = await client.send(new ListCostAllocationTagsCommand({ ...input, NextToken }));
    return { items: page.CostAllocationTags, token: page.NextToken };
  });
}

function query(Key: string): GetCostAndUsageCommandInput {
  return {
    TimePeriod: PERIOD,
    Granularity: 'MONTHLY',
    Metrics: ['BlendedCost'],
    GroupBy: [
      { Type: 'TAG', Key },
      { Type: 'DIMENSION', Key: 'SERVICE' },
    ],
  };
}

t.test('the keys of the bill, and which are active', async (t) => {
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  const client = costExplorer(t, simulator, keysOf('111122223333'));
  const active = await keys(client, { Status: 'Active' });
  t.strictSame(
    active.items.map(({ TagKey }) => TagKey),
    KEYS,
  );
  t.match(await keys(client, { Type: 'AWSGenerated' }), {
    items: [{ TagKey: 'aws:createdBy', Status: 'Inactive' }],
  });
  for (const MaxResults of [1, 3, 1000]) {
    const paged = await keys(client, { Status: 'Active', MaxResults });
    t.strictSame(paged.items, active.items);
    t.equal(paged.pages, Math.ceil(KEYS.length / MaxResults));
  }
  t.match(await keys(client, { TagKeys: ['Team', 'nobody'] }), {
    items: [{ TagKey: 'Team', Status: 'Active' }],
  });

  simulator.setSettings({ activeTagKeys: ['Team', 'unused'] });
  t.strictSame(
    (await keys(client, { Status: 'Active' })).items.map(({ TagKey }) => TagKey),
    ['Team', 'unused'],
  );
  t.match(await keys(client, { TagKeys: ['application'] }), { items: [{ Status: 'Inactive' }] });
  await t.rejects(keys(costExplorer(t, simulator, keysOf(PRODUCTION))), {
    name: 'AccessDeniedException',
    message: /Linked account doesn't have access/,
  });
});

t.test('cost by tag and service is the sum of the charges; an inactive key has none', async (t) => {
  const simulator = await start(t, { bill, now, pageSize: 7 });
  const client = costExplorer(t, simulator);
  for (const key of ['application', 'environment', 'business_unit']) {
    const expected = new Map<string, string[]>();
    for (const charge of bill) {
      if (charge.ChargePeriodStart < PERIOD.Start || charge.ChargePeriodStart >= PERIOD.End) continue;
      const id = JSON.stringify([`${key}$${charge.Tags[key] ?? ''}`, costExplorerService(charge)]);
      expected.set(id, [...(expected.get(id) ?? []), charge.BilledCost]);
    }
    const found = new Map<string, string[]>();
    for (const { Groups = [] } of mergeResults(await readPages(client, query(key)))) {
      for (const { Keys, Metrics } of Groups) {
        const id = JSON.stringify(Keys);
        found.set(id, [...(found.get(id) ?? []), Metrics?.BlendedCost?.Amount ?? '']);
      }
    }
    const figures = (map: Map<string, string[]>) =>
      [...map].map(([id, costs]) => `${id} ${sum(costs)}`).sort();
    t.strictSame(figures(found), figures(expected), key);
  }
  simulator.setSettings({ activeTagKeys: ['environment'] });
  const groups = mergeResults(await readPages(client, query('application'))).flatMap(
    ({ Groups = [] }) => Groups,
  );
  t.strictSame(new Set(groups.map(({ Keys }) => Keys?.[0])), new Set(['application$']));
  simulator.setSettings({ activeTagKeys: undefined });
  const again = mergeResults(await readPages(client, query('application'))).flatMap(
    ({ Groups = [] }) => Groups,
  );
  t.ok(again.length > groups.length);
});

t.test('EBS is among the usage types of EC2 - Other', async (t) => {
  const client = costExplorer(t, await start(t, { bill, now }));
  const { ResultsByTime = [] } = await client.send(
    new GetCostAndUsageCommand({
      TimePeriod: PERIOD,
      Granularity: 'MONTHLY',
      Metrics: ['BlendedCost'],
      Filter: { Dimensions: { Key: 'SERVICE', Values: ['EC2 - Other'] } },
      GroupBy: [{ Type: 'DIMENSION', Key: 'USAGE_TYPE' }],
    }),
  );
  const groups = ResultsByTime.flatMap(({ Groups = [] }) => Groups);
  const types = new Set(groups.map(({ Keys }) => Keys?.[0] ?? ''));
  for (const type of [
    'EBS:VolumeUsage.gp3',
    'EUC1-EBS:VolumeUsage.gp2',
    'EUC1-EBS:SnapshotUsage',
    'NatGateway-Hours',
  ]) {
    t.ok(types.has(type), type);
  }
  t.notOk(types.has('NoUsageType'));
  const charges = bill.filter(
    (charge) =>
      charge.ChargePeriodStart >= PERIOD.Start &&
      charge.ChargePeriodStart < PERIOD.End &&
      costExplorerService(charge) === 'EC2 - Other',
  );
  const ebs = (text: string | null) => /GB-month/i.test(text ?? '');
  t.equal(
    sum(
      groups
        .filter(({ Keys }) => Keys?.[0]?.includes('EBS:'))
        .map(({ Metrics }) => Metrics?.BlendedCost?.Amount),
    ),
    sum(
      charges.filter(({ ChargeDescription }) => ebs(ChargeDescription)).map(({ BilledCost }) => BilledCost),
    ),
  );
});

t.test('settings over HTTP', async (t) => {
  const simulator = await start(t, { bill: [row('2026-03-10', '1', { Tags: { a: '1' } })], now });
  const client = costExplorer(t, simulator);
  const post = (body: unknown) =>
    fetch(`${simulator.url}/_simulator/settings`, { method: 'POST', body: JSON.stringify(body) });
  const active = async () => (await keys(client, { Status: 'Active' })).items.map(({ TagKey }) => TagKey);
  t.equal((await post({ activeTagKeys: ['b'], hubEnrolled: false })).status, 204);
  t.strictSame(await active(), ['b']);
  t.equal((await post({ activeTagKeys: null, savingsEstimationMode: 'BeforeDiscounts' })).status, 204);
  t.strictSame(await active(), ['a']);
  for (const body of [{ hubEnrolled: 'no' }, { savingsEstimationMode: 'Never' }, { activeTags: [] }]) {
    t.equal((await post(body)).status, 400);
  }
});
