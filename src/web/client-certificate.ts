import type { X509Certificate } from 'node:crypto';
import { isIPv6, SocketAddress } from 'node:net';

/**
 * Names of a certificate: DNS, IP, e-mail and URI, as Go writes them. Anything unusual in them is none at all.
 */
export function namesOf({ subjectAltName }: Pick<X509Certificate, 'subjectAltName'>): string[] {
  if (subjectAltName === undefined) return [];
  const names: string[] = [];
  // A value that could be taken for two is in quotes, as JSON.
  const entry =
    /(DNS|IP Address|email|URI|othername|DirName|Registered ID|X400Name|EdiPartyName):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  while (entry.lastIndex < subjectAltName.length) {
    const found = entry.exec(subjectAltName);
    if (found === null) return [];
    const [, kind = '', value = ''] = found;
    if (!['DNS', 'IP Address', 'email', 'URI'].includes(kind)) continue;
    const text = value.startsWith('"') ? unquoted(value) : value;
    if (text === undefined) return [];
    names.push(kind === 'IP Address' ? canonical(text) : text);
  }
  return names;
}

/** Whether a certificate has one of the names. */
export function hasName(
  certificate: Pick<X509Certificate, 'subjectAltName'>,
  allowed: readonly string[],
): boolean {
  const wanted = new Set(allowed.map(canonical));
  return namesOf(certificate).some((name) => wanted.has(name));
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** An IPv6 address in its short form; any other text as it is. */
function canonical(text: string): string {
  return isIPv6(text) ? new SocketAddress({ address: text, family: 'ipv6' }).address : text;
}
