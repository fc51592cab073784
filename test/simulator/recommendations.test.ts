import {
  type CostExplorerClient,
  type Expression,
  GetReservationPurchaseRecommendationCommand,
  type GetReservationPurchaseRecommendationCommandInput,
  GetRightsizingRecommendationCommand,
  type GetRightsizingRecommendationCommandInput,
  GetSavingsPlansPurchaseRecommendationCommand,
  type GetSavingsPlansPurchaseRecommendationCommandInput,
} from '@aws-sdk/client-cost-explorer';
import { ListRecommendationsCommand } from '@aws-sdk/client-cost-optimization-hub';
import t from 'tap';
import { generateBill, NOT_ENABLED } from '../../src/simulator/index.ts';
import { ACCOUNTS, DEVELOPMENT, hubClient, keysOf, MANAGEMENT, PRODUCTION, readAll } from './clients.ts';
import { costExplorer, NOW, now, row, SOME_KEYS, start, sum } from './helper.ts';

const bill = generateBill({ seed: 11, today: NOW, days: 75 });

type Rightsizing = Omit<GetRightsizingRecommendationCommandInput, 'Service'>;

async function rightsizing(client: CostExplorerClient, input: Rightsizing = {}) {
  return readAll(async (NextPageToken) => {
    const page = await client.send(
      new GetRightsizingRecommendationCommand({ Service: 'AmazonEC2', ...input, NextPageToken }),
    );
    return { items: page.RightsizingRecommendations, token: page.NextPageToken };
  });
}

const PLAN: GetSavingsPlansPurchaseRecommendationCommandInput = {
  SavingsPlansType: 'COMPUTE_SP',
  TermInYears: 'ONE_YEAR',
  PaymentOption: 'NO_UPFRONT',
  LookbackPeriodInDays: 'THIRTY_DAYS',
};

async function plans(
  client: CostExplorerClient,
  input: Partial<GetSavingsPlansPurchaseRecommendationCommandInput> = {},
) {
  return readAll(async (NextPageToken) => {
    const page = await client.send(
      new GetSavingsPlansPurchaseRecommendationCommand({ ...PLAN, ...input, NextPageToken }),
    );
    const { SavingsPlansPurchaseRecommendationDetails: items } =
      page.SavingsPlansPurchaseRecommendation ?? {};
    return { items, token: page.NextPageToken };
  });
}

const EC2 = 'Amazon Elastic Compute Cloud - Compute';

async function reservations(
  client: CostExplorerClient,
  Service: string,
  input: Partial<GetReservationPurchaseRecommendationCommandInput> = {},
) {
  return readAll(async (NextPageToken) => {
    const page = await client.send(
      new GetReservationPurchaseRecommendationCommand({
        Service,
        LookbackPeriodInDays: 'THIRTY_DAYS',
        ...input,
        NextPageToken,
      }),
    );
    return {
      items: page.Recommendations?.flatMap((item) => item.RecommendationDetails ?? []),
      token: page.NextPageToken,
    };
  });
}

