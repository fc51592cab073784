import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { GetCostAndUsageCommand } from '@aws-sdk/client-cost-explorer';
import { type AwsContext, TargetAws } from '../../src/aws/clients.ts';
import { createTransport, type Transport } from '../../src/aws/http.ts';
import type { Target } from '../../src/config.ts';
import { generateBill, startSimulator } from '../../src/simulator/index.ts';
import type { Buyer, Interrupted, Ledger, LedgerDays } from '../../src/spend/ledger.ts';

/** What the helpers use of a tap test. */
export interface Scope {
  teardown(handler: () => unknown): void;
}

/** A ledger that writes down what it is told, in order. */
export class Notebook implements Ledger {
  readonly lines: string[] = [];
  /** What to do before an attempt is sent; a throw keeps it from being sent. */
  readonly before: (buyer: Buyer, operation: string) => Promise<void>;

  constructor(before: (buyer: Buyer, operation: string) => Promise<void> = async () => {}) {
    this.before = before;
  }

  async authorize(buyer: Buyer, operation: string): Promise<void> {
    this.lines.push('asked');
    await this.before(buyer, operation);
  }

  async settle(_buyer: Buyer, _operation: string, paid: boolean): Promise<void> {
    this.lines.push(paid ? 'paid' : 'free');
  }

  // These tests are about attempts: what is set aside for a query is not written down.
  async hold(): Promise<void> {}

  async release(): Promise<void> {}

  async done(): Promise<void> {}

  async interrupted(): Promise<readonly Interrupted[]> {
    return [];
  }

  async days(days: readonly string[]): Promise<LedgerDays> {
    return { pages: days.map(() => ({})), complete: true };
  }

  /** Attempts that were settled as paid. */
  get paid(): number {
    return this.lines.filter((line) => line === 'paid').length;
  }
}

/** AWS at an address, as one target sees it. */
export function awsAt(
  t: Scope,
  endpoint: string,
  options: {
    ledger?: Ledger;
    transport?: Transport;
    target?: Partial<Target>;
    mayBuy?: (target: string) => boolean;
  } = {},
) {
  const { ledger = new Notebook(), transport = createTransport(), mayBuy = () => true } = options;
  t.teardown(() => transport.close());
  const attempts: string[] = [];
  const spent: [target: string, usd: number][] = [];
  const context: AwsContext = {
    endpoints: { costExplorer: endpoint, sts: endpoint },
    transport,
    ledger,
    mayBuy,
    onSpend: (target, usd) => spent.push([target, usd]),
    onAttempt: (target, operation, result, seconds) => {
      if (!(seconds >= 0)) throw new Error(`an attempt took ${seconds} s`);
      attempts.push(`${target} ${operation} ${result}`);
    },
    credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'test' }),
  };
  const target: Target = {
    name: 'default',
    region: 'us-east-1',
    capabilities: ['cost'],
    regions: [],
    tagKeys: [],
    ...options.target,
  };
  return { aws: new TargetAws(context, target), attempts, spent };
}

/** A request that AWS answers. */
export const someQuery = () =>
  new GetCostAndUsageCommand({
    TimePeriod: { Start: '2026-03-01', End: '2026-03-02' },
    Granularity: 'DAILY',
    Metrics: ['BlendedCost'],
  });

/** A simulator of a small bill, that ends with the test. */
export async function simulatorOf(t: Scope) {
  const now = new Date('2026-03-15T12:00:00Z');
  const bill = generateBill({ seed: 1, today: now, days: 30, accounts: 2, services: 2 });
  const simulator = await startSimulator({ bill, now: () => now });
  t.teardown(() => simulator.close());
  return simulator;
}

/** A TCP server on loopback whose connections go to `serve`; it ends with the test. */
export async function tcpServer(t: Scope, serve: (socket: Socket) => void, host = '127.0.0.1') {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    serve(socket);
    // What is not read hides the end of the connection.
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets, server };
}
