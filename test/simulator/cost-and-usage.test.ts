import { GetCostAndUsageCommand, type GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import t from 'tap';
import type { FocusRow } from '../../src/focus.ts';
import { costExplorer, now, row, type Scope, start } from './helper.ts';

const EC2 = 'Amazon Elastic Compute Cloud';
const BILL: FocusRow[] = [
  row('2026-02-27', '1.10', { Tags: { env: 'prod' } }),
  row('2026-02-28', '2.20', { EffectiveCost: '5', Tags: { env: '' } }),
  row('2026-03-01', '0.0000000123'),
  row('2026-03-01', '-3', { ChargeCategory: 'Credit', SubAccountId: '333344445555', SubAccountName: null }),
  row('2026-03-01', '3', { SubAccountId: '333344445555', SubAccountName: 'Late name' }),
  row('2026-03-14', '0.1', {
    ServiceName: EC2,
    ChargeDescription: '$1 per On Demand Linux m5.large Instance Hour',
  }),
  row('2026-03-14', '0.2', {
    ServiceName: EC2,
    ChargeDescription: '$0.045 per NAT Gateway Hour',
    RegionId: null,
  }),
  row('2026-03-14', '0.7', { SubAccountId: null, Tags: { env: 'a$b', constructor: 'x' } }),
  row('2026-03-15', '4', {
    ChargePeriodStart: '2026-03-15T11:00:00Z',
    ChargePeriodEnd: '2026-03-15T12:00:00Z',
  }),
  row('2026-03-15', '8', {
    ChargePeriodStart: '2026-03-15T12:00:00Z',
    ChargePeriodEnd: '2026-03-15T13:00:00Z',
  }),
  row('2026-03-15', '16', {
    ChargePeriodStart: '2026-03-15T13:00:00Z',
    ChargePeriodEnd: '2026-03-15T14:00:00Z',
  }),
];

async function asker(t: Scope, bill = BILL) {
  const client = costExplorer(t, await start(t, { bill, now }));
  return (input: Partial<GetCostAndUsageCommandInput>) =>
    client.send(
      new GetCostAndUsageCommand({
        TimePeriod: { Start: '2026-02-27', End: '2026-03-17' },
        Granularity: 'DAILY',
        Metrics: ['BlendedCost'],
        ...input,
      }),
    );
}

/** `start key,key amount` for each group. */
function flat(answer: Awaited<ReturnType<Awaited<ReturnType<typeof asker>>>>): string[] {
  return (answer.ResultsByTime ?? []).flatMap((result) =>
    (result.Groups ?? []).map(
      (group) =>
        `${result.TimePeriod?.Start} ${group.Keys?.join()} ${Object.values(group.Metrics ?? {})
          .map(({ Amount }) => Amount)
          .join()}`,
    ),
  );
}

t.test('every day is there; a day without charges has zero or no groups', async (t) => {
  const ask = await asker(t);
  const plain = await ask({});
  t.equal(plain.ResultsByTime?.length, 18);
  t.strictSame(plain.ResultsByTime?.[0], {
    TimePeriod: { Start: '2026-02-27', End: '2026-02-28' },
    Total: { BlendedCost: { Amount: '1.1', Unit: 'USD' } },
    Groups: [],
    Estimated: false,
  });
  t.strictSame(plain.ResultsByTime?.[3]?.Total, { BlendedCost: { Amount: '0', Unit: 'USD' } });
  t.equal(plain.ResultsByTime?.[2]?.Total?.BlendedCost?.Amount, '1.23E-8', 'as BigDecimal writes it');
  t.equal(plain.ResultsByTime?.[16]?.Total?.BlendedCost?.Amount, '12', 'today so far: what has started');
  t.equal(plain.NextPageToken, undefined);
  t.equal(plain.GroupDefinitions, undefined);

  const grouped = await ask({ GroupBy: [{ Type: 'DIMENSION', Key: 'SERVICE' }] });
  t.equal(grouped.ResultsByTime?.length, 18);
  t.strictSame(grouped.ResultsByTime?.[3], {
    TimePeriod: { Start: '2026-03-02', End: '2026-03-03' },
    Total: {},
    Groups: [],
    Estimated: true,
  });
  t.strictSame(grouped.GroupDefinitions, [{ Type: 'DIMENSION', Key: 'SERVICE' }]);
  t.strictSame(
    plain.ResultsByTime?.map((result) => result.Estimated),
    [false, false, ...Array(16).fill(true)],
    'every day of the open month is estimated',
  );
});

t.test('groups by service and account, with the names of the accounts', async (t) => {
  const ask = await asker(t);
  const answer = await ask({
    GroupBy: [
      { Type: 'DIMENSION', Key: 'SERVICE' },
      { Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' },
    ],
  });
  t.strictSame(flat(answer), [
    '2026-02-27 AWS Lambda,222233334444 1.1',
    '2026-02-28 AWS Lambda,222233334444 2.2',
    '2026-03-01 AWS Lambda,222233334444 1.23E-8',
    '2026-03-01 AWS Lambda,333344445555 0',
    '2026-03-14 AWS Lambda,111122223333 0.7',
    '2026-03-14 Amazon Elastic Compute Cloud - Compute,222233334444 0.1',
    '2026-03-14 EC2 - Other,222233334444 0.2',
    '2026-03-15 AWS Lambda,222233334444 12',
  ]);
  t.strictSame(answer.DimensionValueAttributes, [
    { Value: '111122223333', Attributes: { description: 'Payer' } },
    { Value: '222233334444', Attributes: { description: 'Member' } },
    { Value: '333344445555', Attributes: { description: 'Late name' } },
  ]);
});

t.test('months are clipped to the period and sum their days', async (t) => {
  const ask = await asker(t);
  const answer = await ask({
    Granularity: 'MONTHLY',
    Metrics: ['UnblendedCost', 'AmortizedCost', 'NetAmortizedCost', 'NetUnblendedCost', 'UsageQuantity'],
    TimePeriod: { Start: '2026-02-28', End: '2026-03-15' },
  });
  const zero = { Amount: '0', Unit: 'N/A' };
  const usd = (Amount: string) => ({ Amount, Unit: 'USD' });
  const march = usd('1.0000000123');
  t.strictSame(answer.ResultsByTime, [
    {
      TimePeriod: { Start: '2026-02-28', End: '2026-03-01' },
      Total: {
        UnblendedCost: usd('2.2'),
        AmortizedCost: usd('5'),
        NetAmortizedCost: usd('5'),
        NetUnblendedCost: usd('2.2'),
        UsageQuantity: zero,
      },
      Groups: [],
      Estimated: false,
    },
    {
      TimePeriod: { Start: '2026-03-01', End: '2026-03-15' },
      Total: {
        UnblendedCost: march,
        AmortizedCost: march,
        NetAmortizedCost: march,
        NetUnblendedCost: march,
        UsageQuantity: zero,
      },
      Groups: [],
      Estimated: true,
    },
  ]);
});

t.test('groups by tag: no tag and an empty value are one, a value may hold a $', async (t) => {
  const ask = await asker(t);
  const month = { Granularity: 'MONTHLY' as const };
  t.strictSame(flat(await ask({ ...month, GroupBy: [{ Type: 'TAG', Key: 'env' }] })), [
    '2026-02-27 env$ 2.2',
    '2026-02-27 env$prod 1.1',
    '2026-03-01 env$ 12.3000000123',
    '2026-03-01 env$a$b 0.7',
  ]);
  t.strictSame(
    flat(await ask({ ...month, GroupBy: [{ Type: 'TAG', Key: 'nobody has it' }] })),
    ['2026-02-27 nobody has it$ 3.3', '2026-03-01 nobody has it$ 13.0000000123'],
    'an inactive key: everything untagged',
  );
  t.strictSame(flat(await ask({ ...month, GroupBy: [{ Type: 'TAG', Key: 'toString' }] })), [
    '2026-02-27 toString$ 3.3',
    '2026-03-01 toString$ 13.0000000123',
  ]);
  t.strictSame(flat(await ask({ ...month, GroupBy: [{ Type: 'COST_CATEGORY', Key: 'team' }] })), [
    '2026-02-27 team$ 3.3',
    '2026-03-01 team$ 13.0000000123',
  ]);
});

t.test('groups by the other dimensions', async (t) => {
  const ask = await asker(t);
  const period = { TimePeriod: { Start: '2026-03-14', End: '2026-03-15' } };
  const by = async (Key: string) => flat(await ask({ ...period, GroupBy: [{ Type: 'DIMENSION', Key }] }));
  t.strictSame(await by('REGION'), ['2026-03-14 NoRegion 0.2', '2026-03-14 eu-central-1 0.8']);
  t.strictSame(await by('USAGE_TYPE'), [
    '2026-03-14 EUC1-BoxUsage:m5.large 0.1',
    '2026-03-14 NatGateway-Hours 0.2',
    '2026-03-14 NoUsageType 0.7',
  ]);
  t.strictSame(await by('INSTANCE_TYPE_FAMILY'), ['2026-03-14 NoInstanceType 0.9', '2026-03-14 m5 0.1']);
  t.strictSame(await by('AZ'), ['2026-03-14 NoAZ 1']);
  const records = await ask({
    TimePeriod: { Start: '2026-03-01', End: '2026-03-02' },
    GroupBy: [{ Type: 'DIMENSION', Key: 'RECORD_TYPE' }],
  });
  t.strictSame(flat(records), ['2026-03-01 Credit -3', '2026-03-01 Usage 3.0000000123']);
});

t.test('filters', async (t) => {
  const ask = await asker(t);
  const total = async (Filter: GetCostAndUsageCommandInput['Filter']) => {
    const answer = await ask({
      Filter,
      Granularity: 'MONTHLY',
      TimePeriod: { Start: '2026-03-01', End: '2026-04-01' },
    });
    return answer.ResultsByTime?.[0]?.Total?.BlendedCost?.Amount;
  };
  const services = { Dimensions: { Key: 'SERVICE' as const, Values: ['EC2 - Other', 'AWS Lambda'] } };
  const credits = { Dimensions: { Key: 'RECORD_TYPE' as const, Values: ['Credit', 'Refund'] } };
  t.equal(await total(undefined), '13.0000000123');
  t.equal(await total(services), '12.9000000123');
  t.equal(await total({ Not: credits }), '16.0000000123');
  t.equal(await total({ And: [services, { Not: credits }] }), '15.9000000123');
  t.equal(await total({ Or: [credits, { Tags: { Key: 'env', Values: ['a$b'] } }] }), '-2.3');
  t.equal(await total({ Tags: { Key: 'env', MatchOptions: ['ABSENT'] } }), '12.3000000123');
  t.equal(await total({ Tags: { Key: 'env', Values: [''] } }), '12.3000000123');
  t.equal(await total({ CostCategories: { Key: 'team', Values: ['x'] } }), '0');
  t.equal(
    await total({ Dimensions: { Key: 'USAGE_TYPE_GROUP', Values: ['EC2: NAT Gateway - Running Hours'] } }),
    '0.2',
    'filtered by, though not grouped by',
  );
  t.equal(await total({ Dimensions: { Key: 'SERVICE', Values: ['no such'] } }), '0');
});

t.test('estimates, the edges of months and an empty bill', async (t) => {
  const simulator = await start(t, { bill: BILL, now });
  const client = costExplorer(t, simulator);
  const estimated = async (at: string) => {
    simulator.setClock(() => new Date(at));
    const answer = await client.send(
      new GetCostAndUsageCommand({
        TimePeriod: { Start: '2026-02-28', End: '2026-03-02' },
        Granularity: 'DAILY',
        Metrics: ['BlendedCost'],
      }),
    );
    return answer.ResultsByTime?.map((result) => result.Estimated);
  };
  t.strictSame(
    await estimated('2026-03-04T23:59:59Z'),
    [true, true],
    'the invoice of February is still open',
  );
  t.strictSame(await estimated('2026-03-05T00:00:00Z'), [false, true]);
  t.strictSame(await estimated('2026-04-05T00:00:00Z'), [false, false]);

  const ask = await asker(t, []);
  const empty = await ask({ GroupBy: [{ Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' }] });
  t.equal(empty.ResultsByTime?.length, 18);
  t.strictSame(empty.DimensionValueAttributes, []);
});

t.test('sums are exact where floats are not, whatever the number of days', async (t) => {
  const day = (i: number) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10);
  const bill = Array.from({ length: 1000 }, (_, i) =>
    row(day(i % 59), i === 999 ? '10000000000000000' : '0.1'),
  );
  const ask = await asker(t, bill);
  const answer = await ask({
    Granularity: 'MONTHLY',
    TimePeriod: { Start: '2026-01-01', End: '2026-03-01' },
    GroupBy: [{ Type: 'DIMENSION', Key: 'PLATFORM' }],
  });
  t.strictSame(flat(answer), ['2026-01-01 NoPlatform 52.7', '2026-02-01 NoPlatform 10000000000000047.2']);
});

t.test('another bill is seen at once, days that stayed and days that changed alike', async (t) => {
  const simulator = await start(t, { bill: BILL, now });
  const client = costExplorer(t, simulator);
  const amounts = async () => {
    const answer = await client.send(
      new GetCostAndUsageCommand({
        TimePeriod: { Start: '2026-02-27', End: '2026-03-02' },
        Granularity: 'DAILY',
        Metrics: ['BlendedCost'],
      }),
    );
    return answer.ResultsByTime?.map((result) => result.Total?.BlendedCost?.Amount);
  };
  t.strictSame(await amounts(), ['1.1', '2.2', '1.23E-8']);
  simulator.setBill(BILL.map((charge, i) => (i === 1 ? { ...charge, BilledCost: '7' } : charge)));
  t.strictSame(await amounts(), ['1.1', '7', '1.23E-8'], 'restated');
  simulator.setBill(BILL.slice(1));
  t.strictSame(await amounts(), ['0', '2.2', '1.23E-8'], 'taken away');
  simulator.setBill([...BILL, row('2026-02-27', '0.9')]);
  t.strictSame(await amounts(), ['2', '2.2', '1.23E-8'], 'added');
});

t.test('a bill in two currencies is refused', async (t) => {
  const bill = [row('2026-03-01', '1'), row('2026-03-01', '1', { BillingCurrency: 'EUR' })];
  await t.rejects(start(t, { bill }), { name: 'RangeError', message: /row 2.*EUR.*USD/ });
});
