import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { dailyTotals, figuresOn, median, periodsOn } from '../../../plugins/cost/model.ts';
import { anyBill, anyDay, anySettings, DEFAULTS } from './bill.ts';
import { assertNear, Decimal, dayNumber, dayText, periods, sumOfRows } from './naive.ts';
import { buy } from './views.ts';

t.test('the periods of every figure, on any day', async (t) => {
  fc.assert(
    fc.property(anyDay, anySettings, (today, settings) => {
      const named = periodsOn(today, settings);
      const wanted = periods(today, settings);
      const after = (day: string) => dayText(dayNumber(day) + 1);
      const inclusive = { start: 0, end: 0 } satisfies Record<keyof typeof named.window, number>;
      assert.deepEqual(Object.keys(named.window).toSorted(), Object.keys(inclusive).toSorted());
      const pairs: [{ start: string; end: string }, string][] = [
        [named.window, 'aws_cost_total'],
        [named.monthToDate, 'aws_cost_month_to_date'],
        [named.lastCompleteDay, 'aws_cost_last_complete_day'],
        [named.settledDay, 'aws_cost_settled_day'],
        [named.trailingWeek, 'aws_cost_trailing_week'],
        [named.precedingWeek, 'aws_cost_preceding_week'],
        [named.weekMedian, 'aws_cost_week_median'],
      ];
      for (const [period, family] of pairs) {
        const [first, last] = wanted[family]!;
        assert.deepEqual(period, { start: first, end: after(last) }, family);
      }
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('however the pairs are grouped, the groups sum up to the total', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyBill, fc.infiniteStream(fc.nat(4)), async (bill, choice) => {
      const data = await buy(bill);
      const groupOf = data.pairs.map(() => choice.next().value as number);
      const whole = { groupOf: data.pairs.map(() => 0), count: 1 };
      const total = figuresOn(bill.today, data, whole, bill.settings, false);
      const parts = figuresOn(bill.today, data, { groupOf, count: 5 }, bill.settings, false);
      for (const name of ['window', 'monthToDate', 'settledDay', 'trailingWeek', 'precedingWeek'] as const) {
        const sum = parts[name]!.reduce((all, value) => all + value, 0);
        assertNear(sum, total[name]![0]!, name);
      }
      for (const { date, cost } of dailyTotals(data)) {
        assertNear(
          cost,
          sumOfRows(bill.rows, ({ day }) => day === date),
          date,
        );
      }
    }),
    { numRuns: 60 },
  );
  t.pass();
});

t.test('a left-out pair is in no group', async (t) => {
  const [bill] = fc.sample(
    anyBill.filter(({ rows }) => rows.length > 3),
    { numRuns: 1, seed: 1 },
  );
  const data = await buy(bill!);
  const none = { groupOf: data.pairs.map(() => -1), count: 1 };
  t.same(figuresOn(bill!.today, data, none, DEFAULTS, false).trailingWeek, [0]);
});

t.test('the median is the middle of the sorted values, or the mean of the two middle ones', async (t) => {
  const amounts = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(amounts, (values) => {
      const sorted = values
        .map((value) => new Decimal(value))
        .toSorted((one, other) => one.comparedTo(other));
      const half = Math.floor(sorted.length / 2);
      const wanted = sorted.length % 2 ? sorted[half]! : sorted[half - 1]!.plus(sorted[half]!).div(2);
      assertNear(median(values), wanted.toNumber(), JSON.stringify(values));
    }),
  );
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([10, 9, 100, 1]), 9.5, 'sorted as numbers, not as texts');
});
