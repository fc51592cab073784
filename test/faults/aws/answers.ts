import type { FaultRow } from '../matrix.ts';
import { failing } from './helper.ts';

const COST = { operation: 'GetCostAndUsage' } as const;

/** AWS answers, but with an error. */
export const rows: readonly FaultRow[] = [
  failing(
    {
      id: 'aws/throttled-for-ever',
      fault: 'GetCostAndUsage answers ThrottlingException to everything',
      expected:
        'Three attempts, none of them paid; the last good figures stay, and the next collection succeeds.',
    },
    {
      ...COST,
      code: 'throttled',
      says: /throttled the request/,
      advice: /raise the interval/,
      attempts: { throttled: 3 },
      cents: 0,
    },
    [{ kind: 'throttle' }],
  ),
  failing(
    {
      id: 'aws/http-500-for-ever',
      fault: 'GetCostAndUsage answers HTTP 500 to everything',
      expected: 'Three attempts, none of them paid; the last good figures stay.',
    },
    {
      ...COST,
      code: 'error',
      says: /HTTP status 500/,
      advice: /Health Dashboard/,
      attempts: { error: 3 },
      cents: 0,
    },
    [{ kind: 'error500' }],
  ),
  failing(
    {
      id: 'aws/http-502-from-a-proxy',
      fault: 'GetCostAndUsage is answered with HTTP 502 and a page of HTML',
      expected: 'The page is no bill: three attempts, none of them paid; the last good figures stay.',
    },
    {
      ...COST,
      code: 'error',
      says: /HTTP status 502/,
      advice: /Health Dashboard/,
      attempts: { error: 3 },
      cents: 0,
    },
    [{ kind: 'corrupt', status: 502 }],
  ),
  failing(
    {
      id: 'aws/html-with-status-200',
      fault: 'GetCostAndUsage is answered with HTTP 200 and a page of HTML',
      expected: 'The answer is refused, counted as paid and not asked for again at once.',
    },
    {
      ...COST,
      code: 'invalid_response',
      says: /could not be read/,
      advice: /next collection/,
      attempts: { error: 1 },
      cents: 1,
    },
    [{ kind: 'corrupt' }],
  ),
  failing(
    {
      id: 'aws/redirected',
      fault: 'GetCostAndUsage answers HTTP 302 to another host',
      expected: 'It is not followed: no signed request goes to whoever is named.',
    },
    {
      ...COST,
      code: 'error',
      says: /HTTP status 302/,
      advice: /log has the reason/,
      attempts: { error: 1 },
      cents: 0,
    },
    [{ kind: 'redirect', location: 'http://127.0.0.1:9/' }],
  ),
];