t.test('the figures are the ones of Cost Optimization Hub', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = costExplorer(t, simulator);
  const hub = hubClient(t, simulator);
  const { items = [] } = await hub.send(
    new ListRecommendationsCommand({ includeAllRecommendations: true, maxResults: 1000 }),
  );
  const of = (type: string, ...actions: string[]) =>
    items.filter((item) => item.currentResourceType === type && actions.includes(item.actionType ?? ''));

  const found = (await rightsizing(client)).items;
  t.strictSame(
    found.map((item) => [
      item.AccountId,
      item.CurrentInstance?.ResourceId,
      item.RightsizingType === 'TERMINATE' ? 'Stop' : 'Rightsize',
      Number(item.CurrentInstance?.MonthlyCost),
      Number(
        item.TerminateRecommendationDetail?.EstimatedMonthlySavings ??
          item.ModifyRecommendationDetail?.TargetInstances?.[0]?.EstimatedMonthlySavings,
      ),
    ]),
    of('Ec2Instance', 'Rightsize', 'Stop').map((item) => [
      item.accountId,
      item.resourceId,
      item.actionType,
      item.estimatedMonthlyCost,
      item.estimatedMonthlySavings,
    ]),
  );
  t.ok(found.some((item) => item.RightsizingType === 'TERMINATE'));
  t.ok(found.some((item) => item.RightsizingType === 'MODIFY'));
  for (const [type, name] of [
    ['COMPUTE_SP', 'ComputeSavingsPlans'],
    ['EC2_INSTANCE_SP', 'Ec2InstanceSavingsPlans'],
  ] as const) {
    t.strictSame(
      (await plans(client, { SavingsPlansType: type })).items.map((item) =>
        Number(item.EstimatedMonthlySavingsAmount),
      ),
      of(name, 'PurchaseSavingsPlans').map((item) => item.estimatedMonthlySavings),
      name,
    );
  }
  for (const [service, name] of [
    [EC2, 'Ec2ReservedInstances'],
    ['Amazon Relational Database Service', 'RdsReservedInstances'],
    ['Amazon ElastiCache', 'ElastiCacheReservedInstances'],
  ] as const) {
    const details = (await reservations(client, service)).items;
    t.strictSame(
      details.map((item) => Number(item.EstimatedMonthlySavingsAmount)),
      of(name, 'PurchaseReservedInstances').map((item) => item.estimatedMonthlySavings),
      name,
    );
    t.ok(details.length > 0);
  }
});

t.test('pages of any size hold the same, and each page has the whole summary', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = costExplorer(t, simulator);
  const whole = await rightsizing(client, { PageSize: 1000 });
  t.equal(whole.pages, 1);
  for (const PageSize of [1, 2, 5, whole.items.length]) {
    const paged = await rightsizing(client, { PageSize });
    t.strictSame(paged.items, whole.items);
    t.equal(paged.pages, Math.ceil(whole.items.length / PageSize));
  }
  const familyPlans = { SavingsPlansType: 'EC2_INSTANCE_SP', AccountScope: 'LINKED' } as const;
  const details = await plans(client, familyPlans);
  t.ok(details.items.length > 3);
  t.strictSame((await plans(client, { ...familyPlans, PageSize: 1 })).items, details.items);
  const instances = await reservations(client, EC2, { AccountScope: 'LINKED' });
  t.strictSame(
    (await reservations(client, EC2, { AccountScope: 'LINKED', PageSize: 2 })).items,
    instances.items,
  );

  const first = await client.send(
    new GetRightsizingRecommendationCommand({ Service: 'AmazonEC2', PageSize: 1 }),
  );
  t.equal(first.Summary?.TotalRecommendationCount, String(whole.items.length));
  const savings = whole.items.map(
    (item) =>
      item.TerminateRecommendationDetail?.EstimatedMonthlySavings ??
      item.ModifyRecommendationDetail?.TargetInstances?.find((target) => target.DefaultTargetInstance)
        ?.EstimatedMonthlySavings,
  );
  t.equal(sum([first.Summary?.EstimatedTotalMonthlySavingsAmount]), sum(savings));
  const next = { Service: 'AmazonEC2', NextPageToken: first.NextPageToken };
  const refused = { name: 'InvalidNextTokenException' };
  await t.rejects(client.send(new GetRightsizingRecommendationCommand({ ...next, PageSize: 2 })), refused);
  await t.rejects(
    client.send(new GetRightsizingRecommendationCommand({ ...next, NextPageToken: 'x' })),
    refused,
  );
});

