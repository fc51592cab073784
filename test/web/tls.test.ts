// TLS by real sockets: what is spoken, whom the listeners let in, and certificates that change while they serve.
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { ask, type RequestOptions } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { type Authority, makeAuthority } from './certificates.ts';
import { basic, bearer, hashOf, pki, startWeb, tokenLine, type WebExporter } from './helper.ts';

t.setTimeout(180_000);

const TLS = 'cert_file: server.crt, key_file: server.key';

/** Opens a TLS connection; rejects with the alert that the server has answered with. */
async function handshake(url: string, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', ...options });
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error));
  await Promise.race([once(socket, 'secureConnect'), failed]);
  failed.catch(() => undefined);
  return socket;
}

/** Sends a request over a connection that is open, and gives back the answer's head. */
async function over(socket: TLSSocket, path: string): Promise<string> {
  let text = '';
  const head = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (end < 0 || text.length < end + 4 + length) return;
      socket.off('data', read);
      resolve(text);
    };
    socket.on('data', read);
    socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
  });
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  return head;
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

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
  const { freePort } = await import('../servers/process.ts');
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

/** Clients with the certificates that tests show. */
async function clients(folder: string, ca: Authority, t: Test) {
  const strangers = await makeAuthority(t, folder, 'strangers');
  if (strangers === undefined) throw new Error('openssl has gone');
  const names =
    'DNS:prometheus.example.com,IP:10.1.2.3,IP:2001:db8::1,email:sre@example.com,URI:spiffe://example.com/prometheus';
  const pem = async (by: Authority, name: string, sans: string) => {
    const { cert, key } = await by.issue(name, { sans });
    return { cert: readFileSync(cert), key: readFileSync(key) };
  };
  return {
    none: {},
    named: await pem(ca, 'named', names),
    nameless: await pem(ca, 'nameless', ''),
    stranger: await pem(strangers, 'stranger', names),
  };
}

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

/** The serial number of the certificate that new connections are shown. */
async function serialOf(url: string, ca: string): Promise<string> {
  const socket = await handshake(url, { ca });
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

t.test('a certificate that is replaced is taken up, without a restart, and connections go on', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { folder, ca, trust } = made;
  const exporter = await startWeb(t, { folder, web: `tls_server_config: {${TLS}}` });
  const { restUrl, metricsUrl } = exporter;
  const before = [await serialOf(restUrl, trust), await serialOf(metricsUrl, trust)];
  const kept = await handshake(restUrl, { ca: trust });
  t.equal(statusOf(await over(kept, '/cost/current')), 200);
  const next = await ca.issue('next');
  renameSync(next.cert, join(folder, 'server.crt'));
  renameSync(next.key, join(folder, 'server.key'));
  await eventually('both listeners show the new one', async () => {
    const now = [await serialOf(restUrl, trust), await serialOf(metricsUrl, trust)];
    return now.every((serial, index) => serial !== before[index]) ? true : undefined;
  });
  t.equal(statusOf(await over(kept, '/cost/current')), 200, 'the connection that was open goes on');
  kept.destroy();
  await exporter.logged(/WEB_CONFIG_FILE was read again/);
  t.same(
    exporter.log().filter(({ level }) => Number(level) > 40),
    [],
    'no moment in between was an error',
  );
});

t.test('replaced as Kubernetes does it: by one symbolic link', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { folder, ca, trust } = made;
  const { mkdirSync, writeFileSync } = await import('node:fs');
  const mount = join(folder, 'mount');
  mkdirSync(mount);
  const put = async (version: string) => {
    const inside = join(mount, version);
    mkdirSync(inside);
    await ca.issue(`issued-${version}`);
    renameSync(join(folder, `issued-${version}.crt`), join(inside, 'tls.crt'));
    renameSync(join(folder, `issued-${version}.key`), join(inside, 'tls.key'));
    writeFileSync(join(inside, 'web.yaml'), 'tls_server_config: {cert_file: tls.crt, key_file: tls.key}');
    symlinkSync(version, join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  };
  await put('..1');
  for (const name of ['tls.crt', 'tls.key', 'web.yaml']) symlinkSync(join('..data', name), join(mount, name));
  const exporter = await startWeb(t, { folder, env: { WEB_CONFIG_FILE: join(mount, 'web.yaml') } });
  const before = await serialOf(exporter.restUrl, trust);
  await put('..2');
  rmSync(join(mount, '..1'), { recursive: true });
  await eventually('the new one', async () =>
    (await serialOf(exporter.restUrl, trust)) === before ? undefined : true,
  );
  t.same(
    exporter.log().filter(({ level }) => Number(level) > 40),
    [],
  );
});

