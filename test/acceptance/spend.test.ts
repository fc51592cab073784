// The ledger, and the hard budget.
import t from 'tap';
import { generateBill, type SimulatorOptions } from '../../src/simulator/index.ts';
import { type Exporter, type ExporterOptions, startCosts, startExporter, TODAY } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { billOf, charges, MEMBER, PAYER } from './bill.ts';

t.setTimeout(120_000);

const SKIPPED = 'aws_cost_exporter_collector_skipped_total';
const SUCCESS = 'aws_cost_exporter_collector_success';
const HOUR_MS = 3_600_000;

/** A bill whose costs carry tags. */
const TAGGED = generateBill({ seed: 3, today: new Date(`${TODAY}T20:00:00Z`), days: 60 });

interface Sums {
  requests: number;
  usd: number;
  byTarget: { target: string; requests: number; usd: number }[];
  byOperation: { operation: string; requests: number; usd: number }[];
}
interface Spend {
  budget: {
    usd: number;
    requests: number;
    remaining: number;
    resetAt: string;
    targets: { target: string; usd: number }[];
  };
  today: Sums & { day: string };
  month: Sums & { start: string; end: string };
  projected: { requests: number; usd: number };
}
const spendOf = async ({ get }: Exporter) => (await get('/spend')).json<Spend>();

/** A logger that keeps its lines, parsed. */
function logOf() {
  const lines: Record<string, unknown>[] = [];
  const stream = {
    write(line: string) {
      lines.push(JSON.parse(line));
    },
  };
  return { lines, logger: { level: 'info', stream } };
}

const budget = (usd: string, options: ExporterOptions = {}): ExporterOptions => ({
  ...options,
  env: { AWS_SPEND_BUDGET_USD: usd, ...options.env },
});

t.test('GET /spend: today and this month, by operation and target, and the budget', async (t) => {
  const exporter = await startExporter(
    t,
    budget('2.50', {
      bill: TAGGED,
      env: { CAPABILITIES: 'cost,forecast,tags', TAG_KEYS: 'application,environment' },
    }),
  );
  const { get, paid, sim, clock, run, metrics } = exporter;
  const answer = await get('/spend');
  t.equal(answer.status, 200);
  t.equal(answer.headers['cache-control'], 'no-store');
  const bought = sim.requests.filter(({ service }) => service === 'ce');
  const counts = Object.entries(Object.groupBy(bought, ({ operation }) => operation ?? '')).map(
    ([operation, requests = []]) => ({ operation, requests: requests.length, usd: requests.length / 100 }),
  );
  t.ok(counts.length >= 2 && bought.length >= 4, 'cost, forecast and tags were bought');
  const spend = answer.json<Spend>();
  const sums = { requests: bought.length, usd: bought.length / 100 };
  t.match(spend, {
    budget: {
      usd: 2.5,
      requests: 250,
      remaining: 250 - bought.length,
      resetAt: '2026-11-23T00:00:00.000Z',
      targets: [],
    },
    today: { day: '2026-11-22', ...sums, byTarget: [{ target: 'default', ...sums }] },
    month: { start: '2026-11-01', end: '2026-12-01', ...sums },
  });
  const byName = (rows: Sums['byOperation']) =>
    rows.toSorted((a, b) => a.operation.localeCompare(b.operation));
  t.same(byName(spend.today.byOperation), byName(counts));
  t.same(
    spend.today.byOperation.map(({ requests }) => requests),
    spend.today.byOperation.map(({ requests }) => requests).toSorted((a, b) => b - a),
    'most first',
  );
  t.equal(
    (await metrics()).value('aws_cost_exporter_aws_spend_usd_total'),
    sums.usd,
    'the metric says the same',
  );

  clock.set('2026-11-23T00:00:00Z');
  t.equal(await run('forecast'), 'collected');
  t.match(await spendOf(exporter), {
    budget: { remaining: 249, resetAt: '2026-11-24T00:00:00.000Z' },
    today: { day: '2026-11-23', requests: 1, usd: 0.01, byOperation: [{ operation: 'GetCostForecast' }] },
    month: { requests: bought.length + 1, usd: (bought.length + 1) / 100 },
  });
  clock.set('2026-12-01T00:00:00Z');
  t.match(await spendOf(exporter), {
    today: { day: '2026-12-01', requests: 0, usd: 0, byTarget: [], byOperation: [] },
    month: { start: '2026-12-01', end: '2027-01-01', requests: 0, usd: 0 },
  });
  t.equal(paid(), bought.length + 1);
});

