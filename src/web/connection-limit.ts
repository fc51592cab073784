import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebLimits } from './limits.ts';

/** How often it is looked for answers that are not taken in time, in milliseconds; oftener where the time is short. */
const SWEEP_MS = 2_000;

/** An answer, and until when the client has to have taken it; by `performance.now()`. */
interface Answer {
  readonly response: ServerResponse;
  readonly due: number;
}

interface Connection {
  readonly socket: Socket;
  /** Its last turn, of all that have sent a request or begun: the lower, the longer ago. */
  last: number;
  /** Those that may not be taken yet, in order. */
  readonly answers: Answer[];
}

/**
 * Holds the connections of a server to their limits: their number, the answers that one waits for at once, and the time to take one.
 *
 * A connection too many is let in: the one that has been without a request for longest, or has not sent a whole head yet, is closed for
 * it. So whoever opens connections by the thousand keeps nobody out; only where all are being answered is the new one closed itself.
 * A client that does not take its answer holds the page that it began with: its connection is closed.
 *
 * @param onDrop - told of each connection that is closed for its number or that of its requests.
 */
export function limitConnections(
  server: Server,
  limits: Pick<WebLimits, 'connections' | 'pipelined' | 'answerMs'>,
  onDrop: () => void,
): void {
  const open = new Map<string, Connection>();
  /** By the socket of its requests: under TLS another one than that of the connection. */
  const bySocket = new WeakMap<Socket, Connection>();
  let turns = 0;
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    const connection = { socket, last: ++turns, answers: [] };
    open.set(key, connection);
    bySocket.set(socket, connection);
    socket.once('close', () => {
      if (open.get(key) === connection) open.delete(key);
    });
    if (open.size <= limits.connections) return;
    const [idlest, { socket: waiting }] = longestIdle(open) ?? [key, connection];
    open.delete(idlest);
    waiting.destroy();
    onDrop();
  });
  server.on('secureConnection', (socket: Socket) => {
    const connection = open.get(keyOf(socket));
    if (connection !== undefined) bySocket.set(socket, connection);
  });
  // No timer and no listener for each answer: they would be felt in its time.
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = bySocket.get(socket);
    if (connection === undefined) return;
    connection.last = ++turns;
    const { answers } = connection;
    firstOf(answers);
    answers.push({ response, due: performance.now() + limits.answerMs });
    if (answers.length > limits.pipelined && !socket.destroyed) {
      socket.destroy();
      onDrop();
    }
  });
  const sweep = () => {
    const now = performance.now();
    for (const { socket, answers } of open.values()) {
      const first = firstOf(answers);
      if (first !== undefined && first.due <= now) socket.destroy();
    }
  };
  const sweeping = setInterval(sweep, Math.min(SWEEP_MS, limits.answerMs / 4)).unref();
  server.on('close', () => clearInterval(sweeping));
}

/** The connection that waits for no answer and had its last turn before all others. */
function longestIdle(open: ReadonlyMap<string, Connection>): [string, Connection] | undefined {
  let found: [string, Connection] | undefined;
  for (const one of open) {
    const [, { answers, last }] = one;
    if (firstOf(answers) === undefined && last < (found?.[1].last ?? Number.POSITIVE_INFINITY)) found = one;
  }
  return found;
}

/** The first answer that is not taken; those before it are left out from now on. */
function firstOf(answers: Answer[]): Answer | undefined {
  while (answers[0] && isTaken(answers[0].response)) answers.shift();
  return answers[0];
}

/** Whether the kernel has all of an answer, or its connection is gone. */
function isTaken({ writableFinished, destroyed }: ServerResponse): boolean {
  return writableFinished || destroyed;
}

/** Under TLS the socket of requests is another one than that of the connection; both have the address of the client. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
