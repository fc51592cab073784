import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { costDocument, emptyCostDocument } from '../../../plugins/cost/document.ts';
import { CostCurrent } from '../../../plugins/cost/schema.ts';
import { schemaFaults } from '../schema.ts';
import { anyBill, DEFAULTS } from './bill.ts';
import { assertNear, clean, dayNumber, dayText, periods, sumOfRows } from './naive.ts';
import { buy, viewOf } from './views.ts';

const sum = (rows: readonly { cost: number }[]) => rows.reduce((total, { cost }) => total + cost, 0);

t.test('services, accounts, days and totals of any bill are those of its rows', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyBill, fc.boolean(), async (bill, folds) => {
      const data = await buy(bill);
      // Neither a cap nor an earlier target's claim takes anything out of REST.
      const more = folds ? { maxSeries: 1, hidden: new Set(['111122223333']) } : {};
      const document = costDocument(viewOf(data, bill.today, more), bill.settings, null);
      const { aws_cost_total: window, aws_cost_month_to_date: month } = periods(bill.today, bill.settings);
      const inside = ({ day }: { day: string }) => day >= window![0] && day <= window![1];
      const rows = bill.rows.filter(inside);
      const total = sumOfRows(rows, () => true);

      assert.deepEqual(document.window, { start: window![0], end: bill.today });
      assertNear(document.total, total, 'total');
      assertNear(sum(document.byService), total, 'the sum over services');
      assertNear(sum(document.byAccount), total, 'the sum over accounts');
      assertNear(
        document.monthToDate,
        sumOfRows(bill.rows, ({ day }) => day >= month![0]),
        'month to date',
      );

      assert.deepEqual(
        document.byService.map(({ service }) => service).toSorted(),
        [...new Set(bill.rows.map(({ service }) => clean(service)))].toSorted(),
      );
      for (const { service, cost } of document.byService) {
        assertNear(
          cost,
          sumOfRows(rows, (row) => clean(row.service) === service),
          service,
        );
      }
      for (const { accountId, name, cost } of document.byAccount) {
        assertNear(
          cost,
          sumOfRows(rows, (row) => clean(row.account) === accountId),
          accountId,
        );
        const sent = bill.names[accountId];
        assert.equal(name, sent === undefined ? null : clean(sent));
      }
      for (const list of [document.byService, document.byAccount]) {
        const costs = list.map(({ cost }) => cost);
        assert.deepEqual(
          costs,
          costs.toSorted((one, other) => other - one),
          'greatest first',
        );
      }

      const last = dayNumber(bill.today) - (bill.listsToday ? 0 : 1);
      const days = last - dayNumber(window![0]) + 1;
      assert.deepEqual(
        document.daily.map(({ date }) => date),
        Array.from({ length: days }, (_, index) => dayText(dayNumber(window![0]) + index)),
      );
      for (const { date, cost } of document.daily) {
        assertNear(
          cost,
          sumOfRows(bill.rows, ({ day }) => day === date),
          date,
        );
      }
      assert.deepEqual(schemaFaults(CostCurrent, JSON.parse(JSON.stringify(document))), []);
    }),
    { numRuns: 100 },
  );
  t.pass();
});

t.test('an empty bill has total 0 and currency null', async (t) => {
  const [bill] = fc.sample(anyBill, { numRuns: 1, seed: 7 });
  const data = await buy({ ...bill!, rows: [], settings: DEFAULTS, today: '2026-03-15', listsToday: true });
  const { currency, total, monthToDate, byService, byAccount, reason } = costDocument(
    viewOf(data, '2026-03-15'),
    DEFAULTS,
    null,
  );
  t.same(
    { currency, total, monthToDate, byService, byAccount, reason },
    { currency: null, total: 0, monthToDate: 0, byService: [], byAccount: [], reason: null },
  );
});

t.test('figures whose period has ended are null, not smaller', async (t) => {
  const [bill] = fc.sample(anyBill, { numRuns: 1, seed: 7 });
  const data = await buy({ ...bill!, settings: DEFAULTS, today: '2026-03-15', rows: [], listsToday: true });
  const onDay = (today: string, overdue: boolean) => {
    const { total, monthToDate } = costDocument(viewOf(data, today, { overdue }), DEFAULTS, null);
    return { total, monthToDate };
  };
  t.same(onDay('2026-03-16', false), { total: 0, monthToDate: 0 });
  t.same(onDay('2026-03-16', true), { total: 0, monthToDate: null });
  t.same(onDay('2026-03-17', true), { total: null, monthToDate: null });
});

t.test('nothing to tell: nulls, empty lists and the reason', async (t) => {
  const document = emptyCostDocument('no_data', Date.parse('2024-02-29T23:59:59Z'), DEFAULTS);
  t.match(document, { total: null, byService: [], daily: [], reason: 'no_data' });
  t.same(document.window, { start: '2024-01-30', end: '2024-02-29' });
  t.same(schemaFaults(CostCurrent, document), []);
});
