import {
  CostExplorerClient,
  GetCostAndUsageCommand,
  type GetCostAndUsageCommandInput,
} from '@aws-sdk/client-cost-explorer';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import t from 'tap';
import { costExplorer, now, readPages, row, type Scope, SOME_KEYS, start, stsClient } from './helper.ts';

const QUERY: GetCostAndUsageCommandInput = {
  TimePeriod: { Start: '2026-03-01', End: '2026-03-04' },
  Granularity: 'DAILY',
  Metrics: ['BlendedCost'],
  GroupBy: [{ Type: 'DIMENSION', Key: 'SERVICE' }],
};
const bill = ['01', '02', '03'].map((day) => row(`2026-03-${day}`, '1'));

async function setUp(t: Scope) {
  const simulator = await start(t, { bill, now, pageSize: 1 });
  const client = costExplorer(t, simulator);
  return {
    simulator,
    client,
    ask: (signal?: AbortSignal) => client.send(new GetCostAndUsageCommand(QUERY), { abortSignal: signal }),
  };
}

t.test('errors of AWS', async (t) => {
  const { simulator, ask, client } = await setUp(t);
  const cases = [
    [{ kind: 'throttle' }, 'ThrottlingException', 400],
    [{ kind: 'error500' }, 'InternalServerException', 500],
    [{ kind: 'error503' }, 'ServiceUnavailableException', 503],
    [{ kind: 'deny' }, 'AccessDeniedException', 400],
    [{ kind: 'error', type: 'LimitExceededException', message: 'Too fast' }, 'LimitExceededException', 400],
    [{ kind: 'error', type: 'Odd', message: 'Odd', status: 418 }, 'Odd', 418],
  ] as const;
  for (const [rule, name, status] of cases) {
    simulator.faults.clear();
    simulator.faults.add(rule);
    await t.rejects(ask(), { name, $metadata: { httpStatusCode: status } }, rule.kind);
    t.match(simulator.requests.at(-1), { fault: rule.kind, status, error: name });
  }
  simulator.faults.clear();
  simulator.faults.add({ kind: 'deny' });
  await t.rejects(ask(), { message: /ce:GetCostAndUsage because no identity-based policy allows/ });
  await t.rejects(
    stsClient(t, simulator).send(new GetCallerIdentityCommand({})),
    { name: 'AccessDenied', message: /sts:GetCallerIdentity/ },
    'in the query protocol',
  );
  simulator.faults.clear();
  t.equal((await readPages(client, QUERY)).length, 3, 'all is well again');
});

t.test('a rule hits what it names', async (t) => {
  const { simulator, client, ask } = await setUp(t);
  const { faults } = simulator;
  faults.add({ kind: 'throttle', page: 2 });
  await ask();
  await t.rejects(readPages(client, QUERY), { name: 'ThrottlingException' });
  t.strictSame(
    simulator.requests.map(({ page, fault }) => [page, fault]),
    [
      [1, undefined],
      [1, undefined],
      [2, 'throttle'],
    ],
  );
  faults.clear();
  faults.add({ kind: 'throttle', operation: 'GetCostForecast' });
  faults.add({ kind: 'throttle', account: '222233334444' });
  t.equal((await readPages(client, QUERY)).length, 3, 'another operation, another account');
  faults.clear();
  faults.add({ kind: 'throttle', account: '111122223333', after: 1, times: 2 });
  faults.add({ kind: 'error500', after: 1, times: 1 });
  const seen: string[] = [];
  for (let i = 0; i < 6; i++) {
    await ask().then(
      () => seen.push('ok'),
      (error: Error) => seen.push(error.name),
    );
  }
  // The first request passes both rules; the second and third meet the first rule, the fourth the second.
  t.strictSame(seen, [
    'ok',
    'ThrottlingException',
    'ThrottlingException',
    'InternalServerException',
    'ok',
    'ok',
  ]);
});

t.test('a retry meets the next answer', async (t) => {
  const simulator = await start(t, { bill, now });
  const client = new CostExplorerClient({
    endpoint: simulator.url,
    region: 'us-east-1',
    credentials: SOME_KEYS,
    maxAttempts: 3,
  });
  t.teardown(() => client.destroy());
  simulator.faults.add({ kind: 'error503', times: 1 });
  const answer = await client.send(new GetCostAndUsageCommand(QUERY));
  t.equal(answer.$metadata.attempts, 2);
  t.equal(simulator.requests.length, 2);
});

t.test('broken answers', async (t) => {
  const { simulator, ask } = await setUp(t);
  for (const kind of ['corrupt', 'truncate'] as const) {
    simulator.faults.clear();
    simulator.faults.add({ kind });
    await t.rejects(ask(), { name: 'SyntaxError' }, kind);
    t.match(simulator.requests.at(-1), { fault: kind, status: 200 });
  }
  simulator.faults.clear();
  simulator.faults.add({ kind: 'cut' });
  await t.rejects(ask(), /aborted|ECONNRESET|terminated/, 'the connection ends in the middle');
  simulator.faults.clear();
  t.ok(await ask(), 'the next connection is a new one');
});

