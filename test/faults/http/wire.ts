import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import { numberedBill } from '../../e2e/numbered-bill.ts';
import { eventually } from '../../servers/process.ts';
import { startWeb, type WebExporter, type WebOptions } from '../../web/helper.ts';

const LONG_MS = 30_000;
const NUMBER = 3;
const SHAPE = { days: 70, services: 3, accounts: 2 };
/** The sum of `aws_cost_total` of what {@link startNumbered} starts. */
export const TOTAL = NUMBER * 30 * SHAPE.services * SHAPE.accounts;

/** A bill of one number, as it is seen by exporters of tests. */
export const billOf = (number: number, shape: Partial<typeof SHAPE> = {}) =>
  numberedBill({ number, today: new Date('2026-11-22'), ...SHAPE, ...shape });

/** An exporter in this process, on real sockets, with a bill of which the sum is known. */
export const startNumbered = (t: Test, options: WebOptions = {}): Promise<WebExporter> =>
  startWeb(t, { bill: billOf(NUMBER), ...options });

/** Asserts that page and REST have the figures of the bill. */
export async function figuresAre(t: Test, exporter: WebExporter, total = TOTAL): Promise<void> {
  const page = await exporter.metrics();
  const sum = page.series('aws_cost_total').reduce((all, { value }) => all + value, 0);
  t.equal(sum, total, '/metrics has the bill');
  t.equal((await exporter.get('/cost/current')).json().total, total, 'REST has the bill');
}

/** A connection that has sent some bytes. */
export interface Wire {
  readonly socket: Socket;
  /** What has come back. */
  text(): string;
  /** The status lines of what has come back. */
  statuses(): number[];
  /** Waits until so many answers have begun. */
  answered(count: number): Promise<void>;
  /** Waits until the other side has ended the connection. */
  ended(): Promise<void>;
}

/** Opens a connection to the place of a URL, and writes bytes as they are. */
export async function wire(
  t: Test,
  url: string,
  bytes: string | Buffer,
  localAddress?: string,
): Promise<Wire> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(url).port),
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  t.teardown(() => socket.destroy());
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'connect');
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  const statuses = () => Array.from(text.matchAll(/^HTTP\/1\.1 (\d{3})/gm), ([, status]) => Number(status));
  return {
    socket,
    text: () => text,
    statuses,
    answered: async (count) => {
      await eventually(`${count} answers`, () => statuses().length >= count || undefined, LONG_MS);
    },
    ended: async () => {
      await eventually(
        'the connection is ended',
        () => socket.closed || socket.readableEnded || undefined,
        LONG_MS,
      );
    },
  };
}

/** The JSON body of the last answer. */
export function lastBody(text: string): { statusCode: number; code: string; message: string } {
  return JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n') + 4));
}

/** Connections that a listener has. */
export function connections(server: WebExporter['app']['rest']['server']): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
