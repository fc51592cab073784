import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { oneOf } from '../config/kinds.ts';
import { CIPHER_SUITES, CURVES, TLS_VERSIONS } from './tls-names.ts';

const strict = { additionalProperties: false } as const;

/** How clients are asked for a certificate: the names of Go's `tls.ClientAuthType`. */
export const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'RequireClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;

const path = (example: string) =>
  Type.Optional(Type.String({ minLength: 1, expects: 'the path of a readable PEM file', example }));

const pem = (what: string, example: string) =>
  Type.Optional(
    Type.String({ minLength: 1, expects: `${what} in PEM, as a block of text`, example, secret: true }),
  );

const listOf = (names: readonly string[], example: string) =>
  Type.Optional(
    Type.Array(oneOf(names), {
      minItems: 1,
      uniqueItems: true,
      expects: `a list of ${names.join(', ')}`,
      example,
    }),
  );

const header = (schema: TSchema, example: string, expects: string) =>
  Type.Optional(Type.Unsafe<string>({ ...schema, expects, example }));

/** One line that a header may hold. */
const LINE = Type.String({ pattern: '^[\\x20-\\x7e\\x80-\\xff]*$' });

const TlsServer = Type.Object(
  {
    cert: pem('a certificate', '"-----BEGIN CERTIFICATE-----..."'),
    key: pem('a private key', '"-----BEGIN PRIVATE KEY-----..."'),
    client_ca: pem('certificates of authorities', '"-----BEGIN CERTIFICATE-----..."'),
    cert_file: path('server.crt'),
    key_file: path('server.key'),
    client_ca_file: path('clients.crt'),
    client_auth_type: Type.Optional(
      oneOf(CLIENT_AUTH_TYPES, {
        expects: `one of ${CLIENT_AUTH_TYPES.join(', ')}`,
        example: 'RequireAndVerifyClientCert',
      }),
    ),
    client_allowed_sans: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        expects: 'a list of names: DNS, IP, e-mail or URI',
        example: '[prometheus.example.com]',
      }),
    ),
    min_version: Type.Optional(version('TLS12')),
    max_version: Type.Optional(version('TLS13')),
    cipher_suites: listOf(Object.keys(CIPHER_SUITES), '[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]'),
    prefer_server_cipher_suites: Type.Optional(Type.Boolean({ expects: 'true or false', example: 'true' })),
    curve_preferences: listOf(Object.keys(CURVES), '[X25519, CurveP256]'),
  },
  {
    ...strict,
    expects: 'a mapping with cert_file and key_file',
    example: '{cert_file: server.crt, key_file: server.key}',
    secret: true,
  },
);

function version(example: string) {
  return oneOf(Object.keys(TLS_VERSIONS), {
    expects: 'TLS12 or TLS13: older versions are broken and are not spoken here',
    example,
  });
}

const Headers = Type.Object(
  {
    'Content-Security-Policy': header(LINE, '"default-src \'self\'"', 'one line of text, or empty'),
    'X-Frame-Options': header(oneOf(['deny', 'sameorigin']), 'deny', 'deny or sameorigin'),
    'X-Content-Type-Options': header(Type.Literal('nosniff'), 'nosniff', 'nosniff'),
    'X-XSS-Protection': header(LINE, '"0"', 'one line of text, or empty'),
    'Strict-Transport-Security': header(LINE, 'max-age=31536000', 'one line of text, or empty'),
  },
  { ...strict, expects: 'a mapping of headers', example: '{X-Frame-Options: deny}' },
);

const HttpServer = Type.Object(
  {
    http2: Type.Optional(
      Type.Literal(false, { expects: 'false: HTTP/1.1 alone is spoken here', example: 'false' }),
    ),
    headers: Type.Optional(Headers),
  },
  { ...strict, expects: 'a mapping', example: '{headers: {X-Frame-Options: deny}}' },
);

/** A bcrypt hash: version, cost, salt and digest. */
export const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** The file that `WEB_CONFIG_FILE` names, in the format of Prometheus' exporter-toolkit. */
export const WebFile = Type.Object(
  {
    tls_server_config: Type.Optional(TlsServer),
    http_server_config: Type.Optional(HttpServer),
    basic_auth_users: Type.Optional(
      Type.Record(Type.String(), Type.String({ pattern: BCRYPT.source }), {
        minProperties: 1,
        expects: 'a mapping of at least one user name to a bcrypt hash ($2a$, $2b$ or $2y$)',
        example: '{prometheus: $2y$10$...} (htpasswd -nBC 10 prometheus)',
        secret: true,
      }),
    ),
    rate_limit: Type.Optional(
      Type.Never({
        expects: 'left out: how many requests are answered is not set by this file (docs/security.md)',
        example: 'basic_auth_users: {prometheus: $2y$10$...}',
      }),
    ),
  },
  {
    ...strict,
    minProperties: 1,
    expects: 'a mapping of tls_server_config, http_server_config and basic_auth_users, one of them at least',
    example: 'tls_server_config: {cert_file: server.crt, key_file: server.key}',
    secret: true,
  },
);

export type WebFile = Static<typeof WebFile>;
export type TlsServer = Static<typeof TlsServer>;
