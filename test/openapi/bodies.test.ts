import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { generateBill } from '../../src/simulator/index.ts';
import { type Answer, ask, type Exporter, type ExporterOptions, startCosts, TODAY } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { AnswerCheck, type OpenapiDocument } from './document.ts';

const DATA_ROUTES = ['/cost/current', '/cost/forecast'];
const STATUS_ROUTES = ['/health', '/ready', '/targets', '/spend'];

/** What is held against the document: the document is asked of the exporter itself. */
async function start(t: Test, options?: ExporterOptions) {
  const exporter = await startCosts(t, options);
  const document = (await exporter.get('/docs/json')).json<OpenapiDocument>();
  const check = new AnswerCheck(document);
  /** Asks a route and holds the answer against its operation. */
  const expect = async (status: number, path: string, headers: Record<string, string> = {}) => {
    const answer = await exporter.get(path, { headers });
    t.equal(answer.status, status, `${path} answers ${status}`);
    const route = path.split('?')[0]?.replace(/^\/cost\/tags\/.+/, '/cost/tags/{key}') ?? '';
    t.strictSame(check.operation(route, answer), [], `${path} ${status} is as declared`);
    return answer;
  };
  /** Every route that tells how the exporter stands, whatever happens to its data. */
  const statusRoutes = async () => {
    for (const path of STATUS_ROUTES) await expect(200, path);
  };
  return { exporter, document, check, expect, statusRoutes };
}

/** Sends bytes that may be no HTTP at all; what came back, as an answer. */
async function exchange({ restUrl }: Exporter, bytes: string): Promise<Answer> {
  const { hostname, port } = new URL(restUrl);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.write(bytes);
  await once(socket, 'close');
  return parseAnswer(text);
}

function parseAnswer(text: string): Answer {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(': ');
      return [name.toLowerCase(), value];
    }),
  );
  const status = Number(first.split(' ')[1]);
  return { status, headers, bytes: Buffer.from(body), text: body, json: () => JSON.parse(body) };
}

t.test('every route with figures', async (t) => {
  const { document, expect, statusRoutes, exporter } = await start(t);
  await statusRoutes();
  for (const path of DATA_ROUTES) {
    const { headers } = await expect(200, path);
    await expect(200, `${path}?target=default`);
    await expect(304, path, { 'if-none-match': headers.etag ?? '' });
    await expect(400, `${path}?limit=5`);
    await expect(400, `${path}?target=default&target=other`);
    await expect(404, `${path}?target=nobody`);
  }
  await expect(400, '/targets?a=b');
  await expect(400, '/spend?a=b');
  const asked = [...DATA_ROUTES, ...STATUS_ROUTES];
  t.strictSame(Object.keys(document.paths).toSorted(), asked.toSorted(), 'every route was asked');
  for (const path of asked) {
    const head = await exporter.get(path, { method: 'HEAD' });
    t.match({ status: head.status, length: head.bytes.length }, { status: 200, length: 0 }, `HEAD ${path}`);
  }
});

t.test('tags, recommendations and reviews: with figures, and where AWS denies them', async (t) => {
  const env = { CAPABILITIES: '', TAG_KEYS: 'application,nowhere' };
  const bill = generateBill({ seed: 3, today: new Date(`${TODAY}T08:00:00Z`), days: 60 });
  for (const denied of [
    [],
    ['GetResources', 'ListEnrollmentStatuses'],
    ['GetConsolidatedReport', 'ListRecommendations'],
  ]) {
    const { expect, statusRoutes } = await start(t, {
      env,
      bill,
      before: (sim) => {
        for (const operation of denied) sim.faults.add({ kind: 'deny', operation });
      },
    });
    await statusRoutes();
    for (const path of ['/cost/tags', '/cost/tags/application', '/recommendations', '/wellarchitected']) {
      await expect(200, path);
      await expect(400, `${path}?colour=red`);
      await expect(404, `${path}?target=nobody`);
    }
    await expect(200, '/cost/tags/application?limit=1&offset=1');
    await expect(200, '/recommendations?type=Rightsize&priority=high&limit=2');
    await expect(404, '/cost/tags/unknown');
    await expect(400, '/cost/tags?limit=-1');
    await expect(400, '/recommendations?priority=urgent');
  }
});

t.test('another method, an unknown route, and what is no HTTP', async (t) => {
  const { exporter, document, check } = await start(t);
  for (const path of Object.keys(document.paths)) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await exporter.get(path, { method });
      t.equal(answer.status, 405, `${method} ${path}`);
      t.strictSame(check.operation(path, answer), [], `${method} ${path} is as declared`);
    }
  }
  for (const path of [
    '/nothing',
    '/cost',
    '/cost/current/',
    '/metrics',
    '/docs/nothing',
    '/%',
    '/%00',
    '/..;/',
  ]) {
    const answer = await exporter.get(path);
    t.ok([400, 404].includes(answer.status), `${path} answers ${answer.status}`);
    t.strictSame(check.error(answer), [], `${path} is answered in the one shape`);
  }
  const sentences = [
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    `GET /${'a'.repeat(40_000)} HTTP/1.1\r\n\r\n`,
  ];
  for (const bytes of sentences) {
    const answer = await exchange(exporter, bytes);
    t.ok(answer.status >= 400 && answer.status < 500, `${bytes.slice(0, 20).trim()}: ${answer.status}`);
    t.strictSame(check.error(answer), [], 'in the one shape');
  }
});

