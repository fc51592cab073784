import { X509Certificate } from 'node:crypto';
import type { Config } from '../config.ts';
import { isOpen } from './open.ts';

/** What the listeners ask for, in lines that hold no secret: for `check`. */
export function describeWeb(config: Pick<Config, 'host' | 'web'>): string[] {
  const { config: file, tokens } = config.web;
  const { tls, users = {} } = file?.read.value ?? {};
  const names = Object.keys(users);
  const lines: string[] = [];
  if (tls !== undefined) {
    const { subject, subjectAltName, validTo } = new X509Certificate(tls.cert);
    const until = new Date(validTo);
    const ended = until.getTime() < Date.now() ? ', which is over' : '';
    lines.push(
      `TLS ${tls.minVersion.slice(4)} to ${tls.maxVersion.slice(4)}, certificate of ${subjectAltName ?? subject.replaceAll('\n', ', ')} until ${until.toISOString()}${ended}`,
    );
    if (tls.client.ask) {
      const { require, verify, allowedSans } = tls.client;
      const named = allowedSans ? `, of ${allowedSans.join(' or ')}` : '';
      lines.push(
        `client certificates ${require ? 'required' : 'asked for'}, ${verify ? 'verified' : 'not verified'}${named}`,
      );
    }
  }
  if (names.length > 0) lines.push(`users ${names.join(',')} (both listeners)`);
  if (tokens !== undefined)
    lines.push(`tokens ${(tokens.read.value ?? []).map(({ name }) => name).join(',')} (REST)`);
  if (isOpen(config)) lines.push('REST is open to the network without authentication');
  else if (lines.length === 0) lines.push('open, to this machine alone');
  return lines;
}
