import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { TestScope } from '../servers/process.ts';
import { type Authority, makeAuthority } from './certificates.ts';

/** The files of `pki()` in a `tls_server_config`. */
export const TLS = 'cert_file: server.crt, key_file: server.key';

/** Opens a TLS connection; rejects with the alert that the server has answered with. */
export async function handshake(url: string, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', ...options });
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error));
  await Promise.race([once(socket, 'secureConnect'), failed]);
  failed.catch(() => undefined);
  return socket;
}

/** Sends a request over a connection that is open, and gives back the answer's head. */
export async function over(socket: TLSSocket, path: string): Promise<string> {
  let text = '';
  const head = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (end < 0 || text.length < end + 4 + length) return;
      socket.off('data', read);
      resolve(text);
    };
    socket.on('data', read);
    socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
  });
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  return head;
}

export const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

/** Certificates that tests show, by what there is to say of them. */
export async function clients(folder: string, ca: Authority, t: TestScope) {
  const strangers = await makeAuthority(t, folder, 'strangers');
  if (strangers === undefined) throw new Error('openssl has gone');
  const names =
    'DNS:prometheus.example.com,IP:10.1.2.3,IP:2001:db8::1,email:sre@example.com,URI:spiffe://example.com/prometheus';
  const pem = async (by: Authority, name: string, sans: string) => {
    const { cert, key } = await by.issue(name, { sans });
    return { cert: readFileSync(cert), key: readFileSync(key) };
  };
  return {
    none: {},
    named: await pem(ca, 'named', names),
    nameless: await pem(ca, 'nameless', ''),
    stranger: await pem(strangers, 'stranger', names),
  };
}
