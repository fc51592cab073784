import { Agent, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import Fastify from 'fastify';
import t from 'tap';
import { metricsRoute } from '../../routes/metrics.ts';
import { eventually } from '../servers/process.ts';

const CHUNKS = [Buffer.alloc(3_000_000, 'a'), Buffer.alloc(10, 'b'), Buffer.alloc(2_000_000, 'c')];
const BODY = Buffer.concat(CHUNKS);

t.test('a page of several large buffers goes out whole, over one connection', async (t) => {
  const fastify = Fastify();
  t.teardown(() => fastify.close());
  const payloads: Readable[] = [];
  fastify.addHook('onSend', async (_request, reply, payload) => {
    reply.header('x-of-a-hook', 'yes');
    payloads.push(payload as Readable);
  });
  metricsRoute(
    fastify,
    async () => ({ contentType: 'text/plain', chunks: CHUNKS, length: BODY.length }),
    () => {},
  );
  await fastify.listen({ host: '127.0.0.1', port: 0 });
  const { port } = fastify.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const scrape = (method: string) =>
    new Promise<{ answer: IncomingMessage; body: Buffer; reused: boolean }>((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, path: '/metrics', agent, method }, (answer) => {
        buffer(answer).then((body) => resolve({ answer, body, reused: request.reusedSocket }), reject);
      });
      request.on('error', reject);
    });

  for (const [index, method] of ['GET', 'GET', 'HEAD', 'GET'].entries()) {
    const { answer, body, reused } = await scrape(method);
    t.equal(answer.statusCode, 200);
    t.equal(answer.headers['x-of-a-hook'], 'yes');
    t.ok(body.equals(method === 'HEAD' ? Buffer.alloc(0) : BODY), `${body.length} bytes of ${method}`);
    t.equal(reused, index > 0, 'the connection stays');
  }
  for (const payload of payloads.filter(({ pipe }) => typeof pipe === 'function')) {
    // Else Fastify takes it for one that was cut off, and destroys the answer.
    await eventually('the stream has come to its end', () => payload.readableEnded || undefined);
  }
});

t.test('a stop waits for a page that is being taken', async (t) => {
  const large = [Buffer.alloc(20_000_000, 'a'), Buffer.alloc(20_000_000, 'b')];
  const fastify = Fastify();
  t.teardown(() => fastify.close());
  let asked = false;
  fastify.addHook('onSend', async () => {
    asked = true;
  });
  const length = 40_000_000;
  metricsRoute(
    fastify,
    async () => ({ contentType: 'text/plain', chunks: large, length }),
    () => {},
  );
  await fastify.listen({ host: '127.0.0.1', port: 0 });
  const { port } = fastify.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1').pause();
  t.teardown(() => socket.destroy());
  socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
  await eventually('the page is on its way', () => asked || undefined);
  await delay(100);
  const closed = fastify.close();
  await delay(100);
  let taken = 0;
  socket.on('data', (chunk) => {
    taken += chunk.length;
  });
  socket.resume();
  await eventually('all of it has come', () => taken > length || undefined);
  socket.destroy();
  await closed;
});
