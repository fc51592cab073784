/**
 * A bare Fastify, with the settings that the exporter gives Fastify, and two routes that send a constant: so many bytes, and a 304.
 * With `furnished` also with what the exporter has of others: the metrics of fastify-metrics, and headers like its own. Answers each
 * message with the CPU time it has used. Started by the bench `rest`.
 */
import Fastify, { LogController } from 'fastify';
import headers from '../../plugins/platform/headers.ts';
import metrics from '../../plugins/platform/metrics.ts';

const [, , size = '0', kind = ''] = process.argv;
const body = Buffer.alloc(Number(size), 'x');
const etag = '"iVbm0L5Nq9pHqJvWl5Y0cR3kX2E"';
const fastify = Fastify({
  logger: { level: 'warn' },
  logController: new LogController({ disableRequestLogging: true }),
  return503OnClosing: false,
});
if (kind === 'furnished') {
  await fastify.register(headers, { configured: undefined });
  await fastify.register(metrics);
}
fastify.get('/constant', (_request, reply) => {
  reply.type('application/json; charset=utf-8').send(body);
});
fastify.get('/304', (_request, reply) => {
  reply.header('etag', etag).code(304).send();
});
await fastify.listen({ host: '127.0.0.1', port: 0 });
const address = fastify.server.address();
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit(0));
process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
