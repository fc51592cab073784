// The format of exporter-toolkit: what is accepted, what is refused, and in which words. promtool, which has its reader built in, is asked too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { readWebConfig } from '../../src/web/web-config.ts';
import { run } from '../servers/process.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { makeAuthority } from './certificates.ts';
import { pki } from './helper.ts';
import { TLS } from './tls-client.ts';
import { BAD, GOOD, NEWER_BAD, STRICTER } from './web-files.ts';

t.setTimeout(120_000);

async function files(t: Test) {
  const made = await pki(t);
  if (made === undefined) return undefined;
  const { folder, ca } = made;
  await ca.issue('other');
  const locked = join(folder, 'locked.key');
  await run('openssl', [
    'pkey',
    '-in',
    join(folder, 'server.key'),
    '-aes256',
    '-passout',
    'pass:secret-pass',
    '-out',
    locked,
  ]);
  // So that `../web/` leads here.
  await run('ln', ['-s', folder, join(folder, '..', 'web')]);
  t.teardown(() => run('rm', ['-f', join(folder, '..', 'web')]));
  return made;
}

const lines = (path: string) => {
  try {
    loadConfig({ WEB_CONFIG_FILE: path });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').slice(1);
  }
};

t.test('files that are accepted, and files that are refused, beside promtool', async (t) => {
  const made = await files(t);
  const promtool = requirePromtool(t);
  if (made === undefined || promtool === undefined) return;
  const path = join(made.folder, 'web.yaml');
  const agrees = async (content: string) => {
    writeFileSync(path, content);
    const { stdout, stderr, code } = await run(promtool, ['check', 'web-config', path]);
    return { accepted: code === 0, said: stdout + stderr };
  };
  for (const [name, content] of Object.entries(GOOD)) {
    const { accepted, said } = await agrees(content);
    t.equal(accepted, true, `${name}: promtool accepts it`, { said });
    t.same(lines(path), [], name);
  }
  for (const [name, [content, words]] of Object.entries(BAD)) {
    const { accepted } = await agrees(content);
    t.equal(accepted, false, `${name}: promtool refuses it`);
    refused(t, name, lines(path), words);
  }
  for (const [name, [content, words]] of Object.entries(STRICTER)) {
    const { accepted, said } = await agrees(content);
    t.equal(accepted, true, `${name}: promtool accepts it`, { said });
    refused(t, name, lines(path), words);
  }
  for (const [name, [content, words]] of Object.entries(NEWER_BAD)) {
    await agrees(content);
    refused(t, name, lines(path), words);
  }
});

function refused(t: Test, name: string, said: readonly string[], words: RegExp): void {
  t.match(said.join('\n'), words, name);
  for (const line of said)
    t.match(line, /^ {2}WEB_CONFIG_FILE.*\(example: .+\)$/, `${name}: where, why and an example`);
  t.notMatch(
    said.join('\n'),
    /secret-|\$2[aby]\$\d\d\$[./A-Za-z0-9]{9}|BEGIN \w+ PRIVATE|MII/,
    `${name}: nothing secret`,
  );
}

t.test('certificate, key and authorities in the file itself', async (t) => {
  const made = await files(t);
  if (made === undefined) return;
  const text = (name: string) => JSON.stringify(readFileSync(join(made.folder, name), 'utf8'));
  const path = join(made.folder, 'web.yaml');
  writeFileSync(
    path,
    `tls_server_config: {cert: ${text('server.crt')}, key: ${text('server.key')}, client_ca: ${text('ca.crt')}, client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [a, 10.0.0.1]}`,
  );
  const { value, faults } = readWebConfig(path);
  t.same(faults, []);
  t.match(value?.tls?.client, { ask: true, require: true, verify: true, allowedSans: ['a', '10.0.0.1'] });
});

t.test('all faults at once, with those of the other settings', async (t) => {
  const made = await files(t);
  if (made === undefined) return;
  const path = join(made.folder, 'web.yaml');
  writeFileSync(
    path,
    `tls_server_config: {cert_file: none, key_file: none, client_ca_file: none}\nbasic_auth_users: {alice: "$2b$20$${'a'.repeat(53)}"}`,
  );
  try {
    loadConfig({ WEB_CONFIG_FILE: path, API_TOKENS_FILE: '/none', PORT: 'x' });
    t.fail('it is wrong');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    t.same(
      error.faults.map(({ where }) => where),
      [
        'PORT',
        'WEB_CONFIG_FILE basic_auth_users.alice',
        'WEB_CONFIG_FILE tls_server_config.cert_file',
        'WEB_CONFIG_FILE tls_server_config.key_file',
        'WEB_CONFIG_FILE tls_server_config.client_ca_file',
        'API_TOKENS_FILE',
      ],
    );
  }
});

t.test('keys of every common kind, and a chain', async (t) => {
  const folder = t.testdir();
  const ca = await makeAuthority(t, folder);
  if (ca === undefined) return;
  const path = join(folder, 'web.yaml');
  for (const algorithm of ['rsa:2048', 'ec:P-256', 'ec:P-384']) {
    await ca.issue('server', { algorithm });
    writeFileSync(path, `tls_server_config: {${TLS}}`);
    t.same(lines(path), [], algorithm);
  }
  const [server, authority] = ['server.crt', 'ca.crt'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  );
  writeFileSync(join(folder, 'server.crt'), `# the chain\n${server}${authority}`);
  t.same(lines(path), [], 'a chain');
  writeFileSync(join(folder, 'server.crt'), `${authority}${server}`);
  t.match(lines(path), [/does not fit the certificate/], 'a chain in the wrong order');
  const key = readFileSync(join(folder, 'server.key'), 'utf8');
  await run('openssl', ['ecparam', '-name', 'secp384r1', '-out', join(folder, 'params')]);
  writeFileSync(join(folder, 'server.crt'), server ?? '');
  writeFileSync(join(folder, 'server.key'), readFileSync(join(folder, 'params'), 'utf8') + key);
  t.same(lines(path), [], 'a key behind its parameters');
  await ca.issue('server', { algorithm: 'rsa:1024' });
  t.match(lines(path), [/is refused by the TLS library: ERR_SSL_/], 'a key that is too small');
});
