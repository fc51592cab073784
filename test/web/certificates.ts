import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireProgram, run, type TestScope } from '../servers/process.ts';

/** A certificate with its key; PEM, and the files that hold them. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** How a certificate is wanted. */
export interface Wanted {
  /** `subjectAltName` as OpenSSL takes it. Default `DNS:localhost,IP:127.0.0.1`. */
  readonly sans?: string;
  /** Default an elliptic curve. */
  readonly algorithm?: string;
  /** How long it is good from now on. Default 10; below zero it is over. */
  readonly days?: number;
}

/** An authority of a test, made by OpenSSL. */
export interface Authority {
  /** The file of its certificate. */
  readonly cert: string;
  /** Issues a certificate whose files are `<name>.crt` and `<name>.key`. */
  issue(name: string, wanted?: Wanted): Promise<Certificate>;
}

/** Makes an authority in a folder; undefined, with a visible skip, where OpenSSL is absent. */
export async function makeAuthority(
  t: TestScope,
  folder: string,
  name = 'ca',
): Promise<Authority | undefined> {
  const openssl = requireProgram(t, 'openssl');
  if (openssl === undefined) return undefined;
  const file = (base: string) => join(folder, base);
  const call = async (...args: string[]) => {
    const { code, stderr } = await run(openssl, args);
    if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
  };
  const newKey = (path: string, algorithm = 'ec:P-256') =>
    algorithm.startsWith('ec:')
      ? call(
          'genpkey',
          '-algorithm',
          'EC',
          '-pkeyopt',
          `ec_paramgen_curve:${algorithm.slice(3)}`,
          '-out',
          path,
        )
      : call(
          'genpkey',
          '-algorithm',
          'RSA',
          '-pkeyopt',
          `rsa_keygen_bits:${algorithm.slice(4)}`,
          '-out',
          path,
        );
  const [cert, key] = [file(`${name}.crt`), file(`${name}.key`)];
  await newKey(key);
  await call('req', '-x509', '-new', '-key', key, '-subj', `/CN=${name}`, '-days', '30', '-out', cert);
  let serial = 0;
  return {
    cert,
    async issue(base, { sans = 'DNS:localhost,IP:127.0.0.1', algorithm, days = 10 } = {}) {
      const issued = { cert: file(`${base}.crt`), key: file(`${base}.key`) };
      const [request, extensions] = [file(`${base}.csr`), file(`${base}.ext`)];
      await newKey(issued.key, algorithm);
      await call('req', '-new', '-key', issued.key, '-subj', `/CN=${base}`, '-out', request);
      writeFileSync(extensions, sans === '' ? 'basicConstraints=CA:FALSE\n' : `subjectAltName=${sans}\n`);
      const by = ['-CA', cert, '-CAkey', key, '-set_serial', String(++serial), '-days', String(days)];
      await call('x509', '-req', '-in', request, ...by, '-extfile', extensions, '-out', issued.cert);
      return issued;
    },
  };
}
