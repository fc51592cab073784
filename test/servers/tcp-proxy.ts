import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import type { TestScope } from './process.ts';

/** A proxy between a client and a server of 127.0.0.1 that can be told to break. */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** Where connections from now on go. */
  target: number;
  /** How late what the server says arrives from now on, in milliseconds. */
  lateMs: number;
  /** How many pieces of it have come late. */
  late(): number;
  /** The connections that are open stay open, and carry nothing any more, their end neither; new ones work. */
  silence(): void;
  /** Cuts the connections that are open. */
  cut(): void;
}

/** Starts a proxy to a port; it is closed with the test. */
export async function startTcpProxy(t: TestScope, target: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket, Transform]>();
  let late = 0;
  const proxy = { host: '127.0.0.1', port: 0, target, lateMs: 0, late: () => late, silence, cut };
  const delay = () =>
    new Transform({
      transform(chunk, _encoding, done) {
        if (proxy.lateMs === 0) return done(null, chunk);
        late++;
        setTimeout(() => this.push(chunk), proxy.lateMs);
        return done();
      },
      flush: (done) => void setTimeout(done, proxy.lateMs),
    });
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: proxy.target, host: proxy.host, allowHalfOpen: true });
    const back = delay();
    const pair = [client, upstream, back] as const;
    pairs.add(pair);
    client.pipe(upstream);
    upstream.pipe(back).pipe(client);
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        for (const other of pair) other.destroy();
        pairs.delete(pair);
      });
    }
  });
  function silence() {
    for (const [client, upstream, back] of pairs) {
      client.unpipe(upstream).resume();
      back.unpipe(client).resume();
    }
  }
  function cut() {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
  }
  server.listen(0, proxy.host);
  await once(server, 'listening');
  t.teardown(() => {
    cut();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  proxy.port = address.port;
  return proxy;
}
