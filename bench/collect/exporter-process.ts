/** The exporter, which collects once for each message. Started by the bench `collect`. */
import { buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { timed } from './timed.ts';

const [, , endpoint = ''] = process.argv;
const app = await buildApp({
  config: loadConfig({
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    CAPABILITIES: 'cost',
    // Each round buys all pages, whatever is known already.
    CACHE_TTL_SECONDS: '0',
    CHANGE_DETECTION: 'off',
    AWS_SPEND_BUDGET_USD: '10000',
    MAX_SERIES: '0',
    LOG_LEVEL: 'warn',
  }),
  credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }),
});
await app.rest.ready();
const { collections } = app.rest;
const state = collections.states.get('cost', 'default');
if (state === undefined) throw new Error('there is no cost collector');

timed(async () => {
  const before = collections.current('cost', 'default');
  const outcome = await collections.run(state);
  const after = collections.current('cost', 'default');
  if (outcome.kind !== 'collected' || after === undefined || after === before) {
    throw new Error(`nothing was published: ${JSON.stringify(state.cause)}`);
  }
  const series = after.parts.reduce((sum, part) => sum + part.series, 0);
  return { pages: after.snapshot.requests, series };
});
