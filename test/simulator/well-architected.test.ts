import {
  GetConsolidatedReportCommand,
  GetLensReviewCommand,
  ListLensReviewsCommand,
  ListWorkloadsCommand,
  type WellArchitectedClient,
} from '@aws-sdk/client-wellarchitected';
import t from 'tap';
import { generateBill } from '../../src/simulator/index.ts';
import { ACCOUNTS, keysOf, MANAGEMENT, readAll, wellArchitectedClient } from './clients.ts';
import { NOW, now, start } from './helper.ts';

const bill = generateBill({ seed: 11, today: NOW, days: 3 });
const REGIONS = ['us-east-1', 'eu-central-1', 'us-west-2'];

function report(client: WellArchitectedClient, MaxResults = 15, IncludeSharedResources = true) {
  return readAll(async (NextToken) => {
    const page = await client.send(
      new GetConsolidatedReportCommand({ Format: 'JSON', IncludeSharedResources, MaxResults, NextToken }),
    );
    return { items: page.Metrics, token: page.NextToken };
  });
}

function workloads(client: WellArchitectedClient, MaxResults = 50) {
  return readAll(async (NextToken) => {
    const page = await client.send(new ListWorkloadsCommand({ MaxResults, NextToken }));
    return { items: page.WorkloadSummaries, token: page.NextToken };
  });
}

function lensReviews(client: WellArchitectedClient, WorkloadId: string | undefined, MaxResults = 50) {
  return readAll(async (NextToken) => {
    const page = await client.send(new ListLensReviewsCommand({ WorkloadId, MaxResults, NextToken }));
    return { items: page.LensReviewSummaries, token: page.NextToken };
  });
}

type Counts = Partial<Record<string, number>>;

function add(counts: readonly (Counts | undefined)[]): Counts {
  const sum: Record<string, number> = {};
  for (const [risk, count] of counts.flatMap((item) => Object.entries(item ?? {}))) {
    sum[risk] = (sum[risk] ?? 0) + (count ?? 0);
  }
  return sum;
}

t.test('the report and the longer way agree, for every account and region', async (t) => {
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  const seen = new Map<string, number>();
  const lenses = new Set<string>();
  const withCounts = { missing: 0 };
  for (const { accountId } of ACCOUNTS) {
    for (const region of REGIONS) {
      const client = wellArchitectedClient(t, simulator, keysOf(accountId), region);
      const metrics = (await report(client)).items;
      const summaries = (await workloads(client)).items;
      t.strictSame(
        metrics.map((metric) => metric.WorkloadArn),
        summaries.map((summary) => summary.WorkloadArn),
      );
      for (const [i, summary] of summaries.entries()) {
        const arn = summary.WorkloadArn ?? '';
        seen.set(arn, (seen.get(arn) ?? 0) + 1);
        t.match(arn, `arn:aws:wellarchitected:${region}:${summary.Owner}:workload/${summary.WorkloadId}`);
        t.ok(summary.UpdatedAt instanceof Date && summary.UpdatedAt <= NOW);
        const metric = metrics[i];
        t.strictSame(metric?.UpdatedAt, summary.UpdatedAt);
        t.strictSame(metric?.RiskCounts, summary.RiskCounts);
        t.equal(metric?.LensesAppliedCount, summary.Lenses?.length);
        t.strictSame(add((metric?.Lenses ?? []).map((lens) => lens.RiskCounts)), add([summary.RiskCounts]));

        const reviews = (await lensReviews(client, summary.WorkloadId)).items;
        t.strictSame(
          reviews.map(({ LensAlias }) => LensAlias),
          summary.Lenses,
        );
        for (const [j, { LensAlias, LensArn, RiskCounts }] of reviews.entries()) {
          lenses.add(LensAlias ?? '');
          const { LensReview } = await client.send(
            new GetLensReviewCommand({ WorkloadId: summary.WorkloadId, LensAlias }),
          );
          const pillars = LensReview?.PillarReviewSummaries ?? [];
          t.equal(metric?.Lenses?.[j]?.LensArn, LensArn);
          t.strictSame(
            metric?.Lenses?.[j]?.Pillars?.map((pillar) => [pillar.PillarId, pillar.RiskCounts]),
            pillars.map((pillar) => [pillar.PillarId, pillar.RiskCounts]),
          );
          t.strictSame(add(pillars.map((pillar) => pillar.RiskCounts)), add([RiskCounts]));
          withCounts.missing += pillars.filter(
            ({ RiskCounts = {} }) => Object.keys(RiskCounts).length < 5,
          ).length;
        }
      }
    }
  }
  t.ok([...seen.values()].includes(2), 'a workload is seen by two accounts');
  t.ok(
    [...lenses].some((alias) => alias.startsWith('arn:')),
    'a custom lens is known by its ARN',
  );
  t.ok(withCounts.missing > 0, 'a count of 0 is missing');
  t.ok(
    new Set([...seen.keys()].map((arn) => arn.split(':')[3])).size > 1,
    'workloads are in several regions',
  );
});

