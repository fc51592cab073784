// TLS by real sockets: what is spoken, and whom the listeners let in.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import t from 'tap';
import { ask, type RequestOptions } from '../helper.ts';
import { eventually, freePort } from '../servers/process.ts';
import { basic, bearer, hashOf, pki, startWeb, tokenLine } from './helper.ts';
import { clients, handshake, over, statusOf, TLS } from './tls-client.ts';

t.setTimeout(180_000);

t.test('both listeners speak TLS, 1.2 and 1.3, HTTP/1.1, and nothing else', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const exporter = await startWeb(t, { folder: made.folder, web: `tls_server_config: {${TLS}}` });
  const { restUrl, metricsUrl } = exporter;
  t.match(restUrl, /^https:/);
  t.match(metricsUrl, /^https:/);
  for (const url of [restUrl, metricsUrl]) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const tls = { ca: made.trust, minVersion: version, maxVersion: version };
      t.equal((await ask(`${url}/health`, { tls })).status, 200, version);
    }
    await t.rejects(
      ask(`${url}/health`),
      { code: /UNABLE_TO_VERIFY|SELF_SIGNED/ },
      'a client that does not trust it',
    );
    const old = {
      ca: made.trust,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    } as const;
    await t.rejects(handshake(url, old), { code: /PROTOCOL|ALERT/ }, 'TLS 1.1');
    const socket = await handshake(url, { ca: made.trust, ALPNProtocols: ['h2', 'http/1.1'] });
    t.equal(socket.alpnProtocol, 'http/1.1');
    socket.destroy();
    await t.rejects(ask(`${url.replace('https:', 'http:')}/health`), 'HTTP without TLS is not answered');
  }
  t.equal(
    (await ask(`${restUrl}/cost/current`, { tls: { ca: made.trust } })).status,
    200,
    'and asks for nothing',
  );
  t.match(
    exporter
      .log()
      .map(({ msg }) => msg)
      .join('\n'),
    /Server listening at https:/,
  );
});

t.test('one listener for both', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const port = String(await freePort());
  const exporter = await startWeb(t, {
    folder: made.folder,
    web: `tls_server_config: {${TLS}}\nbasic_auth_users: {prometheus: ${hashOf('word')}}`,
    tokens: tokenLine('grafana', 'token'),
    env: { PORT: port, METRICS_PORT: port },
  });
  t.equal(exporter.restUrl, exporter.metricsUrl);
  const status = async (path: string, headers = {}) =>
    (await exporter.get(path, { tls: { ca: made.trust }, headers })).status;
  t.equal(await status('/metrics'), 401);
  t.equal(await status('/metrics', bearer('token')), 401, 'a token is for REST');
  t.equal(await status('/metrics', basic('grafana', 'token')), 401);
  t.equal(await status('/metrics', basic('prometheus', 'word')), 200);
  t.equal(await status('/cost/current', bearer('token')), 200);
  t.equal(await status('/cost/current', basic('prometheus', 'word')), 200);
  t.equal(await status('/health'), 200);
});

t.test('versions, suites and curves as the file says', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const SUITE = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384';
  const { restUrl } = await startWeb(t, {
    folder: made.folder,
    web: `tls_server_config: {${TLS}, cipher_suites: [${SUITE}], curve_preferences: [CurveP384]}`,
  });
  const ca = made.trust;
  const twelve = await handshake(restUrl, { ca, maxVersion: 'TLSv1.2' });
  t.equal(twelve.getCipher().standardName, SUITE);
  twelve.destroy();
  const thirteen = await handshake(restUrl, { ca });
  t.equal(thirteen.getProtocol(), 'TLSv1.3', 'TLS 1.3 has suites of its own');
  t.match(thirteen.getEphemeralKeyInfo(), { name: 'secp384r1' });
  thirteen.destroy();
  await t.rejects(
    handshake(restUrl, { ca, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
  );
  await t.rejects(handshake(restUrl, { ca, ecdhCurve: 'X25519' }));
  const newest = await startWeb(t, {
    folder: made.folder,
    web: `tls_server_config: {${TLS}, min_version: TLS13}`,
  });
  await t.rejects(handshake(newest.restUrl, { ca, maxVersion: 'TLSv1.2' }));
});

t.test('client certificates: who is let in, by each way to ask', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const shown = await clients(made.folder, made.ca, t);
  const CA = 'client_ca_file: ca.crt';
  const NAMES = (...names: string[]) => `client_allowed_sans: ${JSON.stringify(names)}`;
  type Names = keyof typeof shown;
  const ways: [section: string, letIn: Names[]][] = [
    ['client_auth_type: NoClientCert', ['none', 'named', 'nameless', 'stranger']],
    [`client_auth_type: RequestClientCert, ${CA}`, ['none', 'named', 'nameless', 'stranger']],
    [`client_auth_type: RequireAnyClientCert, ${CA}`, ['named', 'nameless', 'stranger']],
    [`client_auth_type: VerifyClientCertIfGiven, ${CA}`, ['none', 'named', 'nameless']],
    [`client_auth_type: RequireAndVerifyClientCert, ${CA}`, ['named', 'nameless']],
    [`client_auth_type: RequireAndVerifyClientCert, ${CA}, ${NAMES('prometheus.example.com')}`, ['named']],
    [`client_auth_type: RequireAndVerifyClientCert, ${CA}, ${NAMES('2001:DB8:0::0001')}`, ['named']],
    [`client_auth_type: RequireAndVerifyClientCert, ${CA}, ${NAMES('x', '10.1.2.3')}`, ['named']],
    [
      `client_auth_type: RequireAndVerifyClientCert, ${CA}, ${NAMES('spiffe://example.com/prometheus')}`,
      ['named'],
    ],
    [`client_auth_type: RequireAndVerifyClientCert, ${CA}, ${NAMES('sre@example.com')}`, ['named']],
    [
      `client_auth_type: RequireAndVerifyClientCert, ${CA}, ${NAMES('example.com', 'Prometheus.example.com')}`,
      [],
    ],
    [
      `client_auth_type: RequireAnyClientCert, ${CA}, ${NAMES('prometheus.example.com')}`,
      ['named', 'stranger'],
    ],
  ];
  for (const [section, letIn] of ways) {
    const exporter = await startWeb(t, {
      folder: made.folder,
      web: `tls_server_config: {${TLS}, ${section}}`,
    });
    for (const [name, certificate] of Object.entries(shown)) {
      const tls = { ca: made.trust, ...certificate };
      const allowed = letIn.includes(name as Names);
      const [data, metrics, health, ready] = await Promise.all([
        exporter.get('/cost/current', { tls }),
        exporter.getMetrics('/metrics', { tls }),
        exporter.get('/health', { tls }),
        exporter.getMetrics('/ready', { tls }),
      ]);
      const what = `${section}: ${name}`;
      t.equal(data.status, allowed ? 200 : 401, what);
      t.equal(metrics.status, allowed ? 200 : 401, `${what}: /metrics`);
      t.equal(health.status, 200, `${what}: /health`);
      t.equal(ready.status, 200, `${what}: /ready`);
      t.equal('targets' in ready.json(), allowed, `${what}: what /ready says`);
      if (!allowed) {
        t.match(data.json(), { statusCode: 401, code: 'unauthorized', message: /client certificate/ });
        t.match(data.headers['www-authenticate'], /\w/);
      }
    }
    await exporter.app.close();
  }
});