t.test('connections that break, and answers of others', async (t) => {
  const { simulator, ask } = await setUp(t);
  const faulty = async (...[rule]: Parameters<typeof simulator.faults.add>) => {
    simulator.faults.clear();
    simulator.faults.add(rule);
    return ask().then(
      () => undefined,
      (error: Error & { code?: string; $metadata?: { httpStatusCode?: number } }) => error,
    );
  };
  t.equal((await faulty({ kind: 'reset' }))?.code, 'ECONNRESET');
  t.equal((await faulty({ kind: 'corrupt', status: 502 }))?.$metadata?.httpStatusCode, 502);
  const from = simulator.requests.length;
  const redirected = await faulty({ kind: 'redirect', location: simulator.url });
  t.equal(redirected?.$metadata?.httpStatusCode, 302);
  t.equal(simulator.requests.length, from + 1, 'it is not followed');
  t.equal(await faulty({ kind: 'huge', bytes: 3_000_000 }), undefined, 'blanks are no error');
  t.match(simulator.requests.at(-1), { fault: 'huge', status: 200 });

  simulator.faults.clear();
  simulator.faults.add({ kind: 'stall' });
  const aborter = new AbortController();
  const stalled = ask(aborter.signal);
  await eventually(() => simulator.requests.at(-1)?.fault === 'stall');
  aborter.abort();
  await t.rejects(stalled, 'there is no rest to wait for');
});

t.test("a clock that differs from AWS's", async (t) => {
  const { simulator, client, ask } = await setUp(t);
  for (const [ms, why] of [
    [3_600_000, /Signature expired/],
    [-3_600_000, /Signature not yet current/],
  ] as const) {
    simulator.faults.clear();
    simulator.faults.add({ kind: 'skew', ms });
    await t.rejects(ask(), { name: 'InvalidSignatureException', message: why });
    t.ok(await ask(), "the client goes by AWS's time from then on");
    client.config.systemClockOffset = 0;
  }
  simulator.faults.clear();
  simulator.faults.add({ kind: 'skew', ms: 60_000 });
  t.ok(await ask(), 'some minutes are no matter');
});

t.test('tokens that are made up', async (t) => {
  const { simulator, client } = await setUp(t);
  let page = 0;
  simulator.faults.add({
    kind: 'mutate',
    ignoreToken: true,
    mutate: (body) => ({ ...body, NextPageToken: page++ < 4 ? `page ${page}` : undefined }),
  });
  const days = (await readPages(client, QUERY)).map(({ ResultsByTime }) => ResultsByTime?.length);
  t.strictSame(days, [1, 1, 1, 1, 1], 'each is the first page');
});

t.test('slow answers', async (t) => {
  const { simulator, ask } = await setUp(t);
  simulator.faults.add({ kind: 'hang' });
  const aborter = new AbortController();
  const hanging = ask(aborter.signal);
  await t.resolves(eventually(() => simulator.requests.length === 1));
  t.match(simulator.requests[0], { fault: 'hang', status: undefined });
  aborter.abort();
  await t.rejects(hanging, { name: 'AbortError' });

  simulator.faults.clear();
  simulator.faults.add({ kind: 'delay', ms: 120 });
  const before = performance.now();
  await ask();
  t.ok(performance.now() - before >= 119, 'not before its time');

  simulator.faults.clear();
  simulator.faults.add({ kind: 'drip', bytes: 40, ms: 5 });
  const start = performance.now();
  const answer = await ask();
  t.equal(answer.ResultsByTime?.[0]?.Groups?.length, 1, 'the right answer');
  t.ok(performance.now() - start >= 20, 'drop by drop');
});

t.test('a changed answer', async (t) => {
  const { simulator, ask } = await setUp(t);
  const unchanged = await ask();
  simulator.faults.add({
    kind: 'mutate',
    times: 1,
    mutate(body) {
      const results = body.ResultsByTime;
      if (Array.isArray(results)) results[0].Groups[0].Keys[0] = 'changed';
      return body;
    },
  });
  t.equal((await ask()).ResultsByTime?.[0]?.Groups?.[0]?.Keys?.[0], 'changed');
  t.strictSame((await ask()).ResultsByTime, unchanged.ResultsByTime, 'a copy was changed');
});

t.test('closing ends hanging, late and dripping answers at once', async (t) => {
  const { simulator, client } = await setUp(t);
  simulator.faults.add({ kind: 'hang', times: 1 });
  simulator.faults.add({ kind: 'delay', ms: 60_000, times: 1 });
  simulator.faults.add({ kind: 'drip', bytes: 1, ms: 10_000 });
  const asked = [1, 2, 3].map(() => client.send(new GetCostAndUsageCommand(QUERY)));
  const settled = Promise.allSettled(asked);
  await eventually(() => simulator.requests.length === 3);
  await simulator.close();
  t.strictSame(
    (await settled).map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  await t.rejects(fetch(simulator.url), 'the port is free');
});

t.test('what is recorded of a request', async (t) => {
  const { simulator, ask } = await setUp(t);
  await ask();
  t.match(simulator.requests[0], {
    method: 'POST',
    path: '/',
    service: 'ce',
    operation: 'GetCostAndUsage',
    account: '111122223333',
    page: 1,
    body: QUERY,
    userAgent: /aws-sdk-js/,
    region: 'us-east-1',
    status: 200,
    error: undefined,
    fault: undefined,
  });
  await stsClient(t, simulator, SOME_KEYS, 'eu-west-1').send(new GetCallerIdentityCommand({}));
  t.match(simulator.requests[1], {
    service: 'sts',
    operation: 'GetCallerIdentity',
    region: 'eu-west-1',
    body: {},
  });
});

/** Resolves when the condition holds; the test's own timeout is the only limit. */
async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
