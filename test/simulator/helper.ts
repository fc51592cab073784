import {
  CostExplorerClient,
  GetCostAndUsageCommand,
  type GetCostAndUsageCommandInput,
  type ResultByTime,
} from '@aws-sdk/client-cost-explorer';
import { STSClient } from '@aws-sdk/client-sts';
import { Decimal } from 'decimal.js';
import type { FocusRow } from '../../src/focus.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts';

/** The part of a tap test that the helpers use. */
export interface Scope {
  teardown(handler: () => unknown): void;
}

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const SOME_KEYS: Keys = { accessKeyId: 'AKIASIMULATOR', secretAccessKey: 'any' };

/** A simulator that the test's end stops. */
export async function start(t: Scope, options: SimulatorOptions): Promise<Simulator> {
  const simulator = await startSimulator(options);
  t.teardown(() => simulator.close());
  return simulator;
}

function configuration(simulator: Simulator, keys: Keys, region: string) {
  return { endpoint: simulator.url, region, credentials: keys, maxAttempts: 1 };
}

export function costExplorer(
  t: Scope,
  simulator: Simulator,
  keys = SOME_KEYS,
  region = 'us-east-1',
): CostExplorerClient {
  const client = new CostExplorerClient(configuration(simulator, keys, region));
  t.teardown(() => client.destroy());
  return client;
}

export function stsClient(t: Scope, simulator: Simulator, keys = SOME_KEYS, region = 'eu-west-1'): STSClient {
  const client = new STSClient(configuration(simulator, keys, region));
  t.teardown(() => client.destroy());
  return client;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export function authorization(region = 'us-east-1', service = 'ce', accessKeyId = 'AKIASIMULATOR'): string {
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
}

/** Calls Cost Explorer without an SDK, so that the request can be as wrong as the test wants it. */
export async function rawCall(
  simulator: Simulator,
  operation: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const response = await fetch(simulator.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSInsightsIndexService.${operation}`,
      authorization: authorization(),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

/** The pages of a query, in order. */
export async function readPages(client: CostExplorerClient, input: GetCostAndUsageCommandInput) {
  const pages = [];
  let NextPageToken: string | undefined;
  do {
    const page = await client.send(new GetCostAndUsageCommand({ ...input, NextPageToken }));
    pages.push(page);
    NextPageToken = page.NextPageToken;
  } while (NextPageToken !== undefined);
  return pages;
}

/** Results of several pages with the parts of one period put together. */
export function mergeResults(pages: readonly { ResultsByTime?: ResultByTime[] }[]): ResultByTime[] {
  const merged = new Map<string, ResultByTime>();
  for (const result of pages.flatMap((page) => page.ResultsByTime ?? [])) {
    const start = result.TimePeriod?.Start ?? '';
    const before = merged.get(start);
    merged.set(start, { ...result, Groups: [...(before?.Groups ?? []), ...(result.Groups ?? [])] });
  }
  return [...merged.values()];
}

export function sum(amounts: Iterable<string | undefined>): string {
  let total = new Decimal(0);
  for (const amount of amounts) total = total.plus(amount ?? 0);
  return total.toFixed();
}

/** A charge of one day, with the fields that a test cares for. */
export function row(day: string, cost: string, fields: Partial<FocusRow> = {}): FocusRow {
  const end = new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString();
  return {
    ChargePeriodStart: `${day}T00:00:00Z`,
    ChargePeriodEnd: end.replace('.000', ''),
    BillingPeriodStart: `${day.slice(0, 7)}-01T00:00:00Z`,
    BilledCost: cost,
    EffectiveCost: cost,
    BillingCurrency: 'USD',
    BillingAccountId: '111122223333',
    BillingAccountName: 'Payer',
    SubAccountId: '222233334444',
    SubAccountName: 'Member',
    ChargeCategory: 'Usage',
    ChargeDescription: null,
    ServiceName: 'AWS Lambda',
    RegionId: 'eu-central-1',
    ResourceId: null,
    Tags: {},
    ...fields,
  };
}

/** The clock of most tests: the middle of a day in the middle of a month. */
export const NOW = new Date('2026-03-15T12:00:00Z');
export const now = () => NOW;
