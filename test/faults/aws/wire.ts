import type { FaultRow } from '../matrix.ts';
import { failing, gettingOver } from './helper.ts';

const COST = { operation: 'GetCostAndUsage' } as const;
// Without the timeout of a call it is the collection's that ends it: later, and as one attempt.
const IN_TIME = { app: { awsLimits: { requestMs: 400, silenceMs: 400 } }, timeoutMs: 8_000 };

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
    IN_TIME,
  ),
  failing(
    {
      id: 'aws/stalls-within-the-body',
      fault: 'GetCostAndUsage sends half of its answer, then nothing',
      expected: 'Each silence ends at its timeout, and each attempt counts as paid.',
    },
    { ...COST, code: 'timeout', says: /in time/, advice: /network/, attempts: { timeout: 3 }, cents: 3 },
    [{ kind: 'stall' }],
    IN_TIME,
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
      fault: 'The answer is a bill with 500 MB of blanks behind it',
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
    [{ kind: 'huge', bytes: 500_000_000 }],
  ),
  failing(
    {
      id: 'aws/drips-without-end',
      fault: 'The answer comes 8 bytes at a time: never silent, never done',
      expected: 'The collection ends at its own timeout; what was asked for counts as paid.',
    },
    { ...COST, code: 'timeout', says: /in time/, advice: /network/, attempts: { timeout: 1 }, cents: 1 },
    [{ kind: 'drip', bytes: 8, ms: 20 }],
    { timeoutMs: 1_500 },
  ),
  gettingOver(
    {
      id: 'aws/slow-but-whole',
      fault: 'The answer comes 1,000 bytes at a time',
      expected: 'Slow is no failure: the figures are right, with one attempt.',
    },
    {
      ...COST,
      attempts: { success: 1 },
      cents: 1,
      rules: [{ kind: 'drip', bytes: 1_000, ms: 10 }],
    },
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
