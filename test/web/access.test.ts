// Who is answered what: passwords and tokens, by route and listener.
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { type Answer, ask } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { basic, bearer, hashOf, startWeb, tokenLine } from './helper.ts';

t.setTimeout(120_000);

const USERS = `basic_auth_users: {alice: ${hashOf('word')}, "bób": ${hashOf('ключ:with:colons')}}`;
const TOKENS = `# who asks\n\n${tokenLine('grafana', 'first-token')}${tokenLine('finops', 'second-token')}`;
const CLOSED = [
  '/',
  '/docs',
  '/docs/',
  '/docs/json',
  '/docs/static/index.html',
  '/cost/current',
  '/targets',
  '/spend',
];

/** What browsers heed, unless a page has a policy of its own. */
const HEADERS = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};

/** What comes back for bytes that may be no HTTP. */
async function exchange(url: string, request: string): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  return (await buffer(socket)).toString('latin1');
}

/** A refusal, after a check of its shape. */
function refused(t: Test, answer: Answer, statusCode: number, code: string, what: string) {
  t.equal(answer.status, statusCode, what);
  t.match(answer.headers['content-type'], /^application\/json/, what);
  const body = answer.json();
  t.match(body, { statusCode, code, error: String, message: /^[A-Z].*\.$/ }, what);
  t.equal(Object.keys(body).length, 4, what);
  return body;
}

/** Headers that let nobody in. */
const WRONG: Record<string, Record<string, string>> = {
  nothing: {},
  'a wrong password': basic('alice', 'wort'),
  'a hash in place of its password': basic('alice', hashOf('word')),
  'an unknown user': basic('mallory', 'word'),
  'a user of every object': basic('constructor', 'word'),
  __proto__: basic('__proto__', 'word'),
  'no user': basic('', 'word'),
  'an empty password': basic('alice', ''),
  'a wrong token': bearer('third-token'),
  'an empty token': { authorization: 'Bearer ' },
  "a token's hash": bearer(tokenLine('x', 'first-token').slice(2).trim()),
  'a password as a token': bearer('word'),
  "a token under another one's name": basic('finops', 'first-token'),
  'a scheme alone': { authorization: 'Basic' },
  'what is not base 64': { authorization: 'Basic %%%' },
  'no colon': { authorization: `Basic ${Buffer.from('alice').toString('base64')}` },
  'another scheme': { authorization: 'Digest username="alice"' },
  'two schemes': { authorization: `Bearer first-token, ${basic('alice', 'word').authorization}` },
  'a header of another kind': { 'proxy-authorization': basic('alice', 'word').authorization },
  'a name that proxies set': { 'x-forwarded-user': 'alice' },
};

const generous = { limits: { failures: { max: 1_000, windowMs: 60_000 } } };

t.test('REST takes a user or a token, and nothing else', async (t) => {
  const exporter = await startWeb(t, { web: USERS, tokens: TOKENS, app: generous });
  const right = {
    'a user': basic('alice', 'word'),
    'a user beyond ASCII': basic('bób', 'ключ:with:colons'),
    'a token': bearer('first-token'),
    'the other token': bearer('second-token'),
    'a token in a browser': basic('grafana', 'first-token'),
    'a scheme in other letters': { authorization: 'bEARER first-token' },
  };
  for (const path of CLOSED) {
    for (const [name, headers] of Object.entries(right)) {
      const { status } = await exporter.get(path, { headers });
      t.ok(status === 200 || status === 302, `${path}: ${name} (${status})`);
    }
  }
  for (const [name, headers] of Object.entries(WRONG)) {
    for (const path of name === 'nothing' ? CLOSED : ['/cost/current', '/docs/json']) {
      const answer = await exporter.get(path, { headers });
      refused(t, answer, 401, 'unauthorized', `${path}: ${name}`);
      t.match(
        answer.headers['www-authenticate'],
        /^Basic realm="[^"]+", charset="UTF-8", Bearer realm="[^"]+"$/,
      );
      t.equal(answer.headers.etag, undefined);
    }
  }
  for (const method of ['HEAD', 'POST', 'OPTIONS', 'DELETE']) {
    t.equal((await exporter.get('/cost/current', { method })).status, 401, method);
  }
  t.equal((await exporter.get('/cost/current', { method: 'POST', headers: right['a token'] })).status, 405);
  t.equal((await exporter.get('/nowhere')).status, 404, 'what is not there is no secret');
});

