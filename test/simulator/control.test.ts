import t from 'tap';
import { generateBill } from '../../src/simulator/index.ts';
import { NOW, now, rawCall, row, start } from './helper.ts';

const QUERY = {
  TimePeriod: { Start: '2026-03-10', End: '2026-03-11' },
  Granularity: 'DAILY',
  Metrics: ['BlendedCost'],
};

t.test('another process steers the simulator', async (t) => {
  const simulator = await start(t, { bill: [row('2026-03-10', '1')], now });
  const steer = (method: string, name: string, body?: unknown) =>
    fetch(`${simulator.url}/_simulator/${name}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const amount = async () => {
    const { body } = await rawCall(simulator, 'GetCostAndUsage', QUERY);
    const text = JSON.stringify(body);
    return /"Amount":"([^"]*)"/.exec(text)?.[1] ?? body.__type;
  };
  t.equal(await amount(), '1');

  t.equal((await steer('POST', 'faults', { kind: 'throttle', times: 1 })).status, 204);
  t.equal(await amount(), 'ThrottlingException');
  t.equal(await amount(), '1');
  await steer('POST', 'faults', { kind: 'error', type: 'Odd', message: 'm', status: 409 });
  t.equal(await amount(), 'Odd');
  t.equal((await steer('DELETE', 'faults')).status, 204);
  t.equal(await amount(), '1');

  t.equal(
    (await steer('POST', 'bill', { rows: [row('2026-03-10', '2.50', { Tags: { a: 'b' } })] })).status,
    204,
  );
  t.equal(await amount(), '2.5');
  const generate = { seed: 9, today: NOW.toISOString(), days: 7, accounts: 1, services: 2 };
  t.equal((await steer('POST', 'bill', { generate })).status, 204);
  const costs = generateBill({ ...generate, today: NOW }).filter((r) =>
    r.ChargePeriodStart.startsWith('2026-03-10'),
  );
  t.equal(costs.length, 2);
  t.equal(
    Number(await amount()).toFixed(9),
    costs.reduce((sum, r) => sum + Number(r.BilledCost), 0).toFixed(9),
  );

  t.equal((await steer('POST', 'clock', { now: '2026-03-10T00:30:00Z' })).status, 204);
  const early = await rawCall(simulator, 'GetCostForecast', {
    TimePeriod: { Start: '2026-03-15', End: '2026-03-16' },
    Granularity: 'DAILY',
    Metric: 'BLENDED_COST',
  });
  t.match(early.body.message, /current date, 2026-03-10/);
  t.equal((await steer('POST', 'clock', { now: null })).status, 204);

  t.equal((await steer('POST', 'page-size', { groups: 1 })).status, 204);
  const paged = await rawCall(simulator, 'GetCostAndUsage', {
    ...QUERY,
    GroupBy: [{ Type: 'DIMENSION', Key: 'SERVICE' }],
  });
  t.type(paged.body.NextPageToken, 'string');
  t.equal((await steer('POST', 'expire-credentials')).status, 204);

  const requests = (await (await steer('GET', 'requests')).json()) as unknown[];
  t.equal(requests.length, simulator.requests.length);
  t.match(requests.at(-1), { operation: 'GetCostAndUsage', status: 200, body: QUERY });
});

t.test('a wrong order is refused and changes nothing', async (t) => {
  const simulator = await start(t, { bill: [row('2026-03-10', '1')], now });
  const cases: [name: string, body: unknown, message: RegExp][] = [
    ['faults', { kind: 'explode' }, /kind must be one of/],
    ['faults', { kind: 'constructor' }, /kind must be one of/],
    ['faults', { kind: 'mutate' }, /kind must be one of/],
    ['faults', { kind: 'error', type: 'x' }, /'message' is missing/],
    ['faults', { kind: 'throttle', times: 'many' }, /'times' must be a number/],
    ['faults', { kind: 'throttle', colour: 1 }, /unknown field 'colour'/],
    ['bill', {}, /'rows'/],
    ['bill', { rows: [1] }, /row 1: not an object/],
    ['bill', { rows: [row('2026-03-10', '1'), row('2026-03-10', 'x')] }, /row 2 column BilledCost/],
    ['bill', { rows: [row('2026-03-10', '1'), row('2026-03-10', '1', { BillingCurrency: 'EUR' })] }, /EUR/],
    ['bill', { generate: { today: 'x' } }, /'today'/],
    ['bill', { generate: { days: '7' } }, /'days'/],
    ['clock', {}, /'now'/],
    ['clock', { now: 'noon' }, /'now'/],
    ['page-size', { groups: 0 }, /'groups'/],
    ['clock', '{', /JSON/],
    ['clock', '[]', /object/],
  ];
  for (const [name, body, message] of cases) {
    const answer = await fetch(`${simulator.url}/_simulator/${name}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    t.equal(answer.status, 400, JSON.stringify(body).slice(0, 60));
    t.match(((await answer.json()) as { message: string }).message, message);
  }
  t.equal((await fetch(`${simulator.url}/_simulator/nothing`)).status, 404);
  t.equal((await rawCall(simulator, 'GetCostAndUsage', QUERY)).status, 200);
  t.equal(simulator.requests.length, 1, 'orders are not recorded');
});

t.test('a page holds at least one group', async (t) => {
  await t.rejects(start(t, { bill: [], pageSize: 0 }), { name: 'RangeError' });
  const simulator = await start(t, { bill: [] });
  t.throws(() => simulator.setPageSize(0.5), { name: 'RangeError' });
});

t.test('a port that is taken rejects', async (t) => {
  const simulator = await start(t, { bill: [] });
  await t.rejects(start(t, { bill: [], port: simulator.port }), { code: 'EADDRINUSE' });
});