t.test("the projection is what the rest of the month's ticks buy, within the budget", async (t) => {
  // Hourly, one page: 24 a day. At 08:00 of the 22nd sixteen hours and eight days are left of November.
  for (const [usd, least, most] of [
    ['10', 0.95 * (1 + 15 + 8 * 24), 1.05 * (1 + 16 + 8 * 24)],
    ['0.10', 0.9 * (1 + 9 + 8 * 10), 1 + 9 + 8 * 10],
    ['0', 0, 0],
  ] as const) {
    const exporter = await startCosts(t, budget(usd, { env: { CAPABILITIES: 'cost' }, settle: usd !== '0' }));
    const { projected } = await spendOf(exporter);
    t.ok(projected.requests >= least && projected.requests <= most, `${usd}: ${projected.requests}`);
    t.equal(projected.usd, projected.requests / 100);
  }
});

t.test(
  'what AWS refuses is not spent, what ends unknown is, each attempt of the SDK for itself',
  async (t) => {
    const exporter = await startCosts(t, { env: { CAPABILITIES: 'cost' } });
    const { sim, run, clock, paid } = exporter;
    const spent = async () => (await spendOf(exporter)).today.requests;
    t.equal(await spent(), 1);
    for (const [what, fault, costs] of [
      ['denied', { kind: 'deny' }, 0],
      ['throttled twice, then answered', { kind: 'throttle', times: 2 }, 1],
      ['throttled for good', { kind: 'throttle' }, 0],
      ['failed', { kind: 'error500', times: 1 }, 1],
      ['garbage', { kind: 'corrupt', times: 1 }, 1],
      ['cut off once, then answered', { kind: 'cut', times: 1 }, 2],
    ] as const) {
      sim.faults.clear();
      sim.faults.add({ ...fault, operation: 'GetCostAndUsage' });
      clock.advance(HOUR_MS / 60);
      const before = await spent();
      await run('cost');
      t.equal((await spent()) - before, costs, what);
    }
    t.ok(paid() > (await spent()), 'refusals were sent too');
  },
);

t.test('a budget of 0: no paid request at all, everything else works', async (t) => {
  const exporter = await startExporter(
    t,
    budget('0', { settle: false, env: { CAPABILITIES: '', TAG_KEYS: 'Environment' } }),
  );
  const { run, metrics, paid, get, collector, target } = exporter;
  const budgeted = ['cost', 'forecast', 'tags'];
  for (const name of budgeted) await run(name);
  await run('optimization');
  await run('well-architected');
  // The first runs of the jobs may be under way still.
  await eventually('all have been tried', async () => {
    const { collectors } = await target();
    return collectors.every(({ state }) => state !== 'pending') || undefined;
  });
  t.equal(paid(), 0);
  const page = await metrics();
  for (const name of budgeted) {
    t.match(await collector(name), {
      state: 'budget',
      cause: { code: 'budget', advice: /2026-11-23T00:00:00\.000Z/ },
      lastSuccess: null,
    });
    t.ok((page.value(SKIPPED, { collector: name, reason: 'budget' }) ?? 0) >= 1, name);
    t.same(page.series(SUCCESS, { collector: name }), [], 'a skip is no attempt');
  }
  t.equal(page.value('aws_cost_exporter_aws_spend_budget_usd'), 0);
  t.same(page.series('aws_cost_total'), [], 'no false 0');
  const answer = await get('/cost/current');
  t.equal(answer.status, 503);
  t.match(answer.json(), { code: 'budget' });
  t.ok(answer.headers['retry-after']);
  t.equal((await get('/ready')).status, 200);
  t.equal((await get('/health')).status, 200);
  t.equal((await collector('well-architected')).state, 'ok', 'what is free is collected');
});

