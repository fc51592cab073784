// Shapes, parameters and listeners.
import t from 'tap';
import { ask, startCosts } from '../helper.ts';
import { freePort } from '../servers/process.ts';
import { PAYER } from './bill.ts';

const ENVELOPE = ['target', 'accountId', 'collectedAt', 'stale'];
const keys = (body: unknown) => Object.keys(body as object).toSorted();
const COLLECTOR = [
  'collector',
  'state',
  'stale',
  'cause',
  'failed',
  'passedOver',
  'lastSuccess',
  'lastAttempt',
  'nextRun',
];
const first = (list: unknown) => (list as object[])[0] ?? {};

t.test('the bodies have the fields of the contract, and no others', async (t) => {
  const { get } = await startCosts(t);
  const current = (await get('/cost/current')).json();
  // `reason` says why there is nothing: every data body may have to.
  const figures = ['currency', 'window', 'total', 'monthToDate', 'byService', 'byAccount', 'daily', 'reason'];
  t.same(keys(current), [...ENVELOPE, ...figures].toSorted());
  t.match(current, {
    target: 'default',
    accountId: PAYER,
    collectedAt: '2026-11-22T08:00:00.000Z',
    stale: false,
  });
  t.same(keys(current.window), ['end', 'start']);
  t.same(keys(first(current.byService)), ['cost', 'service']);
  t.same(keys(first(current.byAccount)), ['accountId', 'cost', 'name']);
  t.same(keys(first(current.daily)), ['cost', 'date', 'estimated']);

  const forecast = (await get('/cost/forecast')).json();
  const expected = ['currency', 'amount', 'lower', 'upper', 'monthEnd', 'period', 'reason'];
  t.same(keys(forecast), [...ENVELOPE, ...expected].toSorted());
  t.same(keys(forecast.period), ['end', 'start']);
  t.ok(Number(forecast.lower) < Number(forecast.amount) && Number(forecast.amount) < Number(forecast.upper));

  const health = (await get('/health')).json();
  t.same(keys(health), ['status', 'timestamp', 'uptimeSeconds', 'version']);
  t.match(health, { status: 'healthy', timestamp: '2026-11-22T08:00:00.000Z', uptimeSeconds: Number });

  for (const path of ['/ready', '/targets']) {
    const body = (await get(path)).json<{ targets: { collectors: object[] }[] }>();
    t.same(keys(body), path === '/ready' ? ['status', 'targets'] : ['targets']);
    const [target] = body.targets;
    t.same(keys(target), ['accountId', 'collectors', 'target']);
    t.same(keys(first(target?.collectors)), COLLECTOR.toSorted());
    t.match(target, {
      target: 'default',
      accountId: PAYER,
      collectors: [
        {
          collector: 'cost',
          state: 'ok',
          stale: false,
          cause: null,
          lastSuccess: '2026-11-22T08:00:00.000Z',
        },
        { collector: 'forecast', state: 'ok' },
      ],
    });
  }
  t.equal((await get('/ready')).json().status, 'ready');
  const { nextRun } = first(
    (await get('/targets')).json<{ targets: { collectors: object[] }[] }>().targets[0]?.collectors,
  ) as {
    nextRun: string;
  };
  const wait = Date.parse(nextRun) - Date.parse('2026-11-22T08:00:00Z');
  t.ok(wait >= 3_600_000 && wait <= 3_600_000 * 1.1, 'the next run is an interval away, and a phase');
});

t.test('JSON is served as such, and nobody stores it', async (t) => {
  const { get } = await startCosts(t);
  for (const path of ['/cost/current', '/cost/forecast', '/health', '/ready', '/targets', '/nowhere']) {
    const { headers } = await get(path);
    t.match(headers['content-type'], /^application\/json/, path);
    t.notMatch(headers['cache-control'] ?? '', /max-age=[1-9]|public/, path);
  }
  const home = await get('/');
  t.equal(home.status, 200);
  t.match(home.headers['content-type'], /^text\/html/, 'a page for people');
  t.equal((await get('/docs/')).status, 200);
  const docs = (await get('/docs/json')).json<{ openapi: string; paths: object }>();
  t.match(docs.openapi, /^3\.1\./);
  for (const path of ['/cost/current', '/cost/forecast', '/health', '/ready', '/targets']) {
    t.ok(path in docs.paths, `${path} is in the document`);
  }
});

