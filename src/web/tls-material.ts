import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls';
import type { Fault } from '../config/faults.ts';
import { codeOf } from './small-file.ts';
import { CIPHER_SUITES, CURVES, TLS_VERSIONS, TLS13_SUITES } from './tls-names.ts';
import type { TlsServer } from './web-file.ts';

/** How clients are asked for a certificate. */
export interface ClientAuth {
  /** Whether the handshake asks for one. */
  readonly ask: boolean;
  /** Whether nothing but the open paths is answered without one. */
  readonly require: boolean;
  /** Whether one that is given must be signed by an authority of `ca`. */
  readonly verify: boolean;
  /** Names of which a certificate must have one; undefined: any. */
  readonly allowedSans?: readonly string[] | undefined;
}

/** What a TLS listener is made from; PEM as text. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** OpenSSL's names; undefined: Node.js's own choice. */
  readonly ciphers?: string | undefined;
  readonly honorCipherOrder: boolean;
  readonly ecdhCurve?: string | undefined;
  readonly client: ClientAuth;
}

const BLOCK = /-----BEGIN (?:X509 )?CERTIFICATE-----[\s\S]+?-----END (?:X509 )?CERTIFICATE-----/g;
const WHERE = 'WEB_CONFIG_FILE tls_server_config';

/** What is wrong with the section, its files read, beyond the shape of it. */
export function tlsFaults(server: TlsServer): Fault[] {
  const faults = [...pairFaults(server), ...clientFaults(server), ...versionFaults(server)];
  if (faults.length > 0) return faults;
  try {
    createSecureContext(contextOf(tlsOf(server)));
    return [];
  } catch (error) {
    const example = '{cert_file: server.crt, key_file: server.key}';
    return [{ where: WHERE, reason: `is refused by the TLS library: ${codeOf(error)}`, example }];
  }
}

function* pairFaults({ cert, key }: TlsServer): Generator<Fault> {
  for (const [name, given] of Object.entries({ cert, key })) {
    if (given !== undefined) continue;
    yield {
      where: WHERE,
      reason: `has neither ${name}_file nor ${name}`,
      example: `${name}_file: server.pem`,
    };
  }
  const chain = cert === undefined ? undefined : certificatesOf(cert);
  if (chain !== undefined && chain.length === 0) yield notPem('cert_file', 'a certificate', 'server.crt');
  const secret = key === undefined ? undefined : keyOf(key);
  if (typeof secret === 'string') {
    yield { where: `${WHERE}.key_file`, reason: secret, example: 'openssl pkey -in old.key -out server.key' };
  } else if (secret !== undefined && chain?.[0] !== undefined && !chain[0].checkPrivateKey(secret)) {
    yield {
      where: `${WHERE}.key_file`,
      reason:
        "does not fit the certificate: it is another one's key, or the server's own certificate is not the first of its file",
      example: 'server.key',
    };
  }
}

function notPem(name: string, what: string, example: string): Fault {
  return { where: `${WHERE}.${name}`, reason: `must hold ${what} in PEM, and nothing broken`, example };
}

/** The certificates of a PEM text, in order; none where one of them is broken. */
function certificatesOf(pem: string): X509Certificate[] {
  try {
    return (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

/** The key, or why it cannot be used. */
function keyOf(pem: string): KeyObject | string {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    return codeOf(error) === 'ERR_MISSING_PASSPHRASE' || /ENCRYPTED/.test(pem)
      ? 'is encrypted: a key without a passphrase is needed'
      : 'must hold a private key in PEM';
  }
}

const VERIFIES = /Verify/;
const REQUIRES = /^Require/;

function* clientFaults(server: TlsServer): Generator<Fault> {
  const { client_auth_type: type = 'NoClientCert', client_ca: ca, client_allowed_sans: sans } = server;
  if (ca !== undefined) {
    if (type === 'NoClientCert') {
      yield {
        where: `${WHERE}.client_ca_file`,
        reason: 'has no effect without client_auth_type: nobody is asked for a certificate',
        example: 'client_auth_type: RequireAndVerifyClientCert',
      };
    }
    if (certificatesOf(ca).length === 0)
      yield notPem('client_ca_file', 'certificates of authorities', 'clients.crt');
  } else if (type === 'RequireAndVerifyClientCert') {
    yield {
      where: `${WHERE}.client_auth_type`,
      value: type,
      reason: 'needs client_ca_file: without it whoever any public authority knows would be let in',
      example: 'client_ca_file: clients.crt',
    };
  }
  if (sans !== undefined && !REQUIRES.test(type)) {
    yield {
      where: `${WHERE}.client_allowed_sans`,
      reason: 'has no effect unless a certificate is required',
      example: 'client_auth_type: RequireAndVerifyClientCert',
    };
  }
}

function* versionFaults({
  min_version: min = 'TLS12',
  max_version: max = 'TLS13',
  cipher_suites: suites,
}: TlsServer): Generator<Fault> {
  if (min > max) {
    yield {
      where: `${WHERE}.min_version`,
      value: min,
      reason: `is above max_version, ${max}`,
      example: 'TLS12',
    };
  }
  if (max === 'TLS12' && suites?.every((name) => TLS13_SUITES.some((one) => one === name))) {
    yield {
      where: `${WHERE}.cipher_suites`,
      reason: 'has suites of TLS 1.3 alone, and max_version is TLS12',
      example: '[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]',
    };
  }
}

/** The section as the listener wants it; it has no faults. */
export function tlsOf(server: TlsServer): TlsMaterial {
  const { cert = '', key = '', client_ca: ca, client_auth_type: type = 'NoClientCert' } = server;
  const { min_version: min = 'TLS12', max_version: max = 'TLS13', cipher_suites: suites } = server;
  const own = suites?.map((name) => CIPHER_SUITES[name] ?? name).filter((name) => !name.startsWith('TLS_'));
  return {
    cert,
    key,
    ca,
    minVersion: TLS_VERSIONS[min] ?? 'TLSv1.2',
    maxVersion: TLS_VERSIONS[max] ?? 'TLSv1.3',
    // Without the names of TLS 1.3 Node.js would turn that version off.
    ciphers: own && [...TLS13_SUITES, ...own].join(':'),
    honorCipherOrder: server.prefer_server_cipher_suites ?? true,
    ecdhCurve: server.curve_preferences?.map((name) => CURVES[name] ?? name).join(':'),
    client: {
      ask: type !== 'NoClientCert',
      require: REQUIRES.test(type),
      verify: VERIFIES.test(type),
      allowedSans: server.client_allowed_sans,
    },
  };
}

/** What Node.js makes a secure context from. */
export function contextOf(tls: TlsMaterial): SecureContextOptions {
  const { cert, key, ca, minVersion, maxVersion, ciphers, honorCipherOrder, ecdhCurve } = tls;
  return {
    cert,
    key,
    minVersion,
    maxVersion,
    honorCipherOrder,
    ...(ca === undefined ? {} : { ca }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(ecdhCurve === undefined ? {} : { ecdhCurve }),
  };
}
