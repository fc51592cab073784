import {
  GetResourcesCommand,
  type GetResourcesCommandInput,
  type ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import t from 'tap';
import type { FocusRow } from '../../src/focus.ts';
import { generateBill } from '../../src/simulator/index.ts';
import { ACCOUNTS, keysOf, MANAGEMENT, PRODUCTION, readAll, taggingClient } from './clients.ts';
import { NOW, now, row, start } from './helper.ts';

const bill = generateBill({ seed: 11, today: NOW, days: 40 });
const REGIONS = ['us-east-1', 'eu-central-1', 'us-west-2'];

function read(client: ResourceGroupsTaggingAPIClient, input: GetResourcesCommandInput = {}) {
  return readAll(async (PaginationToken) => {
    const page = await client.send(new GetResourcesCommand({ ...input, PaginationToken }));
    return { items: page.ResourceTagMappingList, token: page.PaginationToken };
  });
}

/** A tagged resource of the test's own. */
function resource(id: string | null, fields: Partial<FocusRow> = {}): FocusRow {
  return row('2026-03-10', '1', { ResourceId: id, Tags: { a: '1' }, ...fields });
}

t.test('the tagged resources of the own account, region by region, as the bill has them', async (t) => {
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  for (const account of [MANAGEMENT, PRODUCTION]) {
    for (const region of REGIONS) {
      const { items } = await read(taggingClient(t, simulator, keysOf(account), region));
      const expected = new Map<string, Readonly<Record<string, string>>>();
      for (const { SubAccountId, RegionId, ResourceId, Tags, ServiceName } of bill) {
        const isHere = ServiceName === 'Amazon CloudFront' ? region === 'us-east-1' : RegionId === region;
        if (SubAccountId === account && isHere && ResourceId && Object.keys(Tags).length > 0) {
          expected.set(ResourceId, Tags);
        }
      }
      const found = items.map(({ ResourceARN = '', Tags = [] }): [string, object] => [
        [...expected.keys()].find((id) => ResourceARN.endsWith(id)) ?? ResourceARN,
        Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])),
      ]);
      t.strictSame(new Map(found), expected, `${account} ${region}`);
      t.equal(items.length, expected.size);
    }
  }
  const { region, operation, service } = simulator.requests[1] ?? {};
  t.strictSame(
    { region, operation, service },
    { region: 'eu-central-1', operation: 'GetResources', service: 'tagging' },
  );
});

t.test('pages of any size hold the same; the last has an empty token', async (t) => {
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  const client = taggingClient(t, simulator, keysOf(PRODUCTION));
  const whole = await read(client, { ResourcesPerPage: 100 });
  t.equal(whole.pages, 1);
  for (const ResourcesPerPage of [1, 2, 3, whole.items.length]) {
    const paged = await read(client, { ResourcesPerPage });
    t.strictSame(paged.items, whole.items, `${ResourcesPerPage} a page`);
    t.equal(paged.pages, Math.ceil(whole.items.length / ResourcesPerPage));
  }
  const byTags = await read(client, { TagsPerPage: 100 });
  t.strictSame(byTags.items, whole.items);
  t.ok(byTags.pages > 1);
  const last = await client.send(new GetResourcesCommand({ PaginationToken: '' }));
  t.equal(last.PaginationToken, '');
  const { PaginationToken } = await client.send(new GetResourcesCommand({ ResourcesPerPage: 1 }));
  const other = taggingClient(t, simulator, keysOf(PRODUCTION), 'eu-central-1');
  await t.rejects(other.send(new GetResourcesCommand({ ResourcesPerPage: 1, PaginationToken })), {
    name: 'PaginationTokenExpiredException',
  });
  await t.rejects(client.send(new GetResourcesCommand({ ResourcesPerPage: 2, PaginationToken })), {
    name: 'PaginationTokenExpiredException',
  });
});

