// A collection that fails changes no business series; what it cost is counted; the cause is said.
import t, { type Test } from 'tap';
import type { FaultAction } from '../../src/simulator/index.ts';
import { type Exporter, startCosts } from '../helper.ts';
import { freePort } from '../servers/process.ts';
import type { MetricsPage } from './parse-metrics.ts';

const REQUESTS = 'aws_cost_exporter_aws_requests_total';
const SPEND = 'aws_cost_exporter_aws_spend_usd_total';
const COST = { collector: 'cost', target: 'default' };

/** One fault, and what is expected of it. */
interface Case {
  readonly fault: FaultAction;
  /** Codes of the cause that say it. */
  readonly code: string | RegExp;
  /** Result under which each attempt is counted. */
  readonly result: string | undefined;
  /** Whether AWS takes money for an attempt that ends so: an answer with 200, or nobody knows. */
  readonly paid: boolean;
  /** Whether it is worth trying again at once. */
  readonly retried: boolean | undefined;
  readonly advice?: RegExp;
}

const error = (type: string, message = 'text of AWS', status = 400): FaultAction => ({
  kind: 'error',
  type,
  message,
  status,
});

const CASES: Readonly<Record<string, Case>> = {
  throttled: {
    fault: { kind: 'throttle' },
    code: 'throttled',
    result: 'throttled',
    paid: false,
    retried: true,
  },
  'over a limit': {
    fault: error('LimitExceededException'),
    code: 'throttled',
    result: 'throttled',
    paid: false,
    retried: undefined,
  },
  'an internal error': {
    fault: { kind: 'error500' },
    code: 'error',
    result: 'error',
    paid: false,
    retried: true,
  },
  unavailable: { fault: { kind: 'error503' }, code: 'error', result: 'error', paid: false, retried: true },
  denied: {
    fault: { kind: 'deny' },
    code: 'access_denied',
    result: 'access_denied',
    paid: false,
    retried: false,
    advice: /ce:GetCostAndUsage/,
  },
  'a refused request': {
    fault: error('ValidationException'),
    code: 'error',
    result: 'error',
    paid: false,
    retried: false,
  },
  'an expired bill': {
    fault: error('BillExpirationException'),
    code: 'error',
    result: 'error',
    paid: false,
    retried: false,
  },
  'cut off': {
    fault: { kind: 'cut' },
    code: /^(error|invalid_response)$/,
    result: 'error',
    paid: true,
    retried: undefined,
  },
  'a page of a proxy': {
    fault: { kind: 'corrupt' },
    code: 'invalid_response',
    result: undefined,
    paid: true,
    retried: undefined,
  },
  'half an answer': {
    fault: { kind: 'truncate' },
    code: 'invalid_response',
    result: undefined,
    paid: true,
    retried: undefined,
  },
};

/** All attempts at an operation, by result. */
function attempts(page: MetricsPage, operation: string): Record<string, number> {
  return Object.fromEntries(
    page.series(REQUESTS, { operation }).map(({ labels, value }) => [labels.result ?? '', value]),
  );
}

/** The differences of two tables, zeros left out. */
function grown(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after)
      .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
      .filter(([, value]) => value !== 0),
  );
}

const cents = (page: MetricsPage) => Math.round((page.value(SPEND) ?? Number.NaN) * 100);

/** Asserts that a failed run has left all figures, and that everything says so; gives back what was counted. */
async function afterFailure(t: Test, exporter: Exporter, before: MetricsPage, paidBefore: number) {
  const page = await exporter.metrics();
  t.equal(page.businessText(), before.businessText(), 'the last good figures stay, byte for byte');
  t.equal(page.value('aws_cost_exporter_collector_success', COST), 0);
  const [success, attempt] = ['success', 'attempt'].map((what) =>
    page.value(`aws_cost_exporter_collector_last_${what}_timestamp_seconds`, COST),
  );
  t.equal(success, Date.parse('2026-11-22T08:00:00Z') / 1_000, 'the timestamp stands still');
  t.equal(attempt, exporter.clock.now() / 1_000);
  t.equal(page.value('aws_cost_exporter_collector_success', { ...COST, collector: 'forecast' }), 1);
  const { status, text } = await exporter.get('/cost/current');
  t.equal(status, 200);
  t.match(JSON.parse(text), { stale: true, collectedAt: '2026-11-22T08:00:00.000Z' });
  const counted = grown(attempts(before, 'GetCostAndUsage'), attempts(page, 'GetCostAndUsage'));
  const all = Object.values(counted).reduce((one, other) => one + other, 0);
  t.equal(all, exporter.paid() - paidBefore, 'every attempt that AWS saw is counted');
  return { counted, all, spent: cents(page) - cents(before) };
}

