// A listener that is open to the network says so, once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../src/config.ts';
import { isLoopback, isOpen } from '../../src/web/open.ts';
import { CLI, startCommand, startServe } from '../e2e/command.ts';
import { eventually } from '../servers/process.ts';
import { hashOf, pki, startWeb, tokenLine } from './helper.ts';

t.setTimeout(120_000);

const OPEN =
  /^REST is open to the network without authentication: set API_TOKENS_FILE or WEB_CONFIG_FILE, or HOST=127\.0\.0\.1$/;

t.test('addresses that nobody else can reach', async (t) => {
  for (const host of ['127.0.0.1', '127.8.9.10', '::1', 'localhost', '0:0:0:0:0:0:0:1'])
    t.ok(isLoopback(host), host);
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '192.168.1.1',
    '2001:db8::1',
    'exporter',
    '128.0.0.1',
    'localhost.example.com',
  ])
    t.notOk(isLoopback(host), host);
});

t.test('it is open unless something is asked for that cannot be made up', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const files = {
    WEB_CONFIG_FILE: join(made.folder, 'web.yaml'),
    API_TOKENS_FILE: join(made.folder, 'tokens'),
  };
  writeFileSync(files.API_TOKENS_FILE, tokenLine('a', 'b'));
  const { WEB_CONFIG_FILE, API_TOKENS_FILE } = files;
  const TLS = 'cert_file: server.crt, key_file: server.key';
  const open = (web: string | undefined, env: Record<string, string> = {}) => {
    if (web !== undefined) writeFileSync(WEB_CONFIG_FILE, web);
    return isOpen(loadConfig({ ...(web === undefined ? {} : { WEB_CONFIG_FILE }), ...env }));
  };
  t.equal(open(undefined), true);
  t.equal(open(undefined, { HOST: '127.0.0.1' }), false);
  t.equal(open(undefined, { API_TOKENS_FILE }), false);
  t.equal(open(`tls_server_config: {${TLS}}`), true);
  t.equal(open(`tls_server_config: {${TLS}}`, { API_TOKENS_FILE }), false);
  t.equal(open(`basic_auth_users: {a: ${hashOf('b')}}`), false);
  const asked = (type: string) =>
    open(`tls_server_config: {${TLS}, client_ca_file: ca.crt, client_auth_type: ${type}}`);
  t.equal(asked('RequireAndVerifyClientCert'), false);
  for (const type of ['RequireAnyClientCert', 'VerifyClientCertIfGiven', 'RequestClientCert'])
    t.equal(asked(type), true, type);
});

t.test('one line where it is so, none where it is not', async (t) => {
  const said = async (options: Parameters<typeof startWeb>[1]) => {
    const exporter = await startWeb(t, options);
    const lines = exporter.log().filter(({ msg }) => OPEN.test(String(msg)));
    await exporter.app.close();
    return lines;
  };
  const open = await said({ env: { HOST: '0.0.0.0' } });
  t.match(open, [{ level: 40, host: '0.0.0.0' }]);
  t.equal(open.length, 1);
  t.same(await said({}), []);
  t.same(await said({ env: { HOST: '0.0.0.0' }, tokens: tokenLine('a', 'b') }), []);
});

t.test('serve and demo say it', async (t) => {
  const env = { HOST: '0.0.0.0', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
  const served = await startServe(t, env);
  const find = (text: () => string) =>
    eventually('the line', () => (text().includes('REST is open to the network') ? true : undefined), 60_000);
  await find(served.stdout);
  await served.end('SIGTERM');
  const demo = startCommand(t, [CLI, 'demo'], { env: { HOST: '0.0.0.0' } });
  await find(demo.stdout);
  await eventually('it serves', () => (demo.stdout().includes('Serving until') ? true : undefined), 60_000);
  t.equal(demo.stdout().split('REST is open to the network').length, 2, 'once');
  t.match(demo.stdout(), /http:\/\//);
  await demo.end('SIGTERM');
});

t.test('a demo behind locks: the addresses are https, and the table is there', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const files = {
    WEB_CONFIG_FILE: join(made.folder, 'web.yaml'),
    API_TOKENS_FILE: join(made.folder, 'tokens'),
  };
  writeFileSync(
    files.WEB_CONFIG_FILE,
    `tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert}\nbasic_auth_users: {a: ${hashOf('b')}}`,
  );
  writeFileSync(files.API_TOKENS_FILE, tokenLine('a', 'b'));
  const demo = startCommand(t, [CLI, 'demo'], { env: { ...files, HOST: '0.0.0.0' } });
  await eventually('it serves', () => (demo.stdout().includes('Serving until') ? true : undefined), 60_000);
  t.match(demo.stdout(), /metrics {5}https:\/\/.*\/metrics\n.*API docs {4}https:\/\/.*\/docs\n/);
  t.match(demo.stdout(), /Total of the window +\d/);
  t.notMatch(demo.stdout(), /REST is open/);
  const { code } = await demo.end('SIGTERM');
  t.equal(code, 0);
});
