import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { collectCost, periodOf } from '../../../plugins/cost/collect.ts';
import type { CostData } from '../../../plugins/cost/model.ts';
import { CollectionError } from '../../../src/errors.ts';
import { type Answer, contextAt, refusal } from '../fake-cost-explorer.ts';
import { answersOf, anyBill, type Bill, DEFAULTS, METRIC, pagesOf, result } from './bill.ts';
import { assertNear, dayNumber, daysBetween, dayText, pairOf, sumOfRows } from './naive.ts';
import { buy, hourly, noonOf } from './views.ts';

const TODAY = '2026-03-15';

/** A bill of some rows in March 2026. */
function billOf(
  rows: [day: string, service: string, account: string, amount: string][],
  more: Partial<Bill> = {},
): Bill {
  return {
    today: TODAY,
    settings: DEFAULTS,
    rows: rows.map(([day, service, account, amount]) => ({ day, service, account, amount })),
    pageSize: 5_000,
    listsToday: true,
    names: {},
    ...more,
  };
}

/** The code with which a collection of these answers fails; undefined where it does not. */
async function failure(answer: (request: Record<string, unknown>, number: number) => Answer) {
  try {
    await collectCost(contextAt<CostData>(noonOf(TODAY), answer).context, hourly(DEFAULTS));
    return undefined;
  } catch (error) {
    return error instanceof CollectionError ? error.code : `not typed: ${error}`;
  }
}

/** The whole bill on one page, changed. */
function changed(change: (days: ReturnType<typeof result>[]) => unknown): (request: object) => Answer {
  const { start } = periodOf(DEFAULTS, TODAY);
  const days = daysBetween([start, TODAY]).map((day) =>
    result(day, [{ day, service: 'Tax', account: '111122223333', amount: '1' }]),
  );
  return () => ({ body: change(days) });
}

t.test('a bought bill has the days, pairs and amounts of its rows, whatever the page size', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyBill, fc.integer({ min: 1, max: 70 }), async (bill, otherSize) => {
      const data = await buy(bill);
      const other = await buy({ ...bill, pageSize: otherSize });
      assert.deepEqual({ ...other, pages: data.pages }, data, 'another page size, other data');
      assert.equal(data.pages, pagesOf(bill).length);

      const { start } = periodOf(bill.settings, bill.today);
      const last = dayText(dayNumber(bill.today) - (bill.listsToday ? 0 : 1));
      assert.deepEqual(
        data.days.map(({ date }) => date),
        daysBetween([start, last]),
      );
      const key = (pair: number) => {
        const [service, account] = data.pairs[pair]!;
        return JSON.stringify([data.services[service], data.accounts[account]!.id]);
      };
      for (const { date, pairs, costs } of data.days) {
        const rows = bill.rows.filter(({ day }) => day === date);
        assert.deepEqual(pairs.map(key).toSorted(), [...new Set(rows.map(pairOf))].toSorted());
        pairs.forEach((pair, index) => {
          assertNear(
            costs[index],
            sumOfRows(rows, (row) => pairOf(row) === key(pair)),
            `${date} ${key(pair)}`,
          );
        });
      }
      assert.equal(data.currency, bill.rows.length > 0 ? 'USD' : null);
      assert.deepEqual(JSON.parse(JSON.stringify(data)), data, 'a snapshot is JSON-safe');
    }),
    { numRuns: 80 },
  );
  t.pass();
});

