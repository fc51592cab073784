import t from 'tap';
import { costExplorerService, generateBill } from '../../src/simulator/index.ts';
import { sum } from './helper.ts';

const today = new Date('2026-03-15T12:00:00Z');
const bill = generateBill({ seed: 1, today });

t.test('a bill depends on its seed alone, a day on nothing but the day', async (t) => {
  const days = 40;
  const one = generateBill({ seed: 1, today, days });
  t.strictSame(generateBill({ seed: 1, today, days }), one);
  t.not(generateBill({ seed: 2, today, days })[0]?.BilledCost, one[0]?.BilledCost);
  const next = generateBill({ seed: 1, today: new Date('2026-03-16T00:00:00Z'), days });
  const dayOf = (rows: typeof one, day: string) =>
    rows.filter((row) => row.ChargePeriodStart.startsWith(day));
  t.strictSame(dayOf(next, '2026-03-10'), dayOf(one, '2026-03-10'));
  const [hourly, daily] = [dayOf(one, '2026-03-15'), dayOf(next, '2026-03-15')];
  t.ok(hourly.length > daily.length, 'the last day is charged by the hour');
  t.equal(
    sum(hourly.map((row) => row.BilledCost)),
    sum(daily.map((row) => row.BilledCost)),
    'and costs the same',
  );
});

t.test('the default bill is as real ones are', async (t) => {
  const days = new Set(bill.map((row) => row.ChargePeriodStart.slice(0, 10)));
  t.equal([...days].sort()[0], '2025-02-01', 'the first day that Cost Explorer looks back to');
  t.equal(days.size, 408, 'every day to today');
  t.equal(new Set(bill.map((row) => row.SubAccountId)).size, 4);
  const services = new Set(bill.map(costExplorerService));
  t.ok(services.size >= 18, `${services.size} services`);
  for (const name of ['Amazon Elastic Compute Cloud - Compute', 'EC2 - Other', 'Tax', 'AmazonCloudWatch']) {
    t.ok(services.has(name), name);
  }
  t.strictSame([...new Set(bill.map((row) => row.ChargeCategory))].sort(), [
    'Adjustment',
    'Credit',
    'Purchase',
    'Tax',
    'Usage',
  ]);
  t.ok(
    bill.some((row) => /^[\d.]+E-\d+$/.test(row.BilledCost)),
    'amounts in scientific notation',
  );
  t.ok(
    bill.every((row) => /^-?\d+(\.\d+)?(E-\d+)?$/.test(row.BilledCost) && row.BillingCurrency === 'USD'),
    'decimal strings throughout',
  );
  for (const category of ['Credit', 'Adjustment']) {
    const rows = bill.filter((row) => row.ChargeCategory === category);
    t.ok(rows.length > 0 && rows.every((row) => row.BilledCost.startsWith('-')), `${category} is negative`);
  }
  t.not(sum(bill.map((row) => row.BilledCost)), sum(bill.map((row) => row.EffectiveCost)));
  const applications = new Set(bill.map((row) => row.Tags.application));
  for (const value of [undefined, 'a$b$c', '🚀 launch', 'x'.repeat(200)])
    t.ok(applications.has(value), String(value));
});

t.test('weekends cost less and a year costs more', async (t) => {
  const daily = (day: string) =>
    Number(
      sum(
        bill
          .filter((row) => row.ChargePeriodStart.startsWith(day) && row.ChargeCategory === 'Usage')
          .map((row) => row.BilledCost),
      ),
    );
  t.ok(daily('2026-03-08') < daily('2026-03-10'), 'Sunday below Tuesday');
  t.ok(daily('2025-03-11') < daily('2026-03-10'));
});

t.test('a large bill of pairs', async (t) => {
  const rows = generateBill({ seed: 3, today, days: 10, accounts: 7, services: 40, resourcesPerService: 2 });
  const groups = new Set(
    rows.map(
      (row) => `${row.ChargePeriodStart.slice(0, 10)} ${costExplorerService(row)} ${row.SubAccountId}`,
    ),
  );
  t.equal(groups.size, 10 * 7 * 40, 'every pair on every day');
  t.equal(rows.length, 9 * 7 * 40 * 2 + 7 * 40 * 2 * 24);
  t.equal(rows.at(-1)?.ChargePeriodEnd, '2026-03-16T00:00:00Z');
});
