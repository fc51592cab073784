import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultRow } from '../matrix.ts';
import { failing, failsAndRecovers, gettingOver, startWell } from './helper.ts';

const COST = { operation: 'GetCostAndUsage' } as const;

/** AWS answers, but with an error. */
export const rows: readonly FaultRow[] = [
  gettingOver(
    {
      id: 'aws/throttled-then-answered',
      fault: 'GetCostAndUsage answers ThrottlingException twice',
      expected: 'Tried again within the collection; three attempts, of which one is paid; figures right.',
    },
    {
      ...COST,
      attempts: { throttled: 2, success: 1 },
      cents: 1,
      rules: [{ kind: 'throttle', times: 2 }],
    },
  ),
  gettingOver(
    {
      id: 'aws/http-503-then-answered',
      fault: 'GetCostAndUsage answers HTTP 503 once',
      expected: 'Tried again within the collection; figures right, one attempt paid.',
    },
    { ...COST, attempts: { error: 1, success: 1 }, cents: 1, rules: [{ kind: 'error503', times: 1 }] },
  ),
  gettingOver(
    {
      id: 'aws/clock-skew-corrected',
      fault: "AWS's clock is an hour ahead: it refuses signatures by this machine's",
      expected: "The SDK goes by AWS's time from the first refusal on; the refused attempt costs nothing.",
    },
    {
      ...COST,
      attempts: { error: 1, success: 1 },
      cents: 1,
      rules: [{ kind: 'skew', ms: 3_600_000 }],
    },
  ),
  failing(
    {
      id: 'aws/clock-skew-for-ever',
      fault: "AWS refuses every signature's time, though its clock says ours",
      expected: 'The message names the clock; nothing is paid.',
    },
    {
      ...COST,
      code: 'error',
      says: /signature's time/,
      advice: /machine's clock/,
      attempts: { error: 1 },
      cents: 0,
    },
    [{ kind: 'error', type: 'RequestTimeTooSkewed', message: 'The difference is too large', status: 403 }],
  ),
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
  {
    id: 'aws/redirected',
    fault: 'GetCostAndUsage answers HTTP 302 to another host',
    expected: 'It is not followed: no signed request goes to whoever is named.',
    async run(row) {
      const { t } = row;
      let asked = 0;
      const other = createServer((_request, response) => {
        asked++;
        response.end('{}');
      });
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      t.teardown(() => other.close());
      const { port } = other.address() as AddressInfo;
      const exporter = await startWell(t);
      exporter.sim.faults.add({ ...COST, kind: 'redirect', location: `http://127.0.0.1:${port}/` });
      await failsAndRecovers(row, exporter, {
        ...COST,
        code: 'error',
        says: /HTTP status 302/,
        advice: /log has the reason/,
        attempts: { error: 1 },
        cents: 0,
      });
      t.equal(asked, 0);
    },
  },
];