t.test('one query: the same request for every page, from the earliest day that a figure needs', async (t) => {
  const bill = billOf(
    [
      ['2026-03-01', 'Tax', '111122223333', '1'],
      ['2026-03-01', 'EC2 - Other', '1', '2'],
    ],
    { pageSize: 1 },
  );
  const { context, requests } = contextAt<CostData>(noonOf(TODAY), answersOf(bill));
  await collectCost(context, hourly(DEFAULTS));
  t.equal(requests.length, pagesOf(bill).length);
  const [first, ...rest] = requests.map(({ body }) => body);
  t.same(first, {
    TimePeriod: { Start: '2026-02-13', End: '2026-03-16' },
    Granularity: 'DAILY',
    Metrics: [METRIC],
    GroupBy: [
      { Type: 'DIMENSION', Key: 'SERVICE' },
      { Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' },
    ],
  });
  t.same(
    rest,
    rest.map((_, index) => ({ ...first, NextPageToken: `page ${index + 1}` })),
  );
});

t.test('the period is that of the widest family, at the ends of every setting', async (t) => {
  const cases: [today: string, settings: Partial<typeof DEFAULTS>, start: string][] = [
    ['2026-03-01', { windowDays: 1, dailyDays: 0, settledDays: 1 }, '2026-02-15'],
    ['2026-03-31', { windowDays: 1, dailyDays: 0, settledDays: 1 }, '2026-03-01'],
    ['2026-03-15', { windowDays: 365, dailyDays: 0, settledDays: 1 }, '2025-03-15'],
    ['2026-03-15', { windowDays: 1, dailyDays: 365, settledDays: 1 }, '2025-03-15'],
    ['2026-03-15', { windowDays: 1, dailyDays: 0, settledDays: 30 }, '2026-02-06'],
    ['2024-03-01', { windowDays: 1, dailyDays: 1, settledDays: 1 }, '2024-02-16'],
  ];
  for (const [today, settings, start] of cases) {
    const end = dayText(dayNumber(today) + 1);
    t.same(
      periodOf({ ...DEFAULTS, ...settings }, today),
      { start, end },
      `${today} ${JSON.stringify(settings)}`,
    );
  }
});

t.test('today is the UTC day on which the collection started, to the second', async (t) => {
  const starts = async (iso: string) => {
    const { context, requests } = contextAt<CostData>(Date.parse(iso), () => refusal('ThrottlingException'));
    await collectCost(context, hourly(DEFAULTS)).catch(() => {});
    return requests[0]?.body.TimePeriod;
  };
  t.same(await starts('2024-02-28T23:59:59Z'), { Start: '2024-01-29', End: '2024-02-29' });
  t.same(await starts('2024-02-29T00:00:01Z'), { Start: '2024-01-30', End: '2024-03-01' });
  t.same(await starts('2025-12-31T23:59:59.999Z'), { Start: '2025-12-01', End: '2026-01-01' });
  t.same(await starts('2026-01-01T00:00:00Z'), { Start: '2025-12-02', End: '2026-01-02' });
});

t.test('names are made well-formed where they enter; rows that become equal are one', async (t) => {
  const data = await buy(
    billOf(
      [
        ['2026-03-14', 'x\0y', '1', '1'],
        ['2026-03-14', 'x\ud800y', '1', '2'],
        ['2026-03-14', 'x\ufffdy', '1', '4'],
      ],
      { names: { 1: 'team \udc00' } },
    ),
  );
  t.same(data.services, ['x\ufffdy']);
  t.same(data.accounts, [{ id: '1', name: 'team \ufffd' }]);
  t.same(data.days.find(({ date }) => date === '2026-03-14')?.costs, [7]);
});

t.test('today alone may be missing', async (t) => {
  t.equal(await failure(changed((days) => ({ ResultsByTime: days.slice(0, -1) }))), undefined);
  t.equal(await failure(changed((days) => ({ ResultsByTime: days.slice(1) }))), 'invalid_response');
  t.equal(await failure(changed((days) => ({ ResultsByTime: days.toSpliced(9, 1) }))), 'invalid_response');
  t.equal(await failure(changed(() => ({ ResultsByTime: [] }))), 'invalid_response');
});

t.test('an answer of another shape is refused', async (t) => {
  const group = (more: object) => (days: ReturnType<typeof result>[]) => ({
    ResultsByTime: days.map((day) => ({ ...day, Groups: day.Groups.map((one) => ({ ...one, ...more })) })),
  });
  const amount = (Amount: unknown) => group({ Metrics: { [METRIC]: { Amount, Unit: 'USD' } } });
  const cases: Record<string, (days: ReturnType<typeof result>[]) => unknown> = {
    'no results': () => ({}),
    'null groups': (days) => ({ ResultsByTime: days.map((day) => ({ ...day, Groups: null })) }),
    'one key': group({ Keys: ['Tax'] }),
    'three keys': group({ Keys: ['Tax', '1', '2'] }),
    'no keys': group({ Keys: undefined }),
    'another metric': group({ Metrics: { BlendedCost: { Amount: '1', Unit: 'USD' } } }),
    'no metrics': group({ Metrics: {} }),
    'no unit': group({ Metrics: { [METRIC]: { Amount: '1' } } }),
    'an empty unit': group({ Metrics: { [METRIC]: { Amount: '1', Unit: '' } } }),
    'an amount of words': amount('a lot'),
    'an empty amount': amount(''),
    'an amount with a thousands separator': amount('1,000.00'),
    NaN: amount('NaN'),
    Infinity: amount('Infinity'),
    hexadecimal: amount('0x10'),
    'an amount beyond every number': amount('1e999'),
    'a negative amount beyond every number': amount('-1e400'),
    'no amount': amount(undefined),
    'a period of two days': (days) => ({
      ResultsByTime: days.map((day) => ({ ...day, TimePeriod: { ...day.TimePeriod, End: '2026-03-16' } })),
    }),
    'a day that was not asked for': (days) => ({ ResultsByTime: [...days, result('2026-03-16', [])] }),
    'a day that is none': (days) => ({
      ResultsByTime: [...days, { ...days[0], TimePeriod: { Start: '2026-02-30', End: '2026-03-01' } }],
    }),
    'two currencies': (days) => ({
      ResultsByTime: [
        ...days,
        result(TODAY, [{ day: TODAY, service: 'Tax', account: '1', amount: '1' }], 'EUR'),
      ],
    }),
  };
  for (const [name, change] of Object.entries(cases))
    t.equal(await failure(changed(change)), 'invalid_response', name);
});

t.test(
  'a second page that fails, repeats its token or mixes currencies brings nothing of the first',
  async (t) => {
    const day = (number: number) => result(dayText(dayNumber('2026-02-13') + number), []);
    const first = { ResultsByTime: [day(0)], NextPageToken: 'next' };
    const then = (second: Answer) => (_: object, number: number) => (number === 0 ? { body: first } : second);
    t.equal(await failure(then(refusal('ThrottlingException'))), 'throttled');
    t.equal(await failure(then(refusal('AccessDeniedException'))), 'access_denied');
    t.equal(await failure(then({ status: 500, body: { __type: 'InternalServerException' } })), 'error');
    t.equal(await failure(then({ body: { ResultsByTime: [], NextPageToken: 'next' } })), 'invalid_response');
    t.equal(await failure(then({ body: { ResultsByTime: 'none' } })), 'invalid_response');
  },
);