t.test('before the first collection has ended', async (t) => {
  const before: ExporterOptions['before'] = (sim) => sim.faults.add({ kind: 'hang' });
  const { expect, statusRoutes } = await start(t, { before, settle: false });
  for (const path of DATA_ROUTES) await expect(503, path);
  await statusRoutes();
});

t.test('where AWS denies, or answers nonsense', async (t) => {
  for (const kind of ['deny', 'corrupt'] as const) {
    const { expect, statusRoutes, exporter } = await start(t, {
      before: (sim) => {
        for (const operation of ['GetCostAndUsage', 'GetCostForecast']) sim.faults.add({ kind, operation });
      },
    });
    t.equal((await exporter.collector('cost')).state, 'failed', kind);
    for (const path of DATA_ROUTES) await expect(503, path);
    await statusRoutes();
  }
});

t.test('after a success, when AWS denies', async (t) => {
  const { expect, statusRoutes, exporter } = await start(t);
  exporter.sim.faults.add({ kind: 'deny' });
  for (const collector of ['cost', 'forecast']) t.equal(await exporter.run(collector), 'failed');
  for (const path of DATA_ROUTES) t.equal((await expect(200, path)).json<{ stale: boolean }>().stale, true);
  await statusRoutes();
});

t.test('where AWS has no data, or is not enabled', async (t) => {
  const answers = [
    { type: 'DataUnavailableException', message: 'no data', reason: 'no_data' },
    {
      type: 'AccessDeniedException',
      message: 'User not enabled for cost explorer access',
      reason: 'not_enabled',
    },
  ];
  for (const { type, message, reason } of answers) {
    const { expect, statusRoutes } = await start(t, {
      before: (sim) => {
        for (const operation of ['GetCostAndUsage', 'GetCostForecast']) {
          sim.faults.add({ kind: 'error', type, message, operation });
        }
      },
    });
    for (const path of DATA_ROUTES) {
      t.equal((await expect(200, path)).json<{ reason: string }>().reason, reason, `${path}: ${reason}`);
    }
    await statusRoutes();
  }
});

t.test('an empty bill', async (t) => {
  const { expect, statusRoutes } = await start(t, { bill: [] });
  const { total, currency } = (await expect(200, '/cost/current')).json();
  t.strictSame({ total, currency }, { total: 0, currency: null });
  await statusRoutes();
});

t.test('figures whose period has ended', async (t) => {
  const { expect, statusRoutes, exporter } = await start(t);
  exporter.clock.set('2026-12-02T08:00:00Z');
  exporter.sim.faults.add({ kind: 'deny' });
  for (const collector of ['cost', 'forecast']) await exporter.run(collector);
  t.equal((await expect(200, '/cost/current')).json<{ total: unknown }>().total, null);
  t.equal((await expect(200, '/cost/forecast')).json<{ amount: unknown }>().amount, null);
  await statusRoutes();
});

t.test('without credentials', async (t) => {
  const credentials = async () => {
    throw Object.assign(new Error('none'), { name: 'CredentialsProviderError' });
  };
  const { expect, statusRoutes } = await start(t, { app: { credentials } });
  for (const path of DATA_ROUTES) await expect(503, path);
  await statusRoutes();
});

t.test('a capability that is off', async (t) => {
  const configFile =
    'targets: [{name: one}, {name: two, capabilities: [cost], roleArn: "arn:aws:iam::222222222222:role/r"}]';
  const { expect, statusRoutes } = await start(t, { configFile });
  await expect(404, '/cost/forecast?target=two');
  await expect(200, '/cost/current?target=two');
  await statusRoutes();

  const off = await start(t, { env: { CAPABILITIES: 'cost' } });
  t.notOk(off.document.paths['/cost/forecast'], 'the document leaves out a route that is not there');
  const answer = await off.exporter.get('/cost/forecast');
  t.equal(answer.status, 404);
  t.strictSame(off.check.error(answer), []);
});

t.test('while it stops', async (t) => {
  const { exporter, check } = await start(t);
  const { hostname, port } = new URL(exporter.restUrl);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  // A request that has begun keeps the listener open; its last line is sent once the exporter is stopping.
  socket.write('GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n');
  await ask(`${exporter.restUrl}/health`);
  const closed = exporter.app.close();
  await eventually('it is stopping', () => exporter.app.rest.collections.stopping || undefined);
  socket.write('\r\n');
  await once(socket, 'close');
  await closed;
  const answer = parseAnswer(text);
  t.equal(answer.status, 503);
  t.equal(answer.json<{ status: string }>().status, 'stopping');
  t.strictSame(check.operation('/ready', answer), []);
});

t.test('the check tells what is not as declared', async (t) => {
  const { check, exporter } = await start(t);
  const good = await exporter.get('/cost/current');
  const body = good.json<{ daily: object[]; total: number }>();
  const bad = (changes: object, status = 200): Answer => ({
    ...good,
    status,
    json: () => JSON.parse(JSON.stringify({ ...body, ...changes })),
  });
  t.strictSame(check.operation('/cost/current', bad({})), []);
  const faults = [
    bad({ more: 1 }),
    bad({ total: '1.5' }),
    bad({ total: undefined }),
    bad({ collectedAt: 'yesterday' }),
    bad({ reason: 'tired' }),
    bad({ daily: [{ ...body.daily[0], more: 1 }] }),
    bad({}, 201),
    bad({}, 503),
    { ...good, headers: { ...good.headers, etag: undefined } },
    { ...good, headers: { ...good.headers, 'content-type': 'text/plain' } },
  ];
  for (const [index, answer] of faults.entries()) {
    t.not(check.operation('/cost/current', answer).length, 0, `fault ${index + 1} is seen`);
  }
});
