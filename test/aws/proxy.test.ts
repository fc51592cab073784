import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { freePort, requireProgram, run, type TestScope } from '../servers/process.ts';
import { simulatorOf } from './helper.ts';

t.setTimeout(150_000);

const CLIENT = fileURLToPath(new URL('./proxy-client.ts', import.meta.url));

async function listen(t: TestScope, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A proxy that speaks CONNECT and plain requests, and says which hosts it was asked for. */
async function startProxy(t: TestScope) {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const proxy = createHttpServer((_request, response) => {
    asked.push('a plain request');
    response.writeHead(400).end();
  });
  proxy.on('connect', (message, socket, head) => {
    asked.push(message.url ?? '');
    authorizations.push(message.headers['proxy-authorization']);
    const [, port] = (message.url ?? '').split(':');
    // Whatever the name, the other end is on loopback: nothing of this test leaves the machine.
    const onwards = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onwards.write(head);
      onwards.pipe(socket).pipe(onwards);
    });
    for (const end of [onwards, socket]) end.on('error', () => onwards.destroy() && socket.destroy());
  });
  return { port: await listen(t, proxy), asked, authorizations };
}

/** STS over HTTPS, with a certificate of its own for `names`; undefined where openssl is absent. */
async function startSecureSts(t: TestScope, names: readonly string[]) {
  const openssl = requireProgram(t, 'openssl');
  if (openssl === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'proxy-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = await run(openssl, [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=test', '-keyout', key, '-out', cert],
    ...['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const simulator = await simulatorOf(t);
  const credentials = { key: await readFile(key), cert: await readFile(cert) };
  const server = createHttpsServer(credentials, (message, response) => {
    const { method, headers, url: path } = message;
    const onwards = request({ host: '127.0.0.1', port: simulator.port, method, headers, path }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    message.pipe(onwards);
  });
  return { port: await listen(t, server), cert, simulator };
}

/** What a process with this environment hears from the endpoints. */
async function ask(env: NodeJS.ProcessEnv, ...endpoints: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(process.execPath, [CLIENT, ...endpoints], {
    env: { PATH: process.env.PATH, ...env },
    timeoutMs: 30_000,
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}

t.test(
  'https goes through the proxy, but for the hosts of NO_PROXY; http on loopback never does',
  async (t) => {
    const sts = await startSecureSts(t, ['localhost', 'sts.example.test']);
    if (sts === undefined) return;
    const proxy = await startProxy(t);
    const trust = { NODE_EXTRA_CA_CERTS: sts.cert };
    const through = { ...trust, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    const known = sts.simulator.requests.length;
    const asked = () => proxy.asked.splice(0);
    const remote = `https://sts.example.test:${sts.port}`;
    const local = `https://localhost:${sts.port}`;

    const [answer] = await ask(through, remote);
    t.ok(answer && /^\d{12}$/.test(answer), `${answer}`);
    t.same(asked(), [`sts.example.test:${sts.port}`], 'the proxy resolves the name, not this machine');
    t.equal(sts.simulator.requests.length, known + 1);

    t.same(
      await ask({ ...trust, https_proxy: through.HTTPS_PROXY }, remote),
      [answer],
      'lower case works too',
    );
    t.same(asked(), [`sts.example.test:${sts.port}`]);

    t.same(await ask(trust, local), [answer], 'without a proxy');
    for (const NO_PROXY of ['localhost', 'other.test, localhost', `localhost:${sts.port}`]) {
      t.same(await ask({ ...through, NO_PROXY }, local), [answer]);
      t.same(asked(), [], `NO_PROXY=${NO_PROXY}`);
    }
    for (const NO_PROXY of [`sts.example.test:${sts.port + 1}`]) {
      t.same(await ask({ ...through, NO_PROXY }, remote), [answer]);
      t.same(asked(), [`sts.example.test:${sts.port}`], `NO_PROXY=${NO_PROXY}`);
    }

    const plain = { ...through, HTTP_PROXY: through.HTTPS_PROXY, ALL_PROXY: through.HTTPS_PROXY };
    t.same(await ask(plain, sts.simulator.url), [answer], 'http');
    t.same(asked(), []);
  },
);

t.test('a suffix in NO_PROXY is not proxied', async (t) => {
  const proxy = await startProxy(t);
  const port = await freePort();
  // Nothing listens there: what counts is that the proxy is not asked.
  const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '.localhost' };
  t.same(await ask(env, `https://sts.localhost:${port}`), ['error']);
  t.same(proxy.asked, []);
});

t.test("the proxy's user and password are sent to it", async (t) => {
  const sts = await startSecureSts(t, ['sts.example.test']);
  if (sts === undefined) return;
  const proxy = await startProxy(t);
  const env = {
    NODE_EXTRA_CA_CERTS: sts.cert,
    HTTPS_PROXY: `http://user:pass%40word@127.0.0.1:${proxy.port}`,
  };
  const [answer] = await ask(env, `https://sts.example.test:${sts.port}`);
  t.match(answer, /^\d{12}$/);
  t.same(proxy.authorizations, [`Basic ${Buffer.from('user:pass@word').toString('base64')}`]);
});

t.test('a proxy that is not there is no answer; nothing goes around it', async (t) => {
  const sts = await startSecureSts(t, ['localhost']);
  if (sts === undefined) return;
  const env = { NODE_EXTRA_CA_CERTS: sts.cert, HTTPS_PROXY: `http://127.0.0.1:${await freePort()}` };
  t.same(await ask(env, `https://localhost:${sts.port}`), ['error']);
  t.equal(sts.simulator.requests.length, 0);
});
