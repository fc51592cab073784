/** The exporter, which publishes what it has collected anew for each message, as at midnight UTC. Started by the bench `scale`. */
import { buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { PUBLICATIONS, type Published, type Started } from './messages.ts';

const [, , endpoint = ''] = process.argv;
const app = await buildApp({
  config: loadConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    CAPABILITIES: 'cost',
    AWS_SPEND_BUDGET_USD: '10000',
    MAX_SERIES: '0',
    LOG_LEVEL: 'warn',
  }),
  credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }),
});
const { collections } = app.rest;
await app.rest.ready();
const state = collections.states.get('cost', 'default');
if (state === undefined) throw new Error('there is no cost collector');
const start = performance.now();
const { kind } = await collections.run(state);
const collectMs = performance.now() - start;
if (kind !== 'collected') throw new Error(`not collected: ${JSON.stringify(state.cause)}`);
const { metricsUrl } = await app.listen();
const { length } = await collections.page('text', 'identity');
const parts = collections.current('cost', 'default')?.parts ?? [];

process.on('message', async () => {
  const before = process.cpuUsage();
  const since = performance.now();
  for (let count = 0; count < PUBLICATIONS; count++) await collections.newDay();
  const ms = (performance.now() - since) / PUBLICATIONS;
  const { user, system } = process.cpuUsage(before);
  process.send?.({ ms, cpuMs: (user + system) / 1_000 / PUBLICATIONS } satisfies Published);
});
process.on('disconnect', () => process.exit(0));
process.send?.({
  metricsUrl,
  collectMs,
  bytes: length,
  series: parts.reduce((sum, part) => sum + part.series, 0),
} satisfies Started);
