import fc from 'fast-check';
import t from 'tap';
import { type Budget, overBudget, pagesFor, pagesOf, resetAfter } from '../../src/spend/budget.ts';

t.test('dollars buy whole pages of one cent', async (t) => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 10_000_000 }), (cents) => pagesFor(cents / 100) === cents));
  t.equal(pagesFor(0), 0);
  t.equal(pagesFor(0.019), 1, 'no page for a part of its price');
});

t.test('pages of a day', async (t) => {
  const day = { one: { GetCostAndUsage: 3, GetCostForecast: 1 }, two: { GetCostAndUsage: 5 } };
  t.equal(pagesOf(day), 9);
  t.equal(pagesOf(day, 'one'), 4);
  t.equal(pagesOf(day, 'constructor'), 0);
  t.equal(pagesOf({}), 0);
});

t.test('the budget begins anew at midnight UTC', async (t) => {
  const at = (text: string) => new Date(resetAfter(Date.parse(text))).toISOString();
  t.equal(at('2028-02-28T23:59:59.999Z'), '2028-02-29T00:00:00.000Z');
  t.equal(at('2028-02-29T00:00:00Z'), '2028-03-01T00:00:00.000Z');
  const now = Date.parse('2026-12-31T12:00:00Z');
  const error = overBudget({ target: 'one', collector: 'cost' }, 2, now, budget({}), {});
  t.match(error, { code: 'budget', advice: /2027-01-01T00:00:00\.000Z/, message: /2 more pages.*one/ });
});

function budget({ pages = 100, own, all = 0, ofTarget = 0 }: Record<string, number>): Budget {
  return { pages, ofTarget: () => own, setAside: () => ({ all, ofTarget }) };
}

t.test('a refusal says where the pages are', async (t) => {
  const day = { one: { GetCostAndUsage: 50, GetCostForecast: 1 }, two: { GetCostAndUsage: 20 } };
  const said = (pages: number, some: Record<string, number>) =>
    overBudget({ target: 'one', collector: 'tags' }, pages, 0, budget(some), day).message;
  t.equal(
    said(1, { all: 29 }),
    'The budget of this UTC day has no room for 1 more page for target one: of the 100 pages 71 are spent, 29 set aside for what comes first in the rest of the day.',
  );
  t.match(said(30, {}), /30 more pages.*: of the 100 pages 71 are spent\.$/);
  t.match(
    said(20, { all: 5 }),
    /: of the 100 pages 71 are spent, 5 set aside .*, others held by queries under way\.$/,
  );
  t.match(
    said(1, { own: 60, all: 12, ofTarget: 9 }),
    /: of the 60 pages of target one 51 are spent, 9 set aside for what comes first in the rest of the day\.$/,
  );
  t.match(said(1, { own: 60, all: 29 }), /: of the 100 pages 71 are spent, 29 set aside/, 'its own has room');
});