t.test('a resumed session is no way around the certificate', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { restUrl } = await startWeb(t, {
    folder: made.folder,
    web: `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}`,
  });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const how = { ca: made.trust, minVersion: version, maxVersion: version };
    const first = await handshake(restUrl, how);
    const sessions: Buffer[] = [];
    first.on('session', (session: Buffer) => sessions.push(session));
    t.equal(statusOf(await over(first, '/cost/current')), 401, `${version}: the first time`);
    const session = sessions.at(-1) ?? first.getSession();
    first.destroy();
    const again = await handshake(restUrl, { ...how, ...(session && { session }) });
    t.equal(again.isSessionReused(), false, `${version}: there are no sessions to resume`);
    t.equal(statusOf(await over(again, '/cost/current')), 401, `${version}: again`);
    again.destroy();
  }
});

t.test('certificates and passwords both, where both are asked for', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { named } = await clients(made.folder, made.ca, t);
  const exporter = await startWeb(t, {
    folder: made.folder,
    web: `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}\nbasic_auth_users: {alice: ${hashOf('word')}}`,
    tokens: tokenLine('grafana', 'token'),
  });
  const status = async (options: RequestOptions) =>
    (await exporter.get('/cost/current', { ...options, tls: { ca: made.trust, ...options.tls } })).status;
  t.equal(await status({}), 401);
  t.equal(await status({ tls: named }), 401);
  t.equal(await status({ headers: basic('alice', 'word') }), 401);
  t.equal(await status({ headers: bearer('token') }), 401);
  t.equal(await status({ tls: named, headers: basic('alice', 'word') }), 200);
  t.equal(await status({ tls: named, headers: bearer('token') }), 200);
});

t.test('what is no TLS, or stops in the middle of it, is no failure of the listener', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const exporter = await startWeb(t, {
    folder: made.folder,
    web: `tls_server_config: {${TLS}}`,
    app: { limits: { handshakeMs: 300 } },
  });
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01', '\0'.repeat(1_000), '']) {
    const socket = connectTcp(Number(new URL(exporter.restUrl).port), '127.0.0.1');
    socket.on('error', () => undefined);
    const ended = once(socket, 'close');
    socket.resume();
    socket.write(bytes);
    await ended;
    t.pass(`${JSON.stringify(bytes.slice(0, 10))}: the connection is ended`);
  }
  t.equal((await exporter.get('/health', { tls: { ca: made.trust } })).status, 200);
});

t.test('who asks for more at once than he may is ended under TLS too', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const exporter = await startWeb(t, {
    folder: made.folder,
    web: `tls_server_config: {${TLS}}`,
    app: { limits: { pipelined: 2 } },
  });
  const { restUrl } = exporter;
  const socket = await handshake(restUrl, { ca: made.trust });
  t.equal(statusOf(await over(socket, '/health')), 200);
  socket.on('error', () => {}).resume();
  // Bodies to make, one after the other: not all can be answered before the last is read.
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(40));
  await eventually('its connection is ended', () => socket.destroyed || undefined);
  t.match(await exporter.logged(/connections were closed: there are too many/), { level: 40 });
  t.equal((await ask(`${restUrl}/health`, { tls: { ca: made.trust } })).status, 200, 'others are answered');
});
