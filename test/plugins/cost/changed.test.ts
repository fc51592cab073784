import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { hasMoved } from '../../../plugins/cost/changed.ts';
import { collectCost } from '../../../plugins/cost/collect.ts';
import type { CostData } from '../../../plugins/cost/model.ts';
import { contextAt } from '../fake-cost-explorer.ts';
import { answersOf, anyBill, type Bill, type Row } from './bill.ts';
import { buy, hourly, noonOf, viewOf } from './views.ts';

/** One row for each day, service and account: sums of one number are the same in any order. */
const plainBill = anyBill.map((bill): Bill => {
  const key = ({ day, service, account }: Row) => JSON.stringify([day, service, account]);
  return {
    ...bill,
    rows: [
      ...new Map(bill.rows.map((row) => [key(row), { ...row, service: `s ${row.service.length}` }])).values(),
    ].filter((row, index, all) => all.findIndex((one) => key(one) === key(row)) === index),
  };
});

t.test('a bill has not moved where the same rows come in another order', async (t) => {
  await fc.assert(
    fc.asyncProperty(plainBill, async (bill) => {
      const data = await buy(bill);
      const reordered = await buy({ ...bill, rows: bill.rows.toReversed(), pageSize: bill.pageSize + 1 });
      assert.equal(hasMoved(data, reordered), false);
    }),
    { numRuns: 40 },
  );
  t.pass();
});

t.test('it has where a row is dearer, gone, new, or of another account', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      plainBill.filter(({ rows }) => rows.length > 0),
      fc.nat(),
      async (bill, which) => {
        const index = which % bill.rows.length;
        const row = bill.rows[index]!;
        const data = await buy(bill);
        const replaced = async (...rows: Row[]) =>
          buy({ ...bill, rows: bill.rows.toSpliced(index, 1, ...rows) });
        assert.ok(hasMoved(data, await replaced({ ...row, amount: '123456.789' })), 'dearer');
        assert.ok(hasMoved(data, await replaced()), 'gone');
        assert.ok(hasMoved(data, await replaced(row, { ...row, service: 'new' })), 'new');
        assert.ok(hasMoved(data, await replaced({ ...row, account: '999' })), 'another account');
      },
    ),
    { numRuns: 30 },
  );
  t.pass();
});

t.test('the collection keeps the time of the last move', async (t) => {
  const [bill] = fc.sample(plainBill, { numRuns: 1, seed: 3 });
  const rows = [{ day: bill!.today, service: 'Tax', account: '1', amount: '1' }];
  const collect = async (amount: string, at: number, previous?: CostData) => {
    const sent = { ...bill!, pageSize: 9, listsToday: true, rows: rows.map((row) => ({ ...row, amount })) };
    const given = answersOf(sent);
    const { context } = contextAt<CostData>(at, given);
    const snapshot = previous && viewOf(previous, bill!.today).snapshot;
    return (await collectCost({ ...context, previous: snapshot }, hourly(bill!.settings))).data;
  };
  const noon = noonOf(bill!.today);
  const first = await collect('1', noon);
  t.equal(first.movedAt, null, 'the first collection has seen no move');
  const same = await collect('1.0', noon + 1_000, first);
  t.equal(same.movedAt, null);
  const moved = await collect('2', noon + 2_000, same);
  t.equal(moved.movedAt, new Date(noon + 2_000).toISOString());
  t.equal((await collect('2', noon + 3_000, moved)).movedAt, moved.movedAt);
});
