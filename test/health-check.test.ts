import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { healthUrl } from '../src/health-check.ts';
import { environment, startServe } from './e2e/command.ts';
import { run } from './servers/process.ts';
import { makeAuthority } from './web/certificates.ts';

const CHECK = join(import.meta.dirname, '../src/health-check.ts');
const check = (env: NodeJS.ProcessEnv) => run(process.execPath, [CHECK], { env: environment(env) });

/** A server that answers everything with one status; its port. */
async function answering(t: Test, status: number): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close().closeAllConnections());
  const address = server.address();
  return String(address !== null && typeof address === 'object' ? address.port : 0);
}

t.test('it asks where the exporter listens', async (t) => {
  const at = (host: string) => healthUrl({ host, metricsPort: 8080, web: {} });
  t.equal(at('0.0.0.0'), 'http://127.0.0.1:8080/health');
  t.equal(at('::'), 'http://[::1]:8080/health');
  t.equal(at('::1'), 'http://[::1]:8080/health');
  t.equal(at('10.0.0.1'), 'http://10.0.0.1:8080/health');
  t.equal(at('localhost'), 'http://localhost:8080/health');
});

t.test('an exporter that works is healthy, wherever it listens', async (t) => {
  for (const HOST of ['127.0.0.1', 'localhost']) {
    const exporter = await startServe(t, { HOST });
    const { code, stderr } = await check({ HOST, METRICS_PORT: new URL(exporter.metricsUrl).port });
    t.equal(code, 0, stderr);
  }
});

t.test('also where it speaks TLS, whoever the certificate is made out to, and asks for one', async (t) => {
  const folder = t.testdir();
  const authority = await makeAuthority(t, folder);
  if (authority === undefined) return;
  await authority.issue('costs', { sans: 'DNS:costs.example.com' });
  const file = join(folder, 'web.yaml');
  const tls = 'tls_server_config: { cert_file: costs.crt, key_file: costs.key';
  for (const more of [' }', ', client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt }']) {
    writeFileSync(file, `${tls}${more}\n`);
    const env = { HOST: '127.0.0.1', WEB_CONFIG_FILE: file };
    const exporter = await startServe(t, env);
    const { code, stderr } = await check({ ...env, METRICS_PORT: new URL(exporter.metricsUrl).port });
    t.equal(code, 0, stderr);
    t.equal(
      (await check({ METRICS_PORT: new URL(exporter.metricsUrl).port })).code,
      1,
      'plain HTTP is not answered',
    );
  }
});

t.test('anything else is not, and says why', async (t) => {
  t.match(await check({ METRICS_PORT: await answering(t, 503) }), {
    code: 1,
    stderr: /^http.*status 503\n$/,
  });
  t.match(await check({ METRICS_PORT: await answering(t, 204) }), { code: 1, stderr: /status 204/ });
  t.match(await check({ METRICS_PORT: '1' }), { code: 1, stderr: /^http:\/\/127\.0\.0\.1:1\/health: .+\n$/ });
});