t.test('shared workloads are in the report where they are asked for', async (t) => {
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  let shared = 0;
  for (const { accountId } of ACCOUNTS) {
    const client = wellArchitectedClient(t, simulator, keysOf(accountId));
    const all = (await workloads(client)).items;
    const own = (await report(client, 15, false)).items;
    t.strictSame(
      own.map(({ WorkloadId }) => WorkloadId),
      all.filter(({ Owner }) => Owner === accountId).map(({ WorkloadId }) => WorkloadId),
    );
    shared += all.length - own.length;
  }
  t.ok(shared > 0);
});

t.test('pages of any size hold the same', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = wellArchitectedClient(t, simulator);
  const whole = await report(client);
  const list = await workloads(client);
  t.ok(whole.items.length > 1);
  for (const size of [1, 2, whole.items.length]) {
    const paged = await report(client, size);
    t.strictSame(paged.items, whole.items);
    t.equal(paged.pages, Math.ceil(whole.items.length / size));
    t.strictSame((await workloads(client, size)).items, list.items);
  }
  const { WorkloadId } = list.items.find(({ Lenses = [] }) => Lenses.length > 1) ?? {};
  const reviews = await lensReviews(client, WorkloadId);
  const paged = await lensReviews(client, WorkloadId, 1);
  t.strictSame(paged.items, reviews.items);
  t.equal(paged.pages, reviews.items.length);
  const input = { Format: 'JSON', IncludeSharedResources: true, MaxResults: 1 } as const;
  const { NextToken } = await client.send(new GetConsolidatedReportCommand(input));
  const refused = { name: 'ValidationException' };
  await t.rejects(
    client.send(new GetConsolidatedReportCommand({ ...input, MaxResults: 2, NextToken })),
    refused,
  );
  await t.rejects(client.send(new GetConsolidatedReportCommand({ ...input, NextToken: 'garbage' })), refused);
  await t.rejects(client.send(new ListWorkloadsCommand({ NextToken })), refused);
});

t.test('refusals', async (t) => {
  const simulator = await start(t, { bill, now, accounts: ACCOUNTS });
  const client = wellArchitectedClient(t, simulator, keysOf(MANAGEMENT));
  const { WorkloadId } = (await workloads(client)).items[0] ?? {};
  const notFound = { name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } };
  await t.rejects(client.send(new ListLensReviewsCommand({ WorkloadId: '0'.repeat(32) })), notFound);
  await t.rejects(client.send(new GetLensReviewCommand({ WorkloadId, LensAlias: 'finops' })), notFound);
  const elsewhere = wellArchitectedClient(t, simulator, keysOf(MANAGEMENT), 'us-west-2');
  await t.rejects(
    elsewhere.send(new ListLensReviewsCommand({ WorkloadId })),
    notFound,
    'in its region alone',
  );
  await t.rejects(client.send(new GetConsolidatedReportCommand({ Format: 'PDF' })), {
    name: 'ValidationException',
  });
  const { url } = simulator;
  const unsigned = await fetch(`${url}/consolidatedReport?Format=JSON`);
  t.equal(unsigned.status, 403);
  t.equal(unsigned.headers.get('x-amzn-errortype'), 'MissingAuthenticationTokenException');
  for (const path of ['/consolidatedReports', '/workloads/%zz/lensReviews']) {
    t.equal((await fetch(url + path)).status, 400, path);
  }
});

t.test('its own errors', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = wellArchitectedClient(t, simulator);
  const cases = [
    [{ kind: 'deny' }, 'AccessDeniedException', 403],
    [{ kind: 'throttle' }, 'ThrottlingException', 429],
    [{ kind: 'error500' }, 'InternalServerException', 500],
  ] as const;
  for (const [rule, name, status] of cases) {
    simulator.faults.clear();
    simulator.faults.add({ ...rule, operation: 'GetConsolidatedReport' });
    await t.rejects(report(client), { name, $metadata: { httpStatusCode: status } });
    t.match(simulator.requests.at(-1), {
      error: name,
      operation: 'GetConsolidatedReport',
      region: 'us-east-1',
    });
    await workloads(client);
  }
  simulator.faults.clear();
  simulator.faults.add({ kind: 'deny' });
  await t.rejects(workloads(client), {
    message: /wellarchitected:ListWorkloads/,
  });
});

t.test('there is none in China', async (t) => {
  const simulator = await start(t, { bill, now });
  for (const region of ['cn-north-1', 'cn-northwest-1']) {
    const client = wellArchitectedClient(t, simulator, undefined, region);
    await t.rejects(report(client), { name: 'UnknownEndpoint' }, region);
    await t.rejects(workloads(client), { name: 'UnknownEndpoint' });
  }
  t.ok((await workloads(wellArchitectedClient(t, simulator, undefined, 'us-gov-west-1'))).pages > 0);
});