t.test('probes are answered to whoever asks; /ready says the rest to who is known', async (t) => {
  const exporter = await startWeb(t, { web: USERS, tokens: TOKENS, app: generous });
  const { get, getMetrics } = exporter;
  for (const [listener, read] of Object.entries({ REST: get, metrics: getMetrics })) {
    for (const [name, headers] of Object.entries(WRONG)) {
      t.equal((await read('/health', { headers })).status, 200, `${listener} /health: ${name}`);
      const ready = await read('/ready', { headers });
      t.equal(ready.status, 200, `${listener} /ready: ${name}`);
      t.same(ready.json(), { status: 'ready' }, `${listener} /ready: ${name}`);
    }
    for (const method of ['HEAD', 'POST']) {
      const { status } = await read('/health', { method });
      t.equal(status, method === 'HEAD' ? 200 : 405, `${listener} ${method}`);
    }
    t.match((await read('/ready', { headers: basic('alice', 'word') })).json(), {
      targets: [{ target: 'default' }],
    });
  }
  t.match((await get('/ready', { headers: bearer('first-token') })).json(), {
    targets: [{ target: 'default' }],
  });
  t.same(
    (await getMetrics('/ready', { headers: bearer('first-token') })).json(),
    { status: 'ready' },
    'a token is for REST',
  );
});

