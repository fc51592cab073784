import type { AwsLimits } from '../../../src/aws/limits.ts';
import type { FaultRow } from '../matrix.ts';
import { failing, gettingOver } from './helper.ts';

const COST = { operation: 'GetCostAndUsage' } as const;
// Without the timeout of a call it is the collection's that ends it: later, and as one attempt.
const within = (awsLimits: Partial<AwsLimits>) => ({ app: { awsLimits }, timeoutMs: 8_000 });

/** The wire between AWS and here breaks. */
export const rows: readonly FaultRow[] = [
  failing(
    {
      id: 'aws/hangs-before-the-first-byte',
      fault: 'GetCostAndUsage is never answered',
      expected: 'Each attempt ends at its timeout and counts as paid: nobody knows.',
    },
    { ...COST, code: 'timeout', says: /in time/, advice: /network/, attempts: { timeout: 3 }, cents: 3 },
    [{ kind: 'hang' }],
    within({ requestMs: 400 }),
  ),
  failing(
    {
      id: 'aws/stalls-within-the-body',
      fault: 'GetCostAndUsage sends half of its answer, then nothing',
      expected: 'Each silence ends at its timeout, and each attempt counts as paid.',
    },
    { ...COST, code: 'timeout', says: /in time/, advice: /network/, attempts: { timeout: 3 }, cents: 3 },
    [{ kind: 'stall' }],
    within({ silenceMs: 400 }),
  ),
  failing(
    {
      id: 'aws/reset-before-the-answer',
      fault: 'The connection is reset in place of an answer',
      expected: 'Tried again; each attempt counts as paid: nobody knows.',
    },
    {
      ...COST,
      code: 'error',
      says: /did not get an answer/,
      advice: /network/,
      attempts: { error: 3 },
      cents: 3,
    },
    [{ kind: 'reset' }],
  ),
  failing(
    {
      id: 'aws/cut-within-the-answer',
      fault: 'The connection ends before the bytes that content-length announces',
      expected: 'Half an answer is no bill; it counts as paid.',
    },
    {
      ...COST,
      code: 'error',
      says: /middle of the answer/,
      advice: /network/,
      attempts: { error: 3 },
      cents: 3,
    },
    [{ kind: 'cut' }],
  ),
  failing(
    {
      id: 'aws/truncated-json',
      fault: 'The body is half of its JSON, with a content-length to match',
      expected: 'It is refused, counted as paid, not asked for again at once.',
    },
    {
      ...COST,
      code: 'invalid_response',
      says: /could not be read/,
      advice: /next collection/,
      attempts: { error: 1 },
      cents: 1,
    },
    [{ kind: 'truncate' }],
  ),
  failing(
    {
      id: 'aws/huge-answer',
      fault: 'The answer is a bill with 100 MB of blanks behind it',
      expected: 'It is cut off at 32 MiB and refused; the process does not hold it.',
    },
    {
      ...COST,
      code: 'invalid_response',
      says: /far larger/,
      advice: /next collection/,
      attempts: { error: 1 },
      cents: 1,
    },
    [{ kind: 'huge', bytes: 100_000_000 }],
  ),
  failing(
    {
      id: 'aws/drips-without-end',
      fault: 'The answer comes 64 bytes at a time: never silent, and never done in time',
      expected: 'The collection ends at its own timeout; what was asked for counts as paid.',
    },
    { ...COST, code: 'timeout', says: /in time/, advice: /network/, attempts: { timeout: 1 }, cents: 1 },
    [{ kind: 'drip', bytes: 64, ms: 20 }],
    { timeoutMs: 1_500 },
  ),
  gettingOver(
    {
      id: 'aws/reset-then-answered',
      fault: 'The connection is reset once, then GetCostAndUsage answers',
      expected: 'Tried again within the collection; the lost attempt counts as paid too.',
    },
    { ...COST, attempts: { error: 1, success: 1 }, cents: 2, rules: [{ kind: 'reset', times: 1 }] },
  ),
];
