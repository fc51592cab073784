/** The exporter with the cost of some accounts; answers each message with the CPU time it has used. Started by the bench `rest`. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { SHRINKING_MS } from '../../src/heap.ts';

const [, , endpoint = ''] = process.argv;
const app = await buildApp({
  config: loadConfig({
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    CAPABILITIES: 'cost',
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    LOG_LEVEL: 'warn',
  }),
  credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }),
  // Counted all the same, but never reached.
  limits: { rate: { max: 1e9, windowMs: 10_000 } },
});
const { restUrl } = await app.listen();
let answer = await fetch(`${restUrl}/cost/current`);
while (answer.status === 503) {
  await delay(50);
  answer = await fetch(`${restUrl}/cost/current`);
}
// As it is but for half a minute after each collection.
await delay(SHRINKING_MS);
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit(0));
process.send?.({
  port: Number(new URL(restUrl).port),
  etag: answer.headers.get('etag'),
  body: await answer.text(),
});
await once(process, 'disconnect');
