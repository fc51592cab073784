import { GetCostAndUsageCommand, type GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import fc from 'fast-check';
import t from 'tap';
import { generateBill } from '../../src/simulator/index.ts';
import { costExplorer, mergeResults, NOW, now, readPages, row, start } from './helper.ts';

const bill = generateBill({ seed: 5, today: NOW, days: 30 });
const QUERY: GetCostAndUsageCommandInput = {
  TimePeriod: { Start: '2026-03-08', End: '2026-03-18' },
  Granularity: 'DAILY',
  Metrics: ['BlendedCost', 'AmortizedCost'],
  GroupBy: [
    { Type: 'DIMENSION', Key: 'SERVICE' },
    { Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' },
  ],
};
const QUERIES: GetCostAndUsageCommandInput[] = [
  QUERY,
  { ...QUERY, Granularity: 'MONTHLY', TimePeriod: { Start: '2026-02-20', End: '2026-03-16' } },
  { ...QUERY, GroupBy: [{ Type: 'TAG', Key: 'application' }] },
  { ...QUERY, GroupBy: undefined },
];

t.test('no page size changes the merged answer', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = costExplorer(t, simulator);
  for (const [i, query] of QUERIES.entries()) {
    simulator.setPageSize(5000);
    const whole = await readPages(client, query);
    t.equal(whole.length, 1);
    const expected = whole[0]?.ResultsByTime;
    const most = expected?.reduce((sum, result) => sum + (result.Groups?.length ?? 0), 0) ?? 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 7, max: Math.max(8, most + 2) }), async (size) => {
        simulator.setPageSize(size);
        const pages = await readPages(client, query);
        for (const page of pages) {
          const groups =
            page.ResultsByTime?.reduce((sum, result) => sum + (result.Groups?.length ?? 0), 0) ?? 0;
          if (groups > size) throw new Error(`${groups} groups on a page of ${size}`);
        }
        if (query.GroupBy !== undefined && pages.length !== Math.max(1, Math.ceil(most / size))) {
          throw new Error(`${pages.length} pages for ${most} groups at ${size} a page`);
        }
        if (JSON.stringify(mergeResults(pages)) !== JSON.stringify(expected))
          throw new Error('figures differ');
      }),
      { numRuns: 8 },
    );
    t.pass(`query ${i}: ${most} groups`);
  }
});

t.test('a day goes on on the next page; days without charges are there once', async (t) => {
  const gaps = ['2026-03-09', '2026-03-12'].flatMap((day) => [
    row(day, '1', { ServiceName: 'A' }),
    row(day, '2', { ServiceName: 'B' }),
    row(day, '3', { ServiceName: 'C' }),
  ]);
  const client = costExplorer(t, await start(t, { bill: gaps, now, pageSize: 2 }));
  const pages = await readPages(client, { ...QUERY, TimePeriod: { Start: '2026-03-08', End: '2026-03-15' } });
  t.strictSame(
    pages.map((page) =>
      page.ResultsByTime?.map(
        ({ TimePeriod, Groups }) =>
          `${TimePeriod?.Start?.slice(8)}:${Groups?.map(({ Keys }) => Keys?.[0]).join('')}`,
      ),
    ),
    [
      ['08:', '09:AB'],
      ['09:C', '10:', '11:', '12:A'],
      ['12:BC', '13:', '14:'],
    ],
  );
  t.equal(pages[0]?.DimensionValueAttributes?.length, 1, 'each page names its accounts');
});

t.test('a token belongs to its request, its caller and its simulator', async (t) => {
  const simulator = await start(t, { bill, now, pageSize: 10 });
  const client = costExplorer(t, simulator);
  const { NextPageToken } = await client.send(new GetCostAndUsageCommand(QUERY));
  const ask = (changes: Partial<GetCostAndUsageCommandInput>) =>
    client.send(new GetCostAndUsageCommand({ ...QUERY, NextPageToken, ...changes }));
  const changed = { name: 'RequestChangedException' };
  await t.rejects(ask({ TimePeriod: { Start: '2026-03-08', End: '2026-03-17' } }), changed);
  await t.rejects(ask({ Metrics: ['BlendedCost'] }), changed);
  await t.rejects(ask({ Granularity: 'MONTHLY' }), changed);
  await t.rejects(ask({ GroupBy: QUERY.GroupBy?.toReversed() }), changed);
  await t.rejects(ask({ Filter: { Dimensions: { Key: 'SERVICE', Values: ['Tax'] } } }), changed);
  const invalid = { name: 'InvalidNextTokenException' };
  await t.rejects(ask({ NextPageToken: 'garbage' }), invalid);
  await t.rejects(ask({ NextPageToken: `${NextPageToken}AAAA` }), invalid);
  const other = await start(t, { bill, now, pageSize: 10 });
  await t.rejects(
    costExplorer(t, other).send(new GetCostAndUsageCommand({ ...QUERY, NextPageToken })),
    invalid,
  );
  t.ok((await ask({})).ResultsByTime?.length, 'the right request gets its page');
  t.strictSame(
    simulator.requests.map((request) => request.page),
    [1, 2, 2, 2, 2, 2, 1, 1, 2],
  );
});

t.test('the pages of a query come from one bill and one moment', async (t) => {
  const simulator = await start(t, { bill, now, pageSize: 60 });
  const client = costExplorer(t, simulator);
  const expected = JSON.stringify(mergeResults(await readPages(client, QUERY)));
  const first = await client.send(new GetCostAndUsageCommand(QUERY));
  simulator.setBill([row('2026-03-10', '99')]);
  simulator.setClock(() => new Date('2026-03-17T23:00:00Z'));
  const pages = [first];
  for (let token = first.NextPageToken; token !== undefined; ) {
    const page = await client.send(new GetCostAndUsageCommand({ ...QUERY, NextPageToken: token }));
    pages.push(page);
    token = page.NextPageToken;
  }
  t.equal(JSON.stringify(mergeResults(pages)), expected);
  simulator.setBill([row('2026-03-10', '100')]);
  const { NextPageToken } = first;
  await t.rejects(client.send(new GetCostAndUsageCommand({ ...QUERY, NextPageToken })), {
    name: 'InvalidNextTokenException',
  });
});