t.test(
  'a budget that is spent: said once, counted, the last good figures stay, and on it goes after midnight',
  async (t) => {
    const { lines, logger } = logOf();
    const exporter = await startCosts(
      t,
      budget('0.03', { env: { CAPABILITIES: 'cost', LOG_LEVEL: 'info' }, app: { logger } }),
    );
    const { run, clock, metrics, collector, paid, get } = exporter;
    for (const _ of [2, 3]) {
      clock.advance(HOUR_MS);
      t.equal(await run('cost'), 'collected');
    }
    const before = await metrics();
    const body = (await get('/cost/current')).text;
    const told = () => lines.filter(({ code }) => code === 'budget');
    t.same(told(), []);
    for (const count of [1, 2, 3]) {
      clock.advance(HOUR_MS / 4);
      t.equal(await run('cost'), 'skipped');
      const page = await metrics();
      t.equal(page.value(SKIPPED, { collector: 'cost', reason: 'budget' }), count);
      t.equal(page.businessText(), before.businessText());
      for (const name of ['success', 'last_success_timestamp_seconds', 'last_attempt_timestamp_seconds']) {
        const family = `aws_cost_exporter_collector_${name}`;
        t.equal(page.value(family, { collector: 'cost' }), before.value(family, { collector: 'cost' }), name);
      }
    }
    t.equal(paid(), 3);
    t.equal(told().length, 1, 'one line');
    t.match(told(), [
      { level: 40, collector: 'cost', target: 'default', advice: /2026-11-23T00:00:00\.000Z/ },
    ]);
    t.match(await collector('cost'), {
      state: 'budget',
      cause: { code: 'budget', advice: /2026-11-23T00:00:00\.000Z/ },
      lastSuccess: '2026-11-22T10:00:00.000Z',
    });
    t.equal((await get('/cost/current')).text, body);
    t.match(await spendOf(exporter), { budget: { remaining: 0 }, today: { requests: 3 } });

    clock.set('2026-11-22T23:59:59.999Z');
    t.equal(await run('cost'), 'skipped');
    clock.set('2026-11-23T00:00:00Z');
    t.equal(await run('cost'), 'collected');
    t.match(await collector('cost'), { state: 'ok', cause: null });
    t.match(await spendOf(exporter), { budget: { remaining: 2 }, today: { requests: 1 } });
    for (const _ of [2, 3, 4]) await run('cost');
    t.equal(told().length, 2, 'one line for each time that it is spent');
    t.equal(paid(), 6);
  },
);

t.test('a query is set aside whole: nothing is paid and then thrown away', async (t) => {
  const { run, paid, sim, clock, collector } = await startCosts(
    t,
    budget('0.14', { env: { CAPABILITIES: 'cost' }, simulator: { pageSize: 40 } }),
  );
  const pages = paid();
  t.ok(pages > 3 && pages < 14, `${pages} pages a query`);
  let left = 14 - pages;
  for (; left >= pages; left -= pages) {
    clock.advance(HOUR_MS);
    t.equal(await run('cost'), 'collected');
  }
  t.ok(left > 0, `${left} pages are left`);
  const before = sim.requests.length;
  clock.advance(HOUR_MS);
  t.equal(await run('cost'), 'skipped');
  t.equal((await collector('cost')).state, 'budget');
  t.equal(paid(), 14 - left, 'not even the first page');
  t.equal(sim.requests.slice(before).filter(({ service }) => service === 'ce').length, 0);
});

t.test('a retry of the SDK that would pass the budget is not sent', async (t) => {
  const { run, paid, sim, clock, collector } = await startCosts(
    t,
    budget('0.02', { env: { CAPABILITIES: 'cost' } }),
  );
  sim.faults.add({ kind: 'cut', operation: 'GetCostAndUsage' });
  clock.advance(HOUR_MS);
  await run('cost');
  t.equal(paid(), 2, 'the first page, and one attempt of unknown outcome');
  t.equal((await collector('cost')).cause?.code, 'budget');
});

