// EC2 20 %, RDS 15 %, EBS 10 % of its own cost, 15 % of all; every figure of it marked.
import t, { type Test } from 'tap';
import type { FocusRow } from '../../src/focus.ts';
import { type ExporterOptions, TODAY } from '../helper.ts';
import {
  denied,
  PAID_CALLS,
  passedOver,
  recommendations,
  startOptimization,
} from '../plugins/optimization/exporter.ts';
import { billOf, daysFrom, MEMBER, PAYER, plusDays } from './bill.ts';

/** A charge a day over the window and a day on either side of it. */
const charge = (ServiceName: string, ChargeDescription: string | null, cost: number, more = {}): FocusRow[] =>
  billOf(
    daysFrom(plusDays(TODAY, -31), plusDays(TODAY, 1)).map((day) => ({
      day,
      service: ServiceName,
      account: PAYER,
      cost,
    })),
  ).map((row) => ({ ...row, ChargeDescription, ...more }));

const EC2 = 'Amazon Elastic Compute Cloud';
const RDS = 'Amazon Relational Database Service';
const INSTANCE_HOURS = '$0.192 per On Demand Linux m5.xlarge Instance Hour';

const BILL = [
  ...charge(EC2, INSTANCE_HOURS, 4),
  ...charge(EC2, INSTANCE_HOURS, 1.5, { SubAccountId: MEMBER }),
  ...charge(EC2, '$0.08 per GB-month of General Purpose (gp3) provisioned storage', 0.5),
  ...charge(EC2, '$0.10 per GB-month of General Purpose SSD (gp2) provisioned storage', 0.25, {
    RegionId: 'eu-central-1',
  }),
  ...charge(EC2, '$0.05 per GB-Month of snapshot data stored', 0.125),
  ...charge(EC2, '$0.045 per NAT Gateway Hour', 8),
  ...charge(EC2, '$0.01 per GB - regional data transfer', 16),
  ...charge(RDS, '$0.35 per RDS db.m5.large Single-AZ instance hour', 3),
  ...charge('AWS Lambda', null, 32),
];
const DAYS = 30;
const COSTS = { EC2: 5.5 * DAYS, RDS: 3 * DAYS, EBS: 0.875 * DAYS, All: 65.375 * DAYS };
const SAVINGS = { EC2: COSTS.EC2 * 0.2, RDS: COSTS.RDS * 0.15, EBS: COSTS.EBS * 0.1, All: COSTS.All * 0.15 };

const start = (t: Test, options: ExporterOptions = {}) =>
  startOptimization(t, { bill: BILL, faults: denied(...PAID_CALLS), ...options });

/** Figures to a millionth. */
const round = (figures: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, Number(figure.toFixed(6))]));

t.test("the design's figures", async (t) => {
  const exporter = await start(t);
  const page = await exporter.metrics();
  t.same(
    round(page.table('aws_optimization_savings', 'type', 'category', 'source', 'account_id')),
    round(
      Object.fromEntries(
        Object.entries(SAVINGS).map(([kind, savings]) => [`Estimate/${kind}/estimate/${PAYER}`, savings]),
      ),
    ),
  );
  const total = page.value('aws_optimization_savings_deduplicated', { source: 'estimate' }) ?? 0;
  t.ok(Math.abs(total - SAVINGS.All) < 1e-6, '15 % of all cost is the total');
  const body = await recommendations(exporter);
  t.same(
    body.rightsizing.toSorted((one, other) => other.potential_savings - one.potential_savings),
    [
      { service: 'EC2', potential_savings: 33, recommendation: body.rightsizing[0]?.recommendation },
      { service: 'RDS', potential_savings: 13.5, recommendation: body.rightsizing[1]?.recommendation },
      { service: 'EBS', potential_savings: 2.63, recommendation: body.rightsizing[2]?.recommendation },
    ],
    'three entries, rounded to 2 decimals',
  );
  t.match(body.rightsizing, [
    { recommendation: /right-size underutilized instances/i },
    { recommendation: /consider reserved instances/i },
    { recommendation: /delete unused volumes/i },
  ]);
  t.equal(body.total_potential_savings, Math.round(SAVINGS.All * 100) / 100);
  t.match(body, { currency: 'USD', source: 'estimate', last_updated: `${TODAY}T08:00:00.000Z` });
  for (const item of body.recommendations) {
    t.match(item, { type: 'Estimate', source: 'estimate', account: PAYER });
    const kind = item.category as keyof typeof COSTS;
    t.ok(Math.abs(item.monthlySavings - SAVINGS[kind]) < 1e-6, `${kind}: not rounded`);
  }
});

t.test('savings are of a month of 30 days, whatever the window', async (t) => {
  for (const days of [10, 20]) {
    const exporter = await start(t, { env: { COST_WINDOW_DAYS: String(days) } });
    const page = await exporter.metrics();
    // Each day costs the same, so that a month of any window costs the same.
    t.same(round(page.table('aws_optimization_savings', 'category')), round(SAVINGS), `${days} days`);
    t.ok(Math.abs((page.value('aws_optimization_savings_deduplicated') ?? 0) - SAVINGS.All) < 1e-6, 'in all');
    for (const { category, monthlyCost } of (await recommendations(exporter)).recommendations) {
      t.ok(Math.abs((monthlyCost ?? 0) - COSTS[category as keyof typeof COSTS]) < 1e-6, category);
    }
  }
});

t.test('its rates are settings', async (t) => {
  const exporter = await start(t, {
    configFile: 'targets: [{name: default}]\nestimates: {ec2: 0.5, rds: 0.25, ebs: 0, total: 0.01}\n',
  });
  const page = await exporter.metrics();
  t.same(
    round(page.table('aws_optimization_savings', 'category')),
    round({ EC2: COSTS.EC2 * 0.5, RDS: COSTS.RDS * 0.25, EBS: 0, All: COSTS.All * 0.01 }),
  );
});

t.test("EBS's page is denied: the rest is estimated, and it is said", async (t) => {
  const exporter = await startOptimization(t, {
    bill: BILL,
    env: { OPTIMIZATION_SOURCE: 'estimate' },
    faults: [{ kind: 'deny', operation: 'GetCostAndUsage', after: 1 }],
  });
  const page = await exporter.metrics();
  const { EBS, ...others } = SAVINGS;
  t.same(round(page.table('aws_optimization_savings', 'category')), round(others), `without ${EBS}`);
  t.match(JSON.stringify(await passedOver(exporter)), /ce:GetCostAndUsage/);
});

t.test('priorities of the estimate', async (t) => {
  const page = await (await start(t)).metrics();
  t.same(page.table('aws_optimization_recommendations_open', 'category', 'priority'), {
    'All/high': 1,
    'EC2/medium': 1,
    'RDS/medium': 1,
    'EBS/low': 1,
  });
  t.same(page.table('aws_optimization_recommendations_total', 'type', 'priority'), {
    'Estimate/high': 1,
    'Estimate/medium': 2,
    'Estimate/low': 1,
  });
});

t.test('where nothing was spent', async (t) => {
  const exporter = await start(t, { bill: [] });
  const page = await exporter.metrics();
  for (const { value } of page.series('aws_optimization_savings')) t.equal(value, 0);
  t.equal(page.value('aws_optimization_savings_deduplicated'), 0);
  t.match(await recommendations(exporter), { total_potential_savings: 0 });
});
