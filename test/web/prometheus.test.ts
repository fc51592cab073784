// A real Prometheus scrapes over TLS, with a password and with a certificate, and goes on while both are replaced.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startPrometheus } from '../servers/prometheus.ts';
import { hashOf, pki, startWeb } from './helper.ts';

t.setTimeout(180_000);

t.test('Prometheus over TLS with a password and a certificate', async (t) => {
  const made = await pki(t);
  if (made === undefined) return;
  const { folder, ca } = made;
  const client = await ca.issue('prometheus', { sans: 'DNS:prometheus.example.com' });
  const TLS = 'cert_file: server.crt, key_file: server.key';
  const LOCKED = `${TLS}, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [prometheus.example.com]`;
  const users = (hash: string) => `\nbasic_auth_users: {prometheus: ${hash}}`;
  const byPassword = await startWeb(t, {
    folder,
    web: `tls_server_config: {${TLS}}${users(hashOf('word', 10))}`,
  });
  const both = join(folder, 'both.yaml');
  writeFileSync(both, `tls_server_config: {${LOCKED}}${users(hashOf('word', 10))}`);
  const byBoth = await startWeb(t, { folder, env: { WEB_CONFIG_FILE: both } });
  const password = join(folder, 'password');
  writeFileSync(password, 'word');
  const basic_auth = { username: 'prometheus', password_file: password };
  const trust = { ca_file: ca.cert, server_name: 'localhost' };
  const certificate = { cert_file: client.cert, key_file: client.key };
  const prometheus = await startPrometheus(t, {
    targets: [
      { url: byPassword.metricsUrl, job: 'password', extra: { basic_auth, tls_config: trust } },
      {
        url: byBoth.metricsUrl,
        job: 'both',
        extra: { basic_auth, tls_config: { ...trust, ...certificate } },
      },
      { url: byPassword.metricsUrl, job: 'no-password', extra: { tls_config: trust } },
      { url: byBoth.metricsUrl, job: 'no-certificate', extra: { basic_auth, tls_config: trust } },
    ],
  });
  if (prometheus === undefined) return;
  const up = (job: string, value: number) =>
    prometheus.waitFor(`up{job="${job}"}`, ([sample]) => sample?.value === value);
  await up('password', 1);
  await up('both', 1);
  await up('no-password', 0);
  await up('no-certificate', 0);
  const [total] = await prometheus.query(
    'sum(aws_cost_total{job="password"}) == sum(aws_cost_total{job="both"})',
  );
  t.ok(Number(total?.value) > 0, 'the figures are there');
  // New certificate and new password; Prometheus is told the password only.
  const next = await ca.issue('next');
  renameSync(next.cert, join(folder, 'server.crt'));
  renameSync(next.key, join(folder, 'server.key'));
  byPassword.writeWeb(`tls_server_config: {${TLS}}${users(hashOf('new word', 10))}`);
  await up('password', 0);
  writeFileSync(password, 'new word');
  await up('password', 1);
});