t.test("a target's own budget", async (t) => {
  const role = `arn:aws:iam::${MEMBER}:role/costs`;
  const accounts: SimulatorOptions['accounts'] = [
    { accountId: PAYER, accessKeyId: 'AKIATEST', sees: [PAYER] },
    { accountId: MEMBER, roles: [{ arn: role, externalId: 'a-word' }] },
  ];
  const exporter = await startCosts(
    t,
    budget('0.05', {
      bill: billOf(charges('2026-09-01', '2026-12-15', [PAYER, MEMBER])),
      simulator: { accounts },
      env: { CAPABILITIES: 'cost' },
      configFile: `targets:\n  - {name: own}\n  - {name: member, roleArn: "${role}", externalId: a-word, spendBudgetUsd: 0.02}\n`,
    }),
  );
  const { run, clock, collector, metrics } = exporter;
  clock.advance(HOUR_MS);
  t.equal(await run('cost', 'member'), 'collected');
  clock.advance(HOUR_MS);
  t.equal(await run('cost', 'member'), 'skipped');
  t.match(await collector('cost', 'member'), { state: 'budget', cause: { message: /member/ } });
  t.equal(await run('cost', 'own'), 'collected');
  t.equal(await run('cost', 'own'), 'collected');
  t.equal(await run('cost', 'own'), 'skipped', 'the whole is spent');
  const spend = await spendOf(exporter);
  t.same(spend.today.byTarget, [
    { target: 'own', requests: 3, usd: 0.03 },
    { target: 'member', requests: 2, usd: 0.02 },
  ]);
  t.same(spend.budget.targets, [{ target: 'member', usd: 0.02 }]);
  const page = await metrics();
  t.equal(page.value('aws_cost_exporter_aws_spend_usd_total', { target: 'member' }), 0.02);
  t.equal(page.value(SKIPPED, { target: 'own', collector: 'cost', reason: 'budget' }), 1);
});

t.test("the rest of the day's cost pages are set aside before tags and forecast", async (t) => {
  // At 20:00 cost needs three more pages today: at 21:00, 22:00 and 23:00.
  const exporter = await startExporter(
    t,
    budget('0.06', {
      at: '2026-11-22T20:00:00Z',
      bill: TAGGED,
      settle: false,
      app: { random: () => 0 },
      env: { CAPABILITIES: 'cost,forecast,tags', TAG_KEYS: 'application,environment,business_unit' },
    }),
  );
  const { run, clock, collector, paid, target } = exporter;
  await eventually('the first runs have ended', async () => {
    const { collectors } = await target();
    return collectors.every(({ state }) => state !== 'pending') || undefined;
  });
  await run('cost');
  const afterFirst = paid();
  t.ok(afterFirst <= 3, `${afterFirst} pages: three are left for cost`);
  for (const hour of ['21', '22', '23']) {
    clock.set(`2026-11-22T${hour}:00:00Z`);
    await run('tags');
    await run('forecast');
    t.equal(await run('cost'), 'collected', `${hour}:00`);
  }
  t.equal((await collector('cost')).state, 'ok');
  t.ok(paid() <= 6);
});

t.test('the one page that is left is for cost, at the start too', async (t) => {
  for (const at of ['2026-11-22T23:30:00Z', '2026-11-22T08:00:00Z']) {
    const exporter = await startExporter(
      t,
      budget('0.01', {
        at,
        bill: TAGGED,
        settle: false,
        env: { CAPABILITIES: 'cost,forecast,tags', TAG_KEYS: 'application' },
      }),
    );
    const { run, sim, collector } = exporter;
    for (const name of ['tags', 'forecast', 'cost']) await run(name);
    await eventually('all have been tried', async () => {
      const states = await Promise.all(['cost', 'forecast', 'tags'].map((name) => collector(name)));
      return states.every(({ state }) => state !== 'pending') || undefined;
    });
    const bought = sim.requests.filter(({ service }) => service === 'ce');
    t.equal(bought.length, 1);
    t.equal((await spendOf(exporter)).today.byOperation[0]?.operation, 'GetCostAndUsage', at);
    t.ok((await collector('cost')).lastSuccess, `${at}: cost has it`);
  }
});

t.test('without Redis: every lease is held, and it exposes', async (t) => {
  const { metrics } = await startCosts(t, budget('0.5'));
  const page = await metrics();
  t.same(page.series('aws_cost_exporter_aws_spend_budget_usd'), [
    { name: 'aws_cost_exporter_aws_spend_budget_usd', labels: {}, value: 0.5 },
  ]);
  t.equal(page.value('aws_cost_exporter_lease_held', { target: 'default' }), 1);
  t.equal(page.value('aws_cost_exporter_exposing'), 1);
  t.equal(page.value(SKIPPED, { collector: 'cost', reason: 'budget' }), 0, 'there from the start');
  t.equal(page.value(SKIPPED, { collector: 'cost', reason: 'not_leader' }), 0);
});