t.test(
  'a new version that is wrong, or opens a door, is one log line; the former one stays in force',
  async (t) => {
    const made = await pki(t);
    if (made === undefined) return;
    const { folder, ca, trust } = made;
    const shown = await clients(folder, ca, t);
    const good = `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}\nbasic_auth_users: {alice: ${hashOf('word')}}`;
    const exporter = await startWeb(t, { folder, web: good });
    const inForce = async (what: string) => {
      const tls = { ca: trust, ...shown.named };
      t.equal((await exporter.get('/spend', { tls })).status, 401, what);
      t.equal((await exporter.get('/spend', { tls, headers: basic('alice', 'word') })).status, 200, what);
      t.equal(
        (await exporter.get('/spend', { tls: { ca: trust }, headers: basic('alice', 'word') })).status,
        401,
        what,
      );
    };
    await inForce('at first');
    const wrong: [content: string, words: RegExp][] = [
      ['', /must be a mapping/],
      ['{', /cannot be read/],
      [`basic_auth_users: {alice: ${hashOf('word')}}`, /TLS is put on or taken off: that needs a restart/],
      [
        `tls_server_config: {${TLS}}\nbasic_auth_users: {alice: ${hashOf('word')}}`,
        /ceases to ask for certificates/,
      ],
      [good.replace('RequireAndVerify', 'Request'), /would no longer be required/],
      [good.replace('RequireAndVerifyClientCert', 'RequireAnyClientCert'), /would no longer be verified/],
      [good.replace(/\n.*/, ''), /no user would be left/],
      [good.replace('server.key', 'named.key'), /does not fit the certificate/],
    ];
    for (const [content, words] of wrong) {
      const told = exporter.log().length;
      exporter.writeWeb(content);
      const news = () =>
        exporter
          .log()
          .slice(told)
          .filter(({ level }) => level === 50);
      await eventually(`${words} is told`, () => (news().length > 0 ? true : undefined));
      await new Promise((resolve) => setTimeout(resolve, 100));
      t.equal(news().length, 1, 'told once');
      t.match(JSON.stringify(news()[0]?.faults), words);
      t.notMatch(JSON.stringify(news()), /\$2b|BEGIN/);
      await inForce(String(words));
    }
    exporter.writeWeb(good.replace('alice', 'bob'));
    await eventually('bob is known', async () => {
      const answer = await exporter.get('/spend', {
        tls: { ca: trust, ...shown.named },
        headers: basic('bob', 'word'),
      });
      return answer.status === 200 ? true : undefined;
    });
  },
);

t.test(
  'an authority that is withdrawn is withdrawn at once, for connections that are open too',
  async (t) => {
    const made = await pki(t);
    if (made === undefined) return;
    const { folder, ca, trust } = made;
    const shown = await clients(folder, ca, t);
    const web = (file: string) =>
      `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ${file}}`;
    const exporter: WebExporter = await startWeb(t, { folder, web: web('ca.crt') });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.teardown(() => agent.destroy());
    const idle = await handshake(exporter.restUrl, { ca: trust, ...shown.named });
    t.equal(statusOf(await over(idle, '/spend')), 200);
    // In the middle of a request when the rules change: it is not idle.
    const busy = await handshake(exporter.restUrl, { ca: trust, ...shown.named });
    busy.on('error', () => undefined);
    busy.write('GET /spend HTTP/1.1\r\n');
    const closed = once(idle, 'close');
    exporter.writeWeb(web('strangers.crt'));
    await exporter.logged(/was read again/);
    await closed;
    const status = async (certificate: object) =>
      (await exporter.get('/spend', { tls: { ca: trust, ...certificate } })).status;
    t.equal(await status(shown.named), 401);
    t.equal(await status(shown.stranger), 200);
    const late = once(busy, 'data');
    busy.write('host: localhost\r\n\r\n');
    const [answer] = (await late) as [Buffer];
    t.match(answer.toString(), /^HTTP\/1\.1 401 [\s\S]*connection: close[\s\S]*connect again/i);
    busy.destroy();
  },
);

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
