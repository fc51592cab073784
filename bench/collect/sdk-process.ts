/**
 * The SDK's client alone, which drains the same query and drops its pages, once for each message. Started by the bench `collect`,
 * with `quiet` as the exporter has it: without the SDK's own log, for which it copies every answer.
 */
import { CostExplorerClient, GetCostAndUsageCommand } from '@aws-sdk/client-cost-explorer';
import { createTransport } from '../../src/aws/http.ts';
import { addDays, dayOf } from '../../src/collection/periods.ts';
import { timed } from './timed.ts';

const [, , endpoint = '', kind = ''] = process.argv;
const client = new CostExplorerClient({
  endpoint,
  region: 'us-east-1',
  credentials: async () => ({ accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }),
  requestHandler: createTransport().handler,
});
if (kind === 'quiet') client.middlewareStack.remove('loggerMiddleware');

timed(async () => {
  const today = dayOf(Date.now());
  let token: string | undefined;
  let pages = 0;
  do {
    const page = await client.send(
      new GetCostAndUsageCommand({
        TimePeriod: { Start: addDays(today, -30), End: addDays(today, 1) },
        Granularity: 'DAILY',
        Metrics: ['UnblendedCost'],
        GroupBy: [
          { Type: 'DIMENSION', Key: 'SERVICE' },
          { Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' },
        ],
        ...(token === undefined ? {} : { NextPageToken: token }),
      }),
    );
    token = page.NextPageToken;
    pages++;
  } while (token !== undefined);
  return { pages, series: 0 };
});
