import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { stringify } from 'yaml';
import { run } from '../../servers/process.ts';
import type { Context } from './context.ts';
import { apply } from './kubectl.ts';
import { Release, type Values } from './release.ts';
import { ask } from './rest.ts';
import { compareSums } from './sums.ts';

const USER = 'prometheus';
/** What the answer to a stranger is. */
const UNAUTHORIZED = 401;

/** A certificate by itself, for a name. */
async function makeCertificate(folder: string, name: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(folder, 'closed.crt'), join(folder, 'closed.key')];
  const { code, stderr } = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-keyout', key, '-out', cert, '-subj', '/CN=closed', '-addext', `subjectAltName=DNS:${name}`],
  ]);
  if (code !== 0) throw new Error(`openssl: ${stderr}`);
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}

/** Both listeners speak TLS; metrics ask for a password, REST for that or a token. */
export async function closed({ report, bill, monitoring }: Context): Promise<void> {
  const release = new Release('closed');
  const serverName = `${release.fullname}.${release.name}.svc`;
  const { cert, key } = await makeCertificate(process.env.WORK ?? '', serverName);
  const [password, token] = [randomBytes(16).toString('hex'), randomBytes(32).toString('hex')];
  const access = { ca: cert, servername: serverName };
  const secret = (name: string, stringData: Record<string, string>) =>
    apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: release.name }, stringData });
  const values: Values = {
    web: { configSecret: { name: 'web' }, tokensSecret: { name: 'tokens' }, tls: true },
    serviceMonitor: {
      interval: '1s',
      scrapeTimeout: '1s',
      tlsConfig: { ca: { secret: { name: 'scrape', key: 'ca.crt' } }, serverName },
      basicAuth: {
        username: { name: 'scrape', key: 'username' },
        password: { name: 'scrape', key: 'password' },
      },
    },
    test: { userSecret: { name: 'scrape' } },
  };

  await report.step('TLS, password and token: helm install --wait', async () => {
    await release.prepare();
    const web = {
      tls_server_config: { cert_file: 'server.crt', key_file: 'server.key' },
      basic_auth_users: { [USER]: await hash(password, 10) },
    };
    await secret('web', { 'web.yaml': stringify(web), 'server.crt': cert, 'server.key': key });
    await secret('scrape', { username: USER, password, 'ca.crt': cert });
    await secret('tokens', { tokens: `test ${createHash('sha256').update(token).digest('hex')}\n` });
    await release.put(values);
    return undefined;
  });
  await report.step('TLS, password and token: sums in Prometheus', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const expected = await release.expected(bill, { ...access, headers });
    await monitoring.scrapes(release.job, 1, 60_000);
    return `${await compareSums(monitoring.prometheus, release.series, expected)} sums equal the bill's`;
  });
  await report.step('TLS, password and token: strangers are kept out', async () => {
    const rest = await release.restUrl('https');
    const pages = [`${rest}/cost/current`, `${rest.replace(/\d+$/, '8080')}/metrics`];
    for (const page of pages) {
      const [status] = await ask(page, access);
      if (status !== UNAUTHORIZED) throw new Error(`${page} answers a stranger with ${status}`);
    }
    return `${pages.length} pages answer ${UNAUTHORIZED}`;
  });
  await report.step('TLS, password and token: helm test', async () => {
    await release.test();
    return undefined;
  });
}
