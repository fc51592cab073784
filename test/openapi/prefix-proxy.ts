import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { TestScope } from '../servers/process.ts';

/**
 * Puts a path prefix in front of a server, as an Ingress does: `/x/docs/` is asked as `/docs/`, and so are `/x` and `/x/` as `/`;
 * anything else is 404. Answers pass as they are, `Location` too. Ends with the test.
 * @returns where the server is now, without a slash at the end.
 */
export async function startPrefixProxy(t: TestScope, origin: string, prefix = '/x'): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming;
    const [path = '', query] = url.split(/(?=\?)/);
    if (path !== prefix && !path.startsWith(`${prefix}/`)) {
      outgoing.writeHead(404).end('outside of the prefix');
      return;
    }
    const sent = request(
      `${origin}${path.slice(prefix.length) || '/'}${query ?? ''}`,
      { method, headers, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    sent.on('error', () => outgoing.destroy());
    incoming.pipe(sent);
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return `http://127.0.0.1:${address.port}${prefix}`;
}
