import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A server under load. */
export interface Target {
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that each answer must have. */
  readonly status: number;
}

/** How a stretch of load went. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
}

/** Connections at once, with a request under way on each. */
const CONNECTIONS = 32;

/**
 * Asks one thing again and again on some connections, the next as soon as the last is answered: so cheaply that the server is what
 * is measured. All answers must be as long as the first, which tells another answer from the expected one.
 *
 * @param ms - how long new requests are sent.
 */
export async function load(target: Target, ms: number): Promise<Load> {
  const request = requestOf(target);
  const length = await lengthOfAnswer(target, request);
  const started = performance.now();
  const until = started + ms;
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(target.port, '127.0.0.1').setNoDelay());
  const counts = await Promise.all(sockets.map((socket) => keepAsking(socket, request, length, until)));
  const seconds = (performance.now() - started) / 1_000;
  return { requests: counts.reduce((sum, count) => sum + count, 0), seconds };
}

function requestOf({ path, headers = {} }: Target): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n${lines.join('')}\r\n`);
}

/** Bytes of an answer, head and body, as the connection has them. @throws Error where it has another status. */
async function lengthOfAnswer({ port, status }: Target, request: Buffer): Promise<number> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  socket.write(request);
  let answer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    answer = Buffer.concat([answer, chunk]);
    const end = answer.indexOf('\r\n\r\n') + 4;
    if (end < 4) continue;
    const head = answer.toString('latin1', 0, end);
    if (!head.startsWith(`HTTP/1.1 ${status} `)) throw new Error(`not ${status}: ${head}`);
    const body = status === 304 ? 0 : Number(/^content-length: (\d+)\r$/im.exec(head)?.[1]);
    if (answer.length === end + body) return answer.length;
  }
  throw new Error('the connection has ended');
}

async function keepAsking(socket: Socket, request: Buffer, length: number, until: number): Promise<number> {
  await once(socket, 'connect');
  let [sent, received, answered] = [0, 0, 0];
  const send = () => {
    socket.write(request);
    sent++;
  };
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject).on('close', () => reject(new Error('the connection was closed')));
    socket.on('data', (chunk: Buffer) => {
      // An answer begins at a multiple of the length: else one before it was of another length.
      const begins = answered * length - received;
      if (
        begins >= 0 &&
        begins + 4 <= chunk.length &&
        chunk.toString('latin1', begins, begins + 4) !== 'HTTP'
      ) {
        reject(new Error('an answer is of another length'));
      }
      received += chunk.length;
      const whole = Math.floor(received / length);
      const more = performance.now() < until ? whole - answered : 0;
      answered = whole;
      for (let count = 0; count < more; count++) send();
      if (answered === sent) resolve();
    });
    send();
  });
  socket.removeAllListeners('close').destroy();
  return answered;
}