t.test('filters', async (t) => {
  const rows = [
    resource('i-1', { Tags: { a: '1', b: 'x' }, ServiceName: 'Amazon Elastic Compute Cloud' }),
    resource('vol-1', { Tags: { a: '2' }, ServiceName: 'Amazon Elastic Compute Cloud' }),
    resource('arn:aws:rds:eu-central-1:222233334444:db:main', { Tags: { a: '1' } }),
    resource('bucket', { Tags: { b: 'y' }, ServiceName: 'Amazon Simple Storage Service' }),
  ];
  const accounts = [{ accountId: '222233334444', ...keysOf('222233334444') }];
  const simulator = await start(t, { bill: rows, now, accounts });
  const client = taggingClient(t, simulator, keysOf('222233334444'), 'eu-central-1');
  const found = async (input: GetResourcesCommandInput) =>
    (await read(client, input)).items.map(({ ResourceARN = '' }) => ResourceARN.split(/[:/]/).at(-1)).sort();
  t.strictSame(await found({}), ['bucket', 'i-1', 'main', 'vol-1']);
  t.strictSame(await found({ TagFilters: [{ Key: 'a' }] }), ['i-1', 'main', 'vol-1']);
  t.strictSame(await found({ TagFilters: [{ Key: 'a', Values: ['1', '3'] }] }), ['i-1', 'main']);
  t.strictSame(await found({ TagFilters: [{ Key: 'a' }, { Key: 'b' }] }), ['i-1'], 'all filters');
  t.strictSame(await found({ ResourceTypeFilters: ['ec2:volume', 'rds'] }), ['main', 'vol-1']);
  t.strictSame(await found({ ResourceARNList: ['arn:aws:s3:::bucket', 'arn:aws:s3:::none'] }), ['bucket']);
  t.strictSame(await found({ IncludeComplianceDetails: true, ExcludeCompliantResources: true }), []);
  const refused: GetResourcesCommandInput[] = [
    { ResourcesPerPage: 101 },
    { ResourcesPerPage: 0 },
    { TagsPerPage: 99 },
    { ResourceTypeFilters: ['EC2 instances'] },
    { ResourceARNList: ['bucket'] },
    { ResourceARNList: ['arn:aws:s3:::bucket'], TagFilters: [{ Key: 'a' }] },
    { ExcludeCompliantResources: true },
  ];
  for (const input of refused) {
    await t.rejects(client.send(new GetResourcesCommand(input)), { name: 'InvalidParameterException' });
  }
});

t.test('a tag that is gone, one to come, global resources', async (t) => {
  const rows = [
    resource('arn:aws:sqs:eu-central-1:222233334444:was', { ChargePeriodStart: '2026-03-09T00:00:00Z' }),
    resource('arn:aws:sqs:eu-central-1:222233334444:was', { Tags: {} }),
    resource('arn:aws:sqs:eu-central-1:222233334444:never', { Tags: {} }),
    resource('arn:aws:sqs:eu-central-1:222233334444:later', { ChargePeriodStart: '2026-03-15T13:00:00Z' }),
    resource('arn:aws:cloudfront::222233334444:distribution/E1'),
    resource('arn:aws:iam::222233334444:role/r', { RegionId: null }),
    resource(null),
  ];
  const accounts = [{ accountId: '222233334444', ...keysOf('222233334444') }];
  const simulator = await start(t, { bill: rows, now, accounts });
  const found = async (region: string) =>
    (await read(taggingClient(t, simulator, keysOf('222233334444'), region))).items;
  t.strictSame(await found('eu-central-1'), [
    { ResourceARN: 'arn:aws:sqs:eu-central-1:222233334444:was', Tags: [] },
  ]);
  t.match(await found('us-east-1'), [{ ResourceARN: /distribution\/E1$/ }]);
  simulator.setClock(() => new Date('2026-03-15T13:00:00Z'));
  t.equal((await found('eu-central-1')).length, 2);
});

t.test('its own errors', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = taggingClient(t, simulator);
  const cases = [
    [{ kind: 'deny' }, 'AccessDeniedException', /not authorized to perform: tag:GetResources/],
    [{ kind: 'throttle' }, 'ThrottledException', /Rate exceeded/],
    [{ kind: 'error500' }, 'InternalServiceException', /internal error/],
  ] as const;
  for (const [rule, name, message] of cases) {
    simulator.faults.clear();
    simulator.faults.add(rule);
    await t.rejects(client.send(new GetResourcesCommand({})), { name, message });
    t.match(simulator.requests.at(-1), { error: name, fault: rule.kind });
  }
});