for (const [name, { fault, code, result, paid, retried, advice }] of Object.entries(CASES)) {
  t.test(name, async (t) => {
    const exporter = await startCosts(t);
    const { metrics, run, sim, clock, collector, get } = exporter;
    const before = await metrics();
    const paidBefore = exporter.paid();
    sim.faults.add({ ...fault, operation: 'GetCostAndUsage' });
    clock.advance(60_000);
    t.equal(await run('cost'), 'failed');
    const { counted, all, spent } = await afterFailure(t, exporter, before, paidBefore);
    if (result !== undefined) t.same(Object.keys(counted), [result]);
    if (retried !== undefined) t.equal(all > 1, retried, `${all} attempts`);
    t.equal(spent, paid ? all : 0, 'what AWS takes money for is counted');
    const view = await collector('cost');
    t.match(view, { state: 'failed', stale: true, lastAttempt: '2026-11-22T08:01:00.000Z', cause: { code } });
    t.match(view.cause?.advice, advice ?? /\w+ .*\./);
    t.notMatch(JSON.stringify(view), /text of AWS|arn:aws|Exception/);

    sim.faults.clear();
    clock.advance(60_000);
    t.equal(await run('cost'), 'collected', 'it recovers by itself');
    t.match(await collector('cost'), { state: 'ok', stale: false, cause: null });
    const page = await metrics();
    t.equal(page.value('aws_cost_exporter_collector_success', COST), 1);
    t.equal(page.businessText(), before.businessText(), 'the same bill, the same page');
    t.match((await get('/cost/current')).json(), { stale: false, collectedAt: '2026-11-22T08:02:00.000Z' });
  });
}

t.test('a fault that ends in time is got over by retries, each of them counted', async (t) => {
  for (const [fault, result, paid] of [
    [{ kind: 'throttle' }, 'throttled', 0],
    [{ kind: 'error503' }, 'error', 0],
  ] as const) {
    const { metrics, run, sim } = await startCosts(t);
    const before = await metrics();
    sim.faults.add({ ...fault, operation: 'GetCostAndUsage', times: 2 });
    t.equal(await run('cost'), 'collected');
    const page = await metrics();
    t.same(grown(attempts(before, 'GetCostAndUsage'), attempts(page, 'GetCostAndUsage')), {
      [result]: 2,
      success: 1,
    });
    t.equal(cents(page) - cents(before), 1 + paid);
  }
});

t.test('AWS goes away: the figures stay', async (t) => {
  const { metrics, run, sim, clock, collector } = await startCosts(t);
  const before = await metrics();
  await sim.close();
  clock.advance(60_000);
  t.equal(await run('cost'), 'failed');
  t.equal((await metrics()).businessText(), before.businessText());
  t.match(await collector('cost'), {
    state: 'failed',
    stale: true,
    cause: { code: 'error', advice: /network/ },
  });
});

t.test('what is never sent costs nothing', async (t) => {
  const AWS_ENDPOINT_URL_COST_EXPLORER = `http://127.0.0.1:${await freePort()}`;
  const { metrics, get } = await startCosts(t, { env: { AWS_ENDPOINT_URL_COST_EXPLORER } });
  const page = await metrics();
  t.equal(page.value(SPEND), 0);
  t.ok(
    (page.value(REQUESTS, { operation: 'GetCostAndUsage', result: 'error' }) ?? 0) > 0,
    'attempts are counted',
  );
  t.same(page.business(), []);
  t.match((await get('/cost/current')).json(), { statusCode: 503, code: 'error' });
});

t.test('the account cannot be asked: nothing is bought', async (t) => {
  const exporter = await startCosts(t);
  const { metrics, run, sim, clock, collector, paid } = exporter;
  const before = await metrics();
  const bought = paid();
  clock.advance(24 * 60_000);
  sim.faults.add({ kind: 'error500', operation: 'GetCallerIdentity' });
  t.equal(await run('cost'), 'failed');
  t.equal((await metrics()).businessText(), before.businessText());
  t.equal(paid(), bought);
  t.equal((await collector('cost')).cause?.code, 'error');
});

t.test('an answer that takes its time is no failure', async (t) => {
  const { run, sim, metrics } = await startCosts(t);
  sim.faults.add({ kind: 'delay', ms: 300, operation: 'GetCostAndUsage', times: 1 });
  sim.faults.add({ kind: 'drip', bytes: 20_000, ms: 5, operation: 'GetCostAndUsage', times: 1 });
  t.equal(await run('cost'), 'collected', 'late');
  t.equal(await run('cost'), 'collected', 'a few bytes at a time');
  t.equal(cents(await metrics()), 4);
});