t.test('/metrics takes a user, and no token', async (t) => {
  const exporter = await startWeb(t, { web: USERS, tokens: TOKENS, app: generous });
  for (const [name, headers] of Object.entries({
    ...WRONG,
    'a token': bearer('first-token'),
    both: basic('grafana', 'first-token'),
  })) {
    const answer = await exporter.scrape({ headers });
    refused(t, answer, 401, 'unauthorized', name);
    t.equal(answer.headers['www-authenticate'], 'Basic realm="aws-cost-exporter", charset="UTF-8"');
  }
  const answer = await exporter.scrape({ headers: basic('alice', 'word') });
  t.equal(answer.status, 200);
  t.match(answer.text, /^aws_cost_total\{/m);
});

t.test(
  'tokens alone: REST is closed, /metrics is not, and /ready on either says its status alone',
  async (t) => {
    const exporter = await startWeb(t, { tokens: TOKENS });
    t.equal((await exporter.get('/spend')).status, 401);
    t.equal((await exporter.get('/spend', { headers: bearer('second-token') })).status, 200);
    t.equal((await exporter.scrape()).status, 200);
    t.same((await exporter.getMetrics('/ready')).json(), { status: 'ready' });
    t.same((await exporter.get('/ready')).json(), { status: 'ready' });
  },
);

t.test('nothing is asked for: everything is answered', async (t) => {
  for (const options of [{}, { web: 'http_server_config: {headers: {X-Frame-Options: sameorigin}}' }]) {
    const exporter = await startWeb(t, options);
    t.equal((await exporter.get('/spend')).status, 200);
    t.equal((await exporter.get('/spend', { headers: basic('any', 'one') })).status, 200);
    t.match((await exporter.get('/ready')).json(), { targets: [{}] });
    t.match((await exporter.getMetrics('/ready')).json(), { targets: [{}] });
    await exporter.app.close();
  }
});

t.test('tokens and users that change', async (t) => {
  const exporter = await startWeb(t, { web: USERS, tokens: TOKENS, app: generous });
  const status = async (headers: Record<string, string>) =>
    (await exporter.get('/spend', { headers })).status;
  t.equal(await status(bearer('first-token')), 200);
  t.equal(await status(basic('alice', 'word')), 200);
  exporter.writeTokens(tokenLine('grafana', 'new-token'));
  await eventually('the new token is known', async () =>
    (await status(bearer('new-token'))) === 200 ? true : undefined,
  );
  t.equal(await status(bearer('first-token')), 401, 'the old one is not');
  exporter.writeWeb(USERS.replace(/alice: [^,]+/, `alice: ${hashOf('new word')}`));
  await eventually('the new password is known', async () =>
    (await status(basic('alice', 'new word'))) === 200 ? true : undefined,
  );
  t.equal(await status(basic('alice', 'word')), 401, 'the old one is not, though it was remembered');
  const told = exporter.log().length;
  exporter.writeTokens('grafana new-token\n');
  await exporter.logged(/API_TOKENS_FILE has changed and is wrong/);
  t.equal(await status(bearer('new-token')), 200, 'what was in force stays so');
  t.notMatch(JSON.stringify(exporter.log().slice(told)), /new-token/);
});

t.test('the log has names, and nothing that was shown', async (t) => {
  const exporter = await startWeb(t, { web: USERS, tokens: TOKENS, app: generous });
  const ask3 = async (headers: Record<string, string>) => {
    for (let times = 0; times < 3; times++) await exporter.get('/spend', { headers });
  };
  await ask3(basic('alice', 'word'));
  await ask3(bearer('first-token'));
  await ask3(basic('alice', 'canary-password'));
  await ask3(bearer('canary-token'));
  await ask3(basic('canary-user', 'x'));
  const said = exporter.log().filter(({ msg }) => /credentials/.test(String(msg)));
  t.match(said, [
    { user: 'alice', msg: /first time/ },
    { token: 'grafana', msg: /first time/ },
    { level: 40, client: '127.0.0.1', user: 'alice', why: 'wrong', times: 1 },
  ]);
  t.equal(said.length, 3, 'who is known is told once, and refusals once a minute');
  t.notMatch(JSON.stringify(exporter.log()), /canary|first-token|word"/);
});

t.test('wrong passwords of one address are counted, and who is known already is not kept out', async (t) => {
  const exporter = await startWeb(t, {
    web: USERS,
    tokens: TOKENS,
    app: { limits: { failures: { max: 5, windowMs: 60_000 } } },
  });
  const { get, scrape } = exporter;
  for (let guess = 0; guess < 10; guess++)
    t.equal((await get('/spend', { headers: bearer(`guess-${guess}`) })).status, 401, 'no password');
  t.equal((await get('/spend', { headers: basic('alice', 'word') })).status, 200);
  for (let guess = 0; guess < 5; guess++) {
    t.equal(
      (await get('/spend', { headers: basic('alice', `guess ${guess}`) })).status,
      401,
      `guess ${guess}`,
    );
  }
  const answer = await get('/spend', { headers: basic('bób', 'ключ:with:colons') });
  refused(t, answer, 429, 'too_many_requests', 'a right password that is not known yet is not tried');
  t.equal(answer.headers['retry-after'], '60');
  t.equal((await get('/spend', { headers: basic('alice', 'word') })).status, 200, 'a known one is');
  t.equal((await get('/spend', { headers: bearer('first-token') })).status, 200, 'a token cannot be guessed');
  t.same((await get('/ready', { headers: basic('bób', 'ключ:with:colons') })).json(), { status: 'ready' });
  t.equal((await scrape({ headers: basic('alice', 'word') })).status, 200, '/metrics goes on');
});

t.test('the headers of the file win, and an empty one is left out', async (t) => {
  const exporter = await startWeb(t, {
    web: 'http_server_config: {headers: {X-Frame-Options: sameorigin, Strict-Transport-Security: max-age=60, Content-Security-Policy: "default-src https:", X-XSS-Protection: ""}}',
  });
  for (const url of [
    `${exporter.restUrl}/`,
    `${exporter.restUrl}/docs/`,
    `${exporter.restUrl}/spend`,
    `${exporter.restUrl}/none`,
    `${exporter.metricsUrl}/metrics`,
  ]) {
    const { headers } = await ask(url);
    t.match(
      headers,
      {
        'x-frame-options': 'sameorigin',
        'strict-transport-security': 'max-age=60',
        'content-security-policy': 'default-src https:',
        'x-content-type-options': 'nosniff',
      },
      url,
    );
    t.equal(headers['x-xss-protection'], undefined, url);
  }
});

t.test('headers that browsers heed, on every answer', async (t) => {
  const exporter = await startWeb(t, {});
  for (const url of [
    `${exporter.restUrl}/spend`,
    `${exporter.restUrl}/none`,
    `${exporter.restUrl}/docs/static/index.css`,
    `${exporter.restUrl}/cost/current?x=1`,
    `${exporter.restUrl}/%zz`,
    `${exporter.restUrl}/${'k'.repeat(9_000)}`,
    `${exporter.metricsUrl}/metrics`,
    `${exporter.metricsUrl}/health`,
    `${exporter.metricsUrl}/none`,
    `${exporter.metricsUrl}/%zz`,
  ]) {
    const { headers } = await ask(url);
    t.match(headers, HEADERS, url);
    t.notOk(headers['strict-transport-security'] ?? headers['x-powered-by'] ?? headers.server, url);
  }
  for (const [status, request] of Object.entries({
    400: 'GET /spend HTTP/1.1\r\n\r\n',
    405: 'POST /spend HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    417: 'GET /spend HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: tea\r\n\r\n',
    431: `GET /${'k'.repeat(40_000)} HTTP/1.1\r\n\r\n`,
    501: 'BREW /spend HTTP/1.1\r\nhost: x\r\n\r\n',
  })) {
    const text = await exchange(exporter.restUrl, request);
    t.equal(text.split(' ')[1], status);
    for (const [name, value] of Object.entries(HEADERS))
      t.match(text, `${name}: ${value}\r\n`, `${status}: ${name}`);
  }
  for (const path of ['/', '/docs/']) {
    const { headers } = await exporter.get(path);
    t.match(
      headers['content-security-policy'],
      /^default-src 'none'; .*style-src/,
      `${path} has a policy of its own`,
    );
    t.match(headers['x-frame-options'], 'DENY');
  }
});
