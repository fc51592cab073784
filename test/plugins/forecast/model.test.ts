import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { forecastFamilies, forecastSamples } from '../../../plugins/forecast/families.ts';
import {
  emptyForecastDocument,
  type ForecastData,
  forecastDocument,
  forecastFigures,
  forecastPeriod,
} from '../../../plugins/forecast/model.ts';
import { CostForecast } from '../../../plugins/forecast/schema.ts';
import { assertFamily } from '../../../src/metrics/family.ts';
import { anyDay } from '../cost/bill.ts';
import { assertNear, type Day, Decimal, dayNumber, dayText } from '../cost/naive.ts';
import { schemaFaults } from '../schema.ts';
import { costSnapshot, forecastEnd, nextMonth, span, viewOf } from './forecast.ts';

const amount = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((units) => units / 1e4);
const bound = fc.option(amount, { freq: 20 });

const sum = (amounts: readonly number[]) =>
  amounts.reduce((total, value) => total.plus(value), new Decimal(0)).toNumber();

/** Any forecast, with the cost of the days before it. */
const anyForecast = anyDay.chain((start) => {
  const asked = span(start, forecastEnd(start));
  const past = span(dayText(dayNumber(start) - 40), start);
  return fc.record({
    data: fc.record({
      currency: fc.constant('USD'),
      start: fc.constant(start),
      days: fc.tuple(
        ...asked.map((date) =>
          fc.record({ date: fc.constant(date), mean: amount, lower: bound, upper: bound }),
        ),
      ),
    }),
    cost: fc
      .tuple(...past.map(() => fc.array(amount, { maxLength: 3 })))
      .map(
        (costs): Record<Day, number[]> =>
          Object.fromEntries(past.map((day, index) => [day, costs[index] ?? []])),
      ),
  });
});

function expected(data: ForecastData, cost: Readonly<Record<Day, readonly number[]>>) {
  const until = dayText(dayNumber(data.start) + 30);
  const window = data.days.filter(({ date }) => date < until);
  const month = data.days.filter(({ date }) => date < nextMonth(data.start));
  const past = Object.entries(cost).filter(
    ([day]) => day >= `${data.start.slice(0, 8)}01` && day < data.start,
  );
  const known = (values: readonly (number | null)[]) =>
    values.includes(null) ? null : sum(values.filter((value) => value !== null));
  return {
    amount: sum(window.map(({ mean }) => mean)),
    lower: known(window.map(({ lower }) => lower)),
    upper: known(window.map(({ upper }) => upper)),
    monthEnd: sum([...past.flatMap(([, amounts]) => amounts), ...month.map(({ mean }) => mean)]),
  };
}

t.test('the period of every day of several years', async (t) => {
  const wrong: string[] = [];
  for (const day of span('2023-01-01', '2029-01-01')) {
    const { start, end } = forecastPeriod(day);
    const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
    const inThreeMonths = new Date(Date.UTC(year, month + 2, Math.min(date, 28))).toISOString().slice(0, 10);
    const right = start === day && end === forecastEnd(day) && end >= nextMonth(day) && end <= inThreeMonths;
    if (!right || dayNumber(end) - dayNumber(day) < 30) wrong.push(`${day}: ${start} to ${end}`);
  }
  t.same(wrong, []);
});

t.test('sums and bounds are what a second computation over the days gives', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyForecast, async ({ data, cost }) => {
      const figures = forecastFigures(viewOf(data, costSnapshot(cost)));
      for (const [name, wanted] of Object.entries(expected(data, cost))) {
        const actual = figures[name as keyof typeof figures];
        if (wanted === null) assert.equal(actual, null, name);
        else assertNear(actual, wanted, `${name} from ${data.start}`);
      }
    }),
    { numRuns: 200 },
  );
  t.pass();
});

/** A forecast of 2 a day with cost of 1 a day before it. */
function steady(start: Day) {
  const data: ForecastData = {
    currency: 'USD',
    start,
    days: span(start, forecastEnd(start)).map((date) => ({ date, mean: 2, lower: 1, upper: 3 })),
  };
  const cost = Object.fromEntries(span(dayText(dayNumber(start) - 40), start).map((day) => [day, [1]]));
  return { data, cost };
}

t.test("the month's end on the 1st, the last day and leap days", async (t) => {
  const cases: Record<Day, number> = {
    '2026-03-01': 62,
    '2026-03-31': 32,
    '2024-02-29': 30,
    '2024-02-28': 31,
    '2025-02-28': 29,
    '2026-01-01': 62,
    '2025-12-31': 32,
  };
  for (const [start, monthEnd] of Object.entries(cases)) {
    const { data, cost } = steady(start);
    t.same(
      forecastFigures(viewOf(data, costSnapshot(cost))),
      { amount: 60, lower: 30, upper: 90, monthEnd },
      start,
    );
  }
});

