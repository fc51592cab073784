import { hashOf } from './helper.ts';
import { TLS } from './tls-client.ts';

const HASH = hashOf('secret-password');
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
export const GOOD: Record<string, string> = {
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
export const BAD: Record<string, [content: string, words: RegExp]> = {
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
export const STRICTER: Record<string, [content: string, words: RegExp]> = {
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
export const NEWER_BAD: Record<string, [content: string, words: RegExp]> = {
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
  'a rate limit': [
    'rate_limit: {interval: 1s, burst: 20}',
    /rate_limit: must be left out: how many requests/,
  ],
  'a certificate in the file that is none': [
    'tls_server_config: {cert: secret-pem, key: secret-pem}',
    /cert_file: must hold a certificate in PEM/,
  ],
};
