import fc from 'fast-check';
import t from 'tap';
import { overBudget, pagesFor, pagesOf, resetAfter } from '../../src/spend/budget.ts';

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
  const error = overBudget({ target: 'one', collector: 'cost' }, 2, Date.parse('2026-12-31T12:00:00Z'));
  t.match(error, { code: 'budget', advice: /2027-01-01T00:00:00\.000Z/, message: /2 more pages.*one/ });
});
