/** A bare Fastify that says hello on the port that it is told: JavaScript, so that it is not waited for its types. Started by the bench `start`. */
import Fastify from 'fastify';

const fastify = Fastify({ logger: true });
fastify.get('/metrics', async () => 'hello');
await fastify.listen({ host: '127.0.0.1', port: Number(process.env.METRICS_PORT) });
