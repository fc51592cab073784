// One error shape everywhere, and what it never holds.
import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { type Answer, ask, type Exporter, startCosts } from '../helper.ts';

/** The JSON body of an error, after a check of its shape against its status. */
function errorOf(t: Test, answer: Answer, what: string): Record<string, unknown> {
  t.equal(/^application\/json/.test(answer.headers['content-type'] ?? ''), true, `${what}: JSON`);
  const body = answer.json();
  t.same(Object.keys(body).toSorted(), ['code', 'error', 'message', 'statusCode'], `${what}: its shape`);
  t.equal(body.statusCode, answer.status, `${what}: its status`);
  t.equal(typeof body.code === 'string' && body.code !== '', true, `${what}: a code`);
  t.equal(typeof body.error === 'string' && body.error !== '', true, `${what}: an error`);
  t.equal(typeof body.message === 'string' && body.message !== '', true, `${what}: a message`);
  return body;
}

/** Sends bytes as they are and gives back the whole answer. */
function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

t.test('404, on both listeners', async (t) => {
  const { get, metricsUrl } = await startCosts(t);
  for (const path of [
    '/nowhere',
    '/cost',
    '/cost/current/',
    '/Cost/Current',
    '/cost/tags',
    '/..%2f..%2fetc/passwd',
  ]) {
    t.equal(errorOf(t, await get(path), path).statusCode, 404, path);
  }
  errorOf(t, await ask(`${metricsUrl}/nowhere`), 'metrics');
  errorOf(t, await get('/nowhere', { method: 'POST' }), 'POST');
  const long = await get(`/${'x'.repeat(4_000)}`);
  t.equal(errorOf(t, long, 'a long path').statusCode, 404);
});

t.test('405 with Allow', async (t) => {
  const { get, metricsUrl } = await startCosts(t);
  for (const path of [
    '/cost/current',
    '/cost/forecast',
    '/health',
    '/ready',
    '/targets',
    '/',
    '/docs/json',
  ]) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await get(path, {
        method,
        headers: { 'content-type': 'text/odd', 'content-length': '0' },
      });
      t.equal(answer.status, 405, `${method} ${path}`);
      t.same((answer.headers.allow ?? '').split(/, ?/).toSorted(), ['GET', 'HEAD'], `${method} ${path}`);
      errorOf(t, answer, `${method} ${path}`);
    }
  }
  for (const path of ['/metrics', '/health', '/ready']) {
    const answer = await ask(`${metricsUrl}${path}`, { method: 'DELETE' });
    t.equal(answer.status, 405, path);
    t.match(answer.headers.allow, 'GET', path);
    errorOf(t, answer, path);
  }
});

t.test('bad URLs, large heads and what is not HTTP', async (t) => {
  const { get, restUrl, metricsUrl } = await startCosts(t);
  t.equal(errorOf(t, await get('/cost/%zz'), 'a bad escape').statusCode, 400);
  for (const url of [restUrl, metricsUrl]) {
    const large = await raw(
      url,
      `GET /health HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(100_000)}\r\n\r\n`,
    );
    t.match(large, /^HTTP\/1\.1 431 /);
    t.match(JSON.parse(large.split('\r\n\r\n')[1] ?? ''), {
      statusCode: 431,
      code: String,
      error: String,
      message: String,
    });
    const odd = await raw(url, 'nonsense\r\n\r\n');
    t.match(odd, /^HTTP\/1\.1 400 /);
    t.match(JSON.parse(odd.split('\r\n\r\n')[1] ?? ''), {
      statusCode: 400,
      code: String,
      error: String,
      message: String,
    });
    t.equal((await ask(`${url}/health`)).status, 200, 'the listener goes on');
  }
});

t.test('503 with Retry-After before the first success, with the code of the cause', async (t) => {
  const { get } = await startCosts(t, {
    settle: false,
    before: ({ faults }) => faults.add({ kind: 'hang' }),
  });
  for (const path of ['/cost/current', '/cost/forecast']) {
    const answer = await get(path);
    const { statusCode, error } = errorOf(t, answer, path);
    t.equal(statusCode, 503, path);
    t.equal(error, 'Service Unavailable');
    t.match(answer.headers['retry-after'], /^[1-9]\d*$/, path);
    t.equal(answer.headers.etag, undefined, 'an error has no ETag');
  }
  t.equal((await get('/ready')).status, 200);
  t.equal((await get('/health')).status, 200);
});

const FAULTS = {
  access_denied: { kind: 'deny' },
  throttled: { kind: 'throttle' },
  error: { kind: 'error500' },
  invalid_response: { kind: 'corrupt' },
} as const;

for (const [code, fault] of Object.entries(FAULTS)) {
  t.test(`503 ${code}: the cause and the advice, nothing of AWS`, async (t) => {
    const exporter = await startCosts(t, {
      before: ({ faults }) => faults.add({ ...fault, operation: 'GetCostAndUsage' }),
    });
    const answer = await exporter.get('/cost/current');
    const body = errorOf(t, answer, code);
    t.equal(body.statusCode, 503);
    t.equal(body.code, code);
    t.match(answer.headers['retry-after'], /^[1-9]\d*$/);
    const { cause, state, stale } = await exporter.collector('cost');
    t.equal(state, 'failed');
    t.equal(stale, true);
    t.equal(cause?.code, code);
    t.ok(cause?.advice, 'what to do');
    t.equal((await exporter.get('/cost/forecast')).status, 200, 'the other collector is untouched');
    await saysNothingOfAws(t, exporter);
  });
}

/** No ARN, text, stack or credential in what a failing exporter says. */
async function saysNothingOfAws(t: Test, { get, scrape }: Exporter): Promise<void> {
  const bodies = [
    ...(await Promise.all(['/cost/current', '/ready', '/targets', '/'].map((path) => get(path)))),
    await scrape(),
  ];
  for (const { text } of bodies) {
    t.notMatch(
      text,
      /arn:aws|not authorized|Rate exceeded|internal error occurred|<html><body><h1>Proxy|AKIATEST|secret/,
    );
    t.notMatch(text, /\bat .+\.(ts|js):\d+|node_modules|x-amzn|requestid/i);
  }
}

t.test('a later request of a connection whose body breaks has one answer too', async (t) => {
  const { restUrl } = await startCosts(t);
  const { hostname, port } = new URL(restUrl);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  let text = '';
  const ended = once(socket, 'close');
  socket.on('data', (chunk: string) => {
    text += chunk;
    // The first answer has come: the second request begins.
    if (text.split('HTTP/1.1 ').length === 2)
      socket.write(`POST /health HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n`);
  });
  socket.write(`GET /health HTTP/1.1\r\nhost: x\r\n\r\n`);
  await ended;
  t.same(
    Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status),
    ['200', '405'],
  );
});
