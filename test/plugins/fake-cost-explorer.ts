import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { partitionOf } from '../../src/aws/partitions.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import type { ChangeRules } from '../../src/config.ts';

/** Change detection with the defaults of the contract. */
export const CHANGES: ChangeRules = { detect: true, minIntervalMs: 6 * 3_600_000, maxAgeMs: 24 * 3_600_000 };

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
 * @param options - `onHold` is asked before a query is set aside in the budget; a throw refuses it.
 */
export function contextAt<Data>(
  startedAt: number,
  answer: (request: Record<string, unknown>, number: number) => Answer,
  options: { onHold?: (pages: number) => void | Promise<void> } = {},
) {
  const requests: { operation: string; body: Record<string, unknown> }[] = [];
  const holds: number[] = [];
  let held = false;
  const client = new CostExplorerClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: {
      async handle(request: HttpRequest) {
        const body = JSON.parse(new TextDecoder().decode(request.body)) as Record<string, unknown>;
        const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
        if (!held) throw new Error(`${operation} was not set aside in the budget`);
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
      async hold(pages) {
        if (held) throw new Error('two queries are set aside at a time');
        await options.onHold?.(pages);
        held = true;
        holds.push(pages);
      },
      async release() {
        held = false;
      },
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
    minPages: 0,
    isStillTrue: () => false,
    changes: CHANGES,
  };
  return { context, requests, holds };
}

function unused(): never {
  throw new Error('Cost Explorer alone is asked here');
}
