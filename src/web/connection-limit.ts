import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebLimits } from './limits.ts';

/**
 * Keeps the connections of a server within a number. A new one is let in: the one that has been without a request for longest, or has
 * not sent a whole head yet, is closed for it. So whoever opens connections by the thousand keeps nobody out; only where all are
 * being answered is the new one closed itself.
 *
 * @param pipelined - requests of one connection that may be under way at once; with one more it is closed.
 * @param onDrop - told of each connection that is closed.
 */
export function limitConnections(
  server: Server,
  { connections: most, pipelined }: Pick<WebLimits, 'connections' | 'pipelined'>,
  onDrop: () => void,
): void {
  /** Every connection with its requests under way, in the order in which they were last answered. */
  const open = new Map<string, { readonly socket: Socket; requests: number }>();
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    open.set(key, { socket, requests: 0 });
    socket.once('close', () => {
      if (open.get(key)?.socket === socket) open.delete(key);
    });
    if (open.size <= most) return;
    for (const [idle, { socket: waiting, requests }] of open) {
      if (requests > 0) continue;
      open.delete(idle);
      waiting.destroy();
      onDrop();
      return;
    }
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const key = keyOf(socket);
    const connection = open.get(key);
    if (connection === undefined) return;
    connection.requests++;
    if (connection.requests > pipelined && !socket.destroyed) {
      socket.destroy();
      onDrop();
    }
    response.once('close', () => {
      connection.requests--;
      if (open.get(key) !== connection) return;
      // To the end of the row of those that wait.
      open.delete(key);
      open.set(key, connection);
    });
  });
}

/** Under TLS a request has another socket than its connection; both have the address of the client. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