t.test('what is asked for, and for whom', async (t) => {
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  const client = costExplorer(t, simulator, keysOf(MANAGEMENT));
  const member = costExplorer(t, simulator, keysOf(PRODUCTION));
  const all = (await rightsizing(client)).items;
  const own = all.filter(({ AccountId }) => AccountId === PRODUCTION);
  t.strictSame((await rightsizing(member)).items, own, 'a member sees its own');
  const Filter: Expression = { Dimensions: { Key: 'LINKED_ACCOUNT', Values: [PRODUCTION] } };
  t.strictSame((await rightsizing(client, { Filter })).items, own);
  t.ok((await plans(client, { AccountScope: 'LINKED' })).items.length > 1);
  t.strictSame(
    (await plans(client, { AccountScope: 'LINKED', Filter })).items.map(({ AccountId }) => AccountId),
    [PRODUCTION],
  );
  const linked = await reservations(client, EC2, { AccountScope: 'LINKED', AccountId: DEVELOPMENT });
  t.ok(linked.items.length > 0 && linked.items.every(({ AccountId }) => AccountId === DEVELOPMENT));

  const [cheap] = (await plans(client)).items;
  const [long] = (await plans(client, { TermInYears: 'THREE_YEARS', PaymentOption: 'ALL_UPFRONT' })).items;
  t.ok(Number(long?.EstimatedMonthlySavingsAmount) > Number(cheap?.EstimatedMonthlySavingsAmount));
  t.equal(cheap?.UpfrontCost, '0');
  t.ok(Number(long?.UpfrontCost) > 0);
  const benefits = { RecommendationTarget: 'CROSS_INSTANCE_FAMILY', BenefitsConsidered: false } as const;
  const cross = (await rightsizing(client, { Configuration: benefits })).items;
  t.ok(cross.length >= all.length, 'covered usage too');
  t.ok(cross.some((item) => item.ModifyRecommendationDetail?.TargetInstances?.length === 2));
});

t.test('nothing to recommend', async (t) => {
  const client = costExplorer(t, await start(t, { bill: [row('2026-03-10', '9')], now }));
  t.strictSame((await rightsizing(client)).items, []);
  t.strictSame((await plans(client)).items, []);
  t.strictSame((await reservations(client, EC2)).items, []);
  const { Recommendations } = await client.send(
    new GetReservationPurchaseRecommendationCommand({ Service: 'Amazon Redshift' }),
  );
  t.strictSame(Recommendations, []);
});

t.test('the last generated set is answered', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = costExplorer(t, simulator);
  const read = async () =>
    (await client.send(new GetSavingsPlansPurchaseRecommendationCommand(PLAN))).Metadata;
  const first = await read();
  t.equal(first?.GenerationTimestamp, '2026-03-15T04:00:00Z');
  simulator.setClock(() => new Date('2026-03-15T20:00:00Z'));
  t.strictSame(await read(), first);
  simulator.setClock(() => new Date('2026-03-16T03:00:00Z'));
  t.strictSame(await read(), first, 'not yet made anew');
  simulator.setClock(() => new Date('2026-03-16T04:00:00Z'));
  t.equal((await read())?.GenerationTimestamp, '2026-03-16T04:00:00Z');
  t.not((await read())?.RecommendationId, first?.RecommendationId);
});

t.test('refusals', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = costExplorer(t, simulator);
  const invalid = { name: 'ValidationException' };
  await t.rejects(client.send(new GetRightsizingRecommendationCommand({ Service: EC2 })), invalid);
  await t.rejects(
    rightsizing(client, { PageSize: 5000 }),
    invalid,
    'the service model allows it, AWS does not',
  );
  await t.rejects(rightsizing(client, { Filter: { Tags: { Key: 'a', Values: ['b'] } } }), invalid);
  await t.rejects(plans(client, { PaymentOption: 'HEAVY_UTILIZATION' }), invalid);
  await t.rejects(plans(client, { LookbackPeriodInDays: undefined }), invalid);
  await t.rejects(reservations(client, 'AmazonEC2'), invalid);
  await t.rejects(reservations(client, 'Amazon Simple Storage Service'), invalid);
  simulator.faults.add(NOT_ENABLED.rightsizing);
  await t.rejects(rightsizing(client), { name: 'AccessDeniedException', message: /opt-in only feature/ });
  t.ok((await plans(client)).items.length > 0, 'the others are as they were');
  await t.rejects(rightsizing(costExplorer(t, simulator, SOME_KEYS, 'eu-west-1')), {
    name: 'InvalidSignatureException',
  });
});
