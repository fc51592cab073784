import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { partitionOf } from '../../src/aws/partitions.ts';
import type { CollectContext } from '../../src/collection/capability.ts';

/** A JSON answer of Cost Explorer. */
export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

/** The wire name of an error, with its message. */
export function refusal(type: string, message = 'refused'): Answer {
  return { status: 400, body: { __type: type, message } };
}

/**
 * What a collection is given, with a real SDK client whose wire is a function: it serializes, signs and parses, and
 * touches no socket.
 *
 * @param answer - answers the request of that number, from 0.
 */
export function contextAt<Data>(
  startedAt: number,
  answer: (request: Record<string, unknown>, number: number) => Answer,
) {
  const requests: { operation: string; body: Record<string, unknown> }[] = [];
  const client = new CostExplorerClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: {
      async handle(request: HttpRequest) {
        const body = JSON.parse(new TextDecoder().decode(request.body)) as Record<string, unknown>;
        const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
        const { status = 200, body: answered } = answer(body, requests.length);
        requests.push({ operation, body });
        const bytes = new TextEncoder().encode(JSON.stringify(answered));
        const headers = { 'content-type': 'application/x-amz-json-1.1' };
        return { response: new HttpResponse({ statusCode: status, headers, body: bytes }) };
      },
    },
  });
  const context: CollectContext<Data> = {
    target: { name: 'default', capabilities: ['cost', 'forecast'], regions: [], tagKeys: [] },
    accountId: '111122223333',
    aws: {
      costExplorer: () => client,
      costOptimizationHub: unused,
      tagging: unused,
      wellArchitected: unused,
      partition: partitionOf('us-east-1'),
      regions: ['us-east-1'],
      paidRequests: 0,
    },
    signal: new AbortController().signal,
    startedAt,
    previous: undefined,
    former: undefined,
    other: () => undefined,
    isFresh: () => false,
  };
  return { context, requests };
}

function unused(): never {
  throw new Error('Cost Explorer alone is asked here');
}