t.test('HEAD works wherever GET does', async (t) => {
  const { get, metricsUrl } = await startCosts(t);
  for (const path of [
    '/',
    '/health',
    '/ready',
    '/targets',
    '/cost/current',
    '/cost/forecast',
    '/docs/json',
  ]) {
    const [head, whole] = [await get(path, { method: 'HEAD' }), await get(path)];
    t.equal(head.status, 200, path);
    t.equal(head.bytes.length, 0, path);
    t.equal(head.headers['content-type'], whole.headers['content-type'], path);
    t.equal(head.headers.etag, whole.headers.etag, path);
  }
  for (const path of ['/metrics', '/health', '/ready']) {
    t.equal(
      (await ask(`${metricsUrl}${path}`, { method: 'HEAD' })).status,
      200,
      `${path} on the other listener`,
    );
  }
  t.equal((await get('/nowhere', { method: 'HEAD' })).status, 404);
});

t.test('a route on the wrong listener is 404; probes are on both', async (t) => {
  const { get, metricsUrl } = await startCosts(t);
  t.equal((await get('/metrics')).status, 404);
  for (const path of ['/', '/cost/current', '/cost/forecast', '/targets', '/docs', '/docs/json']) {
    const answer = await ask(`${metricsUrl}${path}`);
    t.equal(answer.status, 404, path);
    t.same(keys(answer.json()), ['code', 'error', 'message', 'statusCode'], path);
  }
  for (const path of ['/health', '/ready']) {
    const [rest, scraped] = [await get(path), await ask(`${metricsUrl}${path}`)];
    t.equal(scraped.status, 200, path);
    t.same(keys(scraped.json()), keys(rest.json()), path);
  }
});

t.test('the same port for both is one listener', async (t) => {
  const port = String(await freePort());
  const { get, restUrl, metricsUrl, app } = await startCosts(t, {
    env: { PORT: port, METRICS_PORT: port },
  });
  t.equal(restUrl, metricsUrl);
  t.equal(app.rest, app.metrics);
  for (const path of ['/metrics', '/cost/current', '/cost/forecast', '/health', '/ready', '/targets', '/']) {
    t.equal((await get(path)).status, 200, path);
  }
});

t.test('parameters: the target by name; others are refused by name on data routes', async (t) => {
  const { get } = await startCosts(t);
  t.equal((await get('/cost/current?target=default')).status, 200);
  for (const route of ['/cost/current', '/cost/forecast']) {
    const unknown = await get(`${route}?target=nobody`);
    t.match(unknown.json(), { statusCode: 404, error: 'Not Found' }, route);
    t.match(unknown.json().message, 'nobody');
    for (const name of ['taget', 'x', '__proto__', 'constructor', 'Target']) {
      const answer = await get(`${route}?${name}=default`);
      t.match(answer.json(), { statusCode: 400, error: 'Bad Request' }, `${route}?${name}`);
      t.ok(String(answer.json().message).includes(name), `${name} is named`);
    }
    const twice = await get(`${route}?target=default&target=other`);
    t.equal(twice.status, 400, 'twice');
    t.match(twice.json().message, 'target');
    const both = await get(`${route}?target=nobody&x=1`);
    t.equal(both.status, 400);
    for (const odd of ['%00', '%ff', '%', 'a%0d%0ab']) {
      const answer = await get(`${route}?target=${odd}`);
      t.ok(answer.status === 404 || answer.status === 400, odd);
      t.same(keys(answer.json()), ['code', 'error', 'message', 'statusCode'], odd);
    }
  }
  for (const path of ['/health', '/ready'])
    t.equal((await get(`${path}?x=1`)).status, 200, `${path} ignores them`);
});

t.test('amounts are JSON numbers that are not rounded', async (t) => {
  const { sim, run, get } = await startCosts(t);
  sim.faults.add({
    kind: 'mutate',
    operation: 'GetCostAndUsage',
    mutate: (body) =>
      JSON.parse(JSON.stringify(body).replaceAll(/"Amount":"[^"]*"/g, '"Amount":"0.0000300172"')),
  });
  await run('cost');
  const { daily, monthToDate } = (await get('/cost/current')).json<{
    daily: { cost: number }[];
    monthToDate: number;
  }>();
  t.ok(Math.abs((daily[0]?.cost ?? 0) - 4 * 0.0000300172) < 1e-12);
  t.ok(Math.abs(monthToDate - 89 * 0.0000300172) < 1e-12, '22 days of 4 pairs, and the tax');
});
