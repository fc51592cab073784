// The format of exporter-toolkit: what is accepted, what is refused, and in which words. promtool, which has its reader built in, is asked too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { readWebConfig } from '../../src/web/web-config.ts';
import { run } from '../servers/process.ts';
import { requirePromtool } from '../servers/prometheus.ts';
import { makeAuthority } from './certificates.ts';
import { hashOf, pki } from './helper.ts';

t.setTimeout(120_000);

const HASH = hashOf('secret-password');
const TLS = 'cert_file: server.crt, key_file: server.key';
const ALL_SUITES = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
];

/** Files that exporter-toolkit accepts, and this program too. */
const GOOD: Record<string, string> = {
  'TLS alone': `tls_server_config: {${TLS}}`,
  'users alone': `basic_auth_users: {alice: ${HASH}, bob: ${HASH}}`,
  'TLS and users': `tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\nbasic_auth_users:\n  alice: ${HASH}\n`,
  'the certificate of a client, if it has one': `tls_server_config: {${TLS}, client_auth_type: VerifyClientCertIfGiven}`,
  'a client must have one that is verified': `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}`,
  'a client must have any': `tls_server_config: {${TLS}, client_auth_type: RequireAnyClientCert, client_ca_file: ca.crt}`,
  'the old name of that': `tls_server_config: {${TLS}, client_auth_type: RequireClientCert}`,
  'a client is asked': `tls_server_config: {${TLS}, client_auth_type: RequestClientCert}`,
  'nobody is asked': `tls_server_config: {${TLS}, client_auth_type: NoClientCert}`,
  'all suites': `tls_server_config: {${TLS}, cipher_suites: [${ALL_SUITES.join(', ')}]}`,
  'some suites, of one version, in the order of the client': `tls_server_config: {${TLS}, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], prefer_server_cipher_suites: false, min_version: TLS12, max_version: TLS12}`,
  'all curves': `tls_server_config: {${TLS}, curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]}`,
  'TLS 1.3 alone': `tls_server_config: {${TLS}, min_version: TLS13}`,
  'without HTTP/2': `tls_server_config: {${TLS}}\nhttp_server_config: {http2: false}`,
  headers: `tls_server_config: {${TLS}}\nhttp_server_config:\n  headers:\n    Content-Security-Policy: "default-src 'self'"\n    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n    X-XSS-Protection: "0"\n    Strict-Transport-Security: max-age=31536000;includeSubDomains\n`,
  'a relative path out of the folder':
    'tls_server_config: {cert_file: ./server.crt, key_file: "../web/server.key"}',
};

/** Files that both refuse, and words that say why. */
const BAD: Record<string, [content: string, words: RegExp]> = {
  junk: ['hWkNKCp3fvIx3jKnsaBI', /\(the whole file\): must be a mapping of/],
  'no YAML': ['tls_server_config: {', /cannot be read: (BAD|MISSING|UNEXPECTED)/],
  'a key that there is not': [
    'tls_server_config: {cert_filse: server.crt}',
    /cert_filse: is not a key of this file/,
  ],
  'a section that there is not': ['tls_config: {}', /tls_config: is not a key of this file/],
  'a certificate without a key': [
    'tls_server_config: {cert_file: server.crt}',
    /has neither key_file nor key/,
  ],
  'a key without a certificate': [
    'tls_server_config: {key_file: server.key}',
    /has neither cert_file nor cert/,
  ],
  'a certificate that is not there': [
    'tls_server_config: {cert_file: none, key_file: server.key}',
    /cert_file="none": cannot be read: ENOENT/,
  ],
  'a key that is not there': [
    'tls_server_config: {cert_file: server.crt, key_file: none}',
    /key_file="none": cannot be read: ENOENT/,
  ],
  "another one's key": [
    'tls_server_config: {cert_file: server.crt, key_file: other.key}',
    /key_file: does not fit the certificate/,
  ],
  'a key in place of the certificate': [
    'tls_server_config: {cert_file: server.key, key_file: server.key}',
    /cert_file: must hold a certificate in PEM/,
  ],
  'a certificate in place of the key': [
    'tls_server_config: {cert_file: server.crt, key_file: server.crt}',
    /key_file: must hold a private key in PEM/,
  ],
  'a folder': [
    'tls_server_config: {cert_file: ., key_file: server.key}',
    /cert_file=".": cannot be read: not a regular file/,
  ],
  'an encrypted key': [
    'tls_server_config: {cert_file: server.crt, key_file: locked.key}',
    /key_file: is encrypted/,
  ],
  'authorities that nobody is held to': [
    `tls_server_config: {${TLS}, client_ca_file: ca.crt}`,
    /client_ca_file: has no effect without client_auth_type/,
  ],
  'authorities that are not there': [
    `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: none}`,
    /client_ca_file="none": cannot be read/,
  ],
  'a way to ask that there is not': [
    `tls_server_config: {${TLS}, client_auth_type: Maybe}`,
    /client_auth_type="Maybe": must be one of NoClientCert/,
  ],
  'a version that there is not': [
    `tls_server_config: {${TLS}, min_version: TLS111}`,
    /min_version="TLS111": must be TLS12 or TLS13/,
  ],
  'a suite that there is not': [
    `tls_server_config: {${TLS}, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048]}`,
    /cipher_suites\.0=.*SHA2048": must be a list of/,
  ],
  'a curve that there is not': [
    `tls_server_config: {${TLS}, curve_preferences: [CurveP257]}`,
    /curve_preferences\.0="CurveP257"/,
  ],
  'a password in place of its hash': [
    'basic_auth_users: {alice: secret-password}',
    /basic_auth_users\.alice: must be a mapping of at least one user name to a bcrypt hash/,
  ],
  'a hash that is too short': [
    `basic_auth_users: {alice: ${HASH.slice(0, 20)}}`,
    /basic_auth_users\.alice: must be/,
  ],
  'a header that cannot be set': [
    'http_server_config: {headers: {Content-Type: text/html}}',
    /headers\.Content-Type: is not a key/,
  ],
  'a frame option that there is not': [
    'http_server_config: {headers: {X-Frame-Options: foo}}',
    /X-Frame-Options="foo": must be deny or sameorigin/,
  ],
  'a content type option that there is not': [
    'http_server_config: {headers: {X-Content-Type-Options: sniff}}',
    /X-Content-Type-Options="sniff": must be nosniff/,
  ],
};

