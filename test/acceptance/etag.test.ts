// ETag and If-None-Match on data routes.
import t from 'tap';
import { startCosts } from '../helper.ts';
import { PAYER } from './bill.ts';

t.test('304 until the next publication', async (t) => {
  const { get, run, clock } = await startCosts(t);
  for (const [path, collector] of [
    ['/cost/current', 'cost'],
    ['/cost/forecast', 'forecast'],
  ] as const) {
    const first = await get(path);
    const etag = first.headers.etag ?? '';
    t.match(etag, /^(W\/)?"[^"]+"$/);
    const again = await get(path, { headers: { 'if-none-match': etag } });
    t.equal(again.status, 304, path);
    t.equal(again.bytes.length, 0);
    t.equal(again.headers.etag, etag, 'a 304 has the ETag');
    t.equal(
      (await get(path, { method: 'HEAD', headers: { 'if-none-match': etag } })).status,
      304,
      'HEAD too',
    );
    t.equal((await get(path)).text, first.text, 'the same bytes each time');
    clock.advance(60_000);
    t.equal(
      (await get(path, { headers: { 'if-none-match': etag } })).status,
      304,
      'time alone changes nothing',
    );
    t.equal(await run(collector), 'collected');
    const next = await get(path, { headers: { 'if-none-match': etag } });
    t.equal(next.status, 200, 'the next publication');
    t.not(next.headers.etag, etag);
    t.not(next.json().collectedAt, first.json().collectedAt);
  }
});

t.test('lists, weak ones and *', async (t) => {
  const { get } = await startCosts(t);
  const strong = ((await get('/cost/current')).headers.etag ?? '').replace(/^W\//, '');
  const status = async (header: string) =>
    (await get('/cost/current', { headers: { 'if-none-match': header } })).status;
  for (const header of [
    strong,
    `W/${strong}`,
    `"other", ${strong}`,
    `"a","b",W/${strong} , "c"`,
    '*',
    ' * ',
    `"a,b", ${strong}`,
  ]) {
    t.equal(await status(header), 304, header);
  }
  for (const header of [
    '"other"',
    strong.replaceAll('"', ''),
    `"x${strong.slice(1)}`,
    '',
    '"*"',
    ',',
    `"a, ${strong.slice(1, -1)}, b"`,
  ]) {
    t.equal(await status(header), 200, header);
  }
});

t.test('a change of stale is a change, and back', async (t) => {
  const { get, run, sim } = await startCosts(t);
  const fresh = await get('/cost/current');
  sim.faults.add({ kind: 'deny', operation: 'GetCostAndUsage', times: 1 });
  t.equal(await run('cost'), 'failed');
  const stale = await get('/cost/current', { headers: { 'if-none-match': fresh.headers.etag ?? '' } });
  t.equal(stale.status, 200);
  t.same(stale.json(), { ...fresh.json(), stale: true }, 'nothing but stale has changed');
  t.equal(
    (await get('/cost/current', { headers: { 'if-none-match': stale.headers.etag ?? '' } })).status,
    304,
  );
});

t.test('stale by age: two intervals after the last success', async (t) => {
  const { get, clock, collector } = await startCosts(t, { env: { COST_INTERVAL: '2h' } });
  const { etag = '' } = (await get('/cost/current')).headers;
  clock.advance(4 * 3_600_000);
  t.equal(
    (await get('/cost/current', { headers: { 'if-none-match': etag } })).status,
    304,
    'at two intervals not yet',
  );
  clock.advance(1_000);
  const old = await get('/cost/current', { headers: { 'if-none-match': etag } });
  t.equal(old.status, 200);
  t.equal(old.json().stale, true);
  t.equal((await collector('cost')).stale, true);
});

t.test('another query is another resource', async (t) => {
  const member = '222222222222';
  const { get } = await startCosts(t, {
    configFile: `targets: [{name: one}, {name: two, roleArn: "arn:aws:iam::${member}:role/costs"}]`,
    simulator: {
      accounts: [{ accountId: PAYER, accessKeyId: 'AKIATEST', sees: [PAYER] }, { accountId: member }],
    },
  });
  const one = (await get('/cost/current?target=one')).headers.etag ?? '';
  const two = await get('/cost/current?target=two', { headers: { 'if-none-match': one } });
  t.equal(two.status, 200);
  t.not(two.headers.etag, one);
  t.equal(
    (await get('/cost/current', { headers: { 'if-none-match': one } })).status,
    304,
    'the default is the first',
  );
});

t.test('no_data is a body with an ETag of its own', async (t) => {
  const { get, run, sim } = await startCosts(t, {
    before: ({ faults }) =>
      faults.add({
        kind: 'error',
        operation: 'GetCostForecast',
        type: 'DataUnavailableException',
        message: 'none',
      }),
  });
  const none = await get('/cost/forecast');
  t.equal(none.status, 200);
  const { etag = '' } = none.headers;
  t.equal((await get('/cost/forecast', { headers: { 'if-none-match': etag } })).status, 304);
  sim.faults.clear();
  t.equal(await run('forecast'), 'collected');
  t.equal((await get('/cost/forecast', { headers: { 'if-none-match': etag } })).status, 200);
});

t.test('a reason that is over is in no body any more', async (t) => {
  let known = true;
  const { get, run, sim, collector } = await startCosts(t, {
    app: {
      credentials: async () => {
        if (!known) throw Object.assign(new Error('none'), { name: 'CredentialsProviderError' });
        // Over at once: they are asked for anew each time.
        return { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', expiration: new Date(0) };
      },
    },
  });
  sim.faults.add({
    kind: 'error',
    operation: 'GetCostForecast',
    type: 'DataUnavailableException',
    message: 'none',
  });
  t.equal(await run('forecast'), 'empty');
  const none = await get('/cost/forecast');
  t.match(none.json(), { reason: 'no_data', stale: false });
  known = false;
  t.equal(await run('forecast'), 'skipped');
  t.equal((await collector('forecast')).state, 'no_credentials');
  const since = await get('/cost/forecast', { headers: { 'if-none-match': none.headers.etag ?? '' } });
  t.equal(since.status, 200);
  t.match(since.json(), { reason: null, stale: false });
});