t.test('the bound of one day missing: no bound of the sum', async (t) => {
  const { data, cost } = steady('2026-03-15');
  const days = data.days.map((day, index) => (index === 7 ? { ...day, upper: null } : day));
  t.match(forecastFigures(viewOf({ ...data, days }, costSnapshot(cost))), {
    amount: 60,
    lower: 30,
    upper: null,
  });
  const late = steady('2026-03-01');
  const last = late.data.days.map((day, index) => (index === 30 ? { ...day, upper: null } : day));
  t.match(
    forecastFigures(viewOf({ ...late.data, days: last }, costSnapshot(late.cost))),
    { upper: 90 },
    'the 31st day belongs to the month, not to the 30 days',
  );
});

t.test('an answer without its first day is a day short: no figure', async (t) => {
  const { data, cost } = steady('2026-03-15');
  const view = viewOf({ ...data, days: data.days.slice(1) }, costSnapshot(cost));
  t.same(forecastFigures(view), { amount: null, lower: null, upper: null, monthEnd: null });
  t.same(
    [...forecastSamples(view)].flatMap(([, values]) => [...values]),
    [],
    'and no series',
  );
  const document = forecastDocument(view, null);
  t.match(document, { currency: 'USD', amount: null, monthEnd: null, reason: null });
  t.same(schemaFaults(CostForecast, document), []);
});

t.test("no month's end without the month's cost in the same currency", async (t) => {
  const { data, cost } = steady('2026-03-15');
  const monthEnd = (kept: Parameters<typeof viewOf>[1]) => forecastFigures(viewOf(data, kept)).monthEnd;
  t.equal(monthEnd(costSnapshot(cost)), 14 + 34);
  t.equal(monthEnd(undefined), null);
  t.equal(monthEnd(costSnapshot(cost, 'EUR')), null);
  t.equal(monthEnd(costSnapshot(cost, null)), 14 + 34, 'an empty bill has no currency');
  const { '2026-03-07': _, ...gap } = cost;
  t.equal(monthEnd(costSnapshot(gap)), null, 'a day of the month is not covered');
  const { '2026-03-14': __, ...late } = cost;
  t.equal(monthEnd(costSnapshot(late)), null, 'yesterday is not covered');
  t.equal(
    monthEnd(costSnapshot({ ...cost, '2026-03-15': [1_000] })),
    14 + 34,
    'today so far is not counted twice',
  );
  t.equal(monthEnd({ ...costSnapshot(cost), data: { days: 'none' } }), null);
  t.equal(monthEnd({ ...costSnapshot(cost), data: null }), null);
});

t.test('a forecast ends with its day: it stays until the first attempt of the next has ended', async (t) => {
  const none = { amount: null, lower: null, upper: null, monthEnd: null };
  const { data, cost } = steady('2026-03-15');
  const on = (today: Day, overdue: boolean) =>
    forecastFigures(viewOf(data, costSnapshot(cost), { today, overdue }));
  t.match(on('2026-03-15', true), { amount: 60 });
  t.match(on('2026-03-16', false), { amount: 60, monthEnd: 48 });
  t.same(on('2026-03-16', true), none);
  t.same(on('2026-03-17', false), none);
  t.same(on('2026-03-17', true), none);
  const last = steady('2026-03-31');
  t.match(
    forecastFigures(viewOf(last.data, costSnapshot(last.cost), { today: '2026-04-01' })),
    { amount: 60, monthEnd: null },
    "last month's end has ended",
  );
});

t.test('samples: one series for each figure that there is, of the account of the target', async (t) => {
  for (const family of forecastFamilies) t.doesNotThrow(() => assertFamily(family));
  const { data, cost } = steady('2026-03-15');
  const samples = (view: Parameters<typeof forecastSamples>[0]) =>
    Object.fromEntries([...forecastSamples(view)].map(([{ name }, values]) => [name, [...values]]));
  t.same(samples(viewOf(data, costSnapshot(cost))), {
    aws_cost_forecast: [[['111122223333'], 60]],
    aws_cost_forecast_month_end: [[['111122223333'], 48]],
    aws_cost_forecast_lower: [[['111122223333'], 30]],
    aws_cost_forecast_upper: [[['111122223333'], 90]],
  });
  const gone = samples(viewOf(data, undefined, { today: '2026-03-16', overdue: true }));
  t.same(Object.values(gone).flat(), []);
});

t.test('the document, with figures and without', async (t) => {
  const { data, cost } = steady('2026-03-15');
  const document = forecastDocument(viewOf(data, costSnapshot(cost)), null);
  t.same(document, {
    currency: 'USD',
    amount: 60,
    lower: 30,
    upper: 90,
    monthEnd: 48,
    period: { start: '2026-03-15', end: '2026-04-14' },
    reason: null,
  });
  t.same(schemaFaults(CostForecast, document), []);
  const empty = emptyForecastDocument('no_data', '2024-02-29');
  t.match(empty, {
    currency: null,
    amount: null,
    monthEnd: null,
    reason: 'no_data',
    period: { end: '2024-03-30' },
  });
  t.same(schemaFaults(CostForecast, empty), []);
});