/** What exporter-toolkit accepts and this program refuses: it would be ignored, or open more than its author thinks. */
const STRICTER: Record<string, [content: string, words: RegExp]> = {
  'an empty file': ['', /\(the whole file\).*: must be a mapping of/],
  'an empty mapping': ['{}', /\(the whole file\): must be a mapping of/],
  'no user': ['basic_auth_users: {}', /basic_auth_users: must be a mapping of at least one/],
  'an empty section': ['tls_server_config: {}', /has neither cert_file nor cert/],
  'a version alone': ['tls_server_config: {min_version: TLS13}', /has neither cert_file nor cert/],
  'HTTP/2': [
    `tls_server_config: {${TLS}}\nhttp_server_config: {http2: true}`,
    /http2=true: must be false: HTTP\/1.1 alone/,
  ],
  'TLS 1.0': [
    `tls_server_config: {${TLS}, min_version: TLS10}`,
    /min_version="TLS10": must be TLS12 or TLS13/,
  ],
  'TLS 1.1': [
    `tls_server_config: {${TLS}, max_version: TLS11}`,
    /max_version="TLS11": must be TLS12 or TLS13/,
  ],
  'versions in the wrong order': [
    `tls_server_config: {${TLS}, min_version: TLS13, max_version: TLS12}`,
    /min_version="TLS13": is above max_version/,
  ],
  'suites of another version': [
    `tls_server_config: {${TLS}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}`,
    /cipher_suites: has suites of TLS 1.3 alone/,
  ],
  'whoever a public authority knows': [
    `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert}`,
    /client_auth_type=.*: needs client_ca_file/,
  ],
  'authorities that are none': [
    `tls_server_config: {${TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: server.key}`,
    /client_ca_file: must hold certificates of authorities/,
  ],
  'a hash that takes minutes': [
    `basic_auth_users: {alice: "$2b$20$${'a'.repeat(53)}"}`,
    /has a bcrypt cost of 20/,
  ],
  'a hash that lacks its last letter': [
    `basic_auth_users: {alice: ${HASH.slice(0, -1)}}`,
    /basic_auth_users\.alice: must be/,
  ],
  'a user whom no browser can name': [
    `basic_auth_users: {"a:b": "${HASH}"}`,
    /has a user name that no browser can send/,
  ],
};

/** What newer versions of exporter-toolkit know, and promtool of this machine may not. */
const NEWER_BAD: Record<string, [content: string, words: RegExp]> = {
  'both ways to give a certificate': [
    `tls_server_config: {${TLS}, cert: "x"}`,
    /cert_file="server.crt": and cert are both given/,
  ],
  'names of clients that are not asked': [
    `tls_server_config: {${TLS}, client_allowed_sans: [a]}`,
    /client_allowed_sans: has no effect unless/,
  ],
  'names of clients that may come without': [
    `tls_server_config: {${TLS}, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]}`,
    /client_allowed_sans: has no effect unless/,
  ],
  'a rate limit': ['rate_limit: {interval: 1s, burst: 20}', /rate_limit: is not a key of this file/],
  'a certificate in the file that is none': [
    'tls_server_config: {cert: secret-pem, key: secret-pem}',
    /cert_file: must hold a certificate in PEM/,
  ],
};

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
