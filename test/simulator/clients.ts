import { CostOptimizationHubClient } from '@aws-sdk/client-cost-optimization-hub';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { WellArchitectedClient } from '@aws-sdk/client-wellarchitected';
import type { Simulator } from '../../src/simulator/index.ts';
import { type Keys, type Scope, SOME_KEYS } from './helper.ts';

function configuration(simulator: Simulator, credentials: Keys, region: string) {
  return { endpoint: simulator.url, region, credentials, maxAttempts: 1 };
}

export function hubClient(t: Scope, simulator: Simulator, keys = SOME_KEYS, region = 'us-east-1') {
  const client = new CostOptimizationHubClient(configuration(simulator, keys, region));
  t.teardown(() => client.destroy());
  return client;
}

export function taggingClient(t: Scope, simulator: Simulator, keys = SOME_KEYS, region = 'us-east-1') {
  const client = new ResourceGroupsTaggingAPIClient(configuration(simulator, keys, region));
  t.teardown(() => client.destroy());
  return client;
}

export function wellArchitectedClient(
  t: Scope,
  simulator: Simulator,
  keys = SOME_KEYS,
  region = 'us-east-1',
) {
  const client = new WellArchitectedClient(configuration(simulator, keys, region));
  t.teardown(() => client.destroy());
  return client;
}

/** Accounts of the generated bill with access keys of their own. */
export const MANAGEMENT = '111122223333';
export const PRODUCTION = '222233334444';
export const DEVELOPMENT = '333344445555';
export const DATA = '444455556666';

export function keysOf(account: string): Keys {
  return { accessKeyId: `AKIA${account}`, secretAccessKey: `secret of ${account}` };
}

/** Every account of the generated bill, so that a test can be any of them; signatures are verified. */
export const ACCOUNTS = [MANAGEMENT, PRODUCTION, DEVELOPMENT, DATA].map((accountId) => ({
  accountId,
  ...keysOf(accountId),
}));

/** All items of a paged list, and how many pages they came on. */
export async function readAll<Item>(
  read: (
    token: string | undefined,
  ) => Promise<{ items: readonly Item[] | undefined; token?: string | undefined }>,
): Promise<{ items: Item[]; pages: number }> {
  const items: Item[] = [];
  let token: string | undefined;
  let pages = 0;
  do {
    const page = await read(token);
    items.push(...(page.items ?? []));
    token = page.token || undefined;
    pages++;
  } while (token !== undefined);
  return { items, pages };
}
