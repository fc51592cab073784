import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { costFamilies } from '../../../plugins/cost/families.ts';
import type { CostData, CostSettings } from '../../../plugins/cost/model.ts';
import { labelValue } from '../../../src/collection/words.ts';
import { assertFamily } from '../../../src/metrics/family.ts';
import { writePart } from '../../../src/metrics/line-writer.ts';
import { anyBill, type Bill, DEFAULTS, serviceName } from './bill.ts';
import {
  assertNear,
  clean,
  type Day,
  dayNumber,
  daysBetween,
  dayText,
  figure,
  pairOf,
  periods,
  serviceLabel,
  sumOfRows,
} from './naive.ts';
import { buy, seriesOf, viewOf } from './views.ts';

/** The label values of a pair's series. */
function labelsOf(pair: string): string {
  const [service, account] = JSON.parse(pair) as [string, string];
  return JSON.stringify([serviceLabel(service), account]);
}

/** Every series of a bill as the contract words it, from the rows alone. */
function expected(bill: Bill, today: Day, hidden: ReadonlySet<string> = new Set()) {
  const rows = bill.rows.filter(({ account }) => !hidden.has(clean(account)));
  const byPair = Map.groupBy(rows, pairOf);
  const families = new Map<string, Map<string, number>>();
  for (const [family, period] of Object.entries(periods(today, bill.settings))) {
    families.set(
      family,
      new Map([...byPair].map(([pair, own]) => [labelsOf(pair), figure(family, own, period)])),
    );
  }
  const daily = new Map<string, number>();
  const first = dayText(dayNumber(today) - bill.settings.dailyDays);
  if (bill.settings.dailyDays > 0) {
    for (const [pair, own] of byPair) {
      for (const [date, some] of Map.groupBy(own, ({ day }) => day)) {
        if (date < first || date > today) continue;
        daily.set(
          JSON.stringify([...JSON.parse(labelsOf(pair)), date]),
          sumOfRows(some, () => true),
        );
      }
    }
  }
  families.set('aws_cost_daily', daily);
  return families;
}

function assertSeries(
  actual: ReadonlyMap<string, number>,
  wanted: ReadonlyMap<string, number>,
  family: string,
) {
  assert.deepEqual([...actual.keys()].toSorted(), [...wanted.keys()].toSorted(), `the series of ${family}`);
  for (const [labels, value] of wanted) assertNear(actual.get(labels), value, `${family}${labels}`);
}

t.test('every figure of any bill is what a second computation over its rows gives', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyBill, async (bill) => {
      const { families, folded } = seriesOf(viewOf(await buy(bill), bill.today), bill.settings);
      assert.equal(folded, 0);
      for (const [family, wanted] of expected(bill, bill.today)) {
        assertSeries(families.get(family) ?? new Map(), wanted, family);
      }
      // The sum over the series of the window is the total of its rows.
      const [first, last] = periods(bill.today, bill.settings).aws_cost_total!;
      const total = sumOfRows(bill.rows, ({ day }) => day >= first && day <= last);
      const values = [...families.get('aws_cost_total')!.values()];
      assertNear(
        values.reduce((sum, value) => sum + value, 0),
        total,
        'the sum of the series',
      );
    }),
    { numRuns: 100 },
  );
  t.pass();
});

t.test(
  'accounts that an earlier target reports are absent from every family by linked account',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(anyBill, fc.nat(), async (bill, which) => {
        const data = await buy(bill);
        const ids = data.accounts.map(({ id }) => id);
        const hidden = new Set(ids.length > 0 ? [ids[which % ids.length]!] : []);
        const { families } = seriesOf(viewOf(data, bill.today, { hidden }), bill.settings);
        for (const [family, wanted] of expected(bill, bill.today, hidden)) {
          assertSeries(families.get(family) ?? new Map(), wanted, family);
        }
        for (const labels of families.get('aws_account_info')!.keys()) {
          assert.ok(!hidden.has(JSON.parse(labels)[0]), `a hidden account is named: ${labels}`);
        }
      }),
      { numRuns: 40 },
    );
    t.pass();
  },
);

t.test('a figure is there exactly where all of its days are covered, and is never smaller', async (t) => {
  const chosen = fc.record({
    bill: anyBill.map((bill) => ({ ...bill, pageSize: 100 })),
    later: fc.integer({ min: 0, max: 4 }),
    overdue: fc.boolean(),
    lost: fc.array(fc.nat(), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(chosen, async ({ bill, later, overdue, lost }) => {
      const bought = await buy(bill);
      const gone = new Set(lost.map((index) => index % bought.days.length));
      const data = { ...bought, days: bought.days.filter((_, index) => !gone.has(index)) };
      const covered = new Set(data.days.map(({ date }) => date));
      const today = dayText(dayNumber(bill.today) + later);
      const { families } = seriesOf(viewOf(data, today, { overdue }), bill.settings);
      const wanted = expected({ ...bill, rows: bill.rows.filter(({ day }) => covered.has(day)) }, today);
      // Pairs come from any day asked for, also from one that is not covered now.
      const pairs = new Set(bill.rows.map((row) => labelsOf(pairOf(row))));
      for (const [family, period] of Object.entries(periods(today, bill.settings))) {
        const whole = daysBetween(period).every((day) => covered.has(day) || (day === today && !overdue));
        const series = families.get(family);
        assert.equal(series !== undefined, whole, `${family} on ${today}, overdue ${overdue}`);
        if (series === undefined) continue;
        assert.deepEqual(new Set(series.keys()), pairs, family);
        for (const [labels, value] of series) assertNear(value, wanted.get(family)!.get(labels) ?? 0, family);
      }
      assertSeries(families.get('aws_cost_daily')!, wanted.get('aws_cost_daily')!, 'aws_cost_daily');
      const settled = covered.has(dayText(dayNumber(today) - bill.settings.settledDays));
      assert.equal(families.get('aws_cost_settled_day_timestamp_seconds')!.size, settled ? 1 : 0);
    }),
    { numRuns: 60 },
  );
  t.pass();
});

/** A bill of 1 a day in one pair, from 60 days before `today` to `today`, whose rows are not bought but given. */
function steady(today: Day, settings: CostSettings): CostData {
  const days = daysBetween([dayText(dayNumber(today) - 60), today]);
  return {
    currency: 'USD',
    movedAt: null,
    standsSince: {},
    boughtAt: '2026-03-15T12:00:00.000Z',
    pages: 1,
    probe: [],
    services: ['Tax'],
    accounts: [{ id: '1', name: null }],
    pairs: [[0, 0]],
    days: days.map((date) => ({ date, estimated: true, pairs: [0], costs: [1] })),
    ...(settings.windowDays > 60 ? { days: [] } : {}),
  };
}

t.test('the calendar: 1st of the month, its last day, leap day, new year', async (t) => {
  const monthToDate: Record<Day, number> = {
    '2026-03-01': 1,
    '2026-03-31': 31,
    '2024-02-28': 28,
    '2024-02-29': 29,
    '2024-03-01': 1,
    '2025-02-28': 28,
    '2025-12-31': 31,
    '2026-01-01': 1,
  };
  for (const [today, amount] of Object.entries(monthToDate)) {
    const { families } = seriesOf(viewOf(steady(today, DEFAULTS), today));
    const value = (family: string) => families.get(family)?.get('["Tax","1"]');
    t.equal(value('aws_cost_month_to_date'), amount, `month to date on ${today}`);
    t.equal(value('aws_cost_total'), 30);
    t.equal(value('aws_cost_last_complete_day'), 1);
    t.equal(value('aws_cost_trailing_week'), 7);
    t.equal(value('aws_cost_preceding_week'), 7);
    t.equal(value('aws_cost_week_median'), 1);
    const midnight = (dayNumber(today) - 2) * 86_400;
    t.same([...families.get('aws_cost_settled_day_timestamp_seconds')!], [['["111122223333"]', midnight]]);
  }
});

t.test(
  'at midnight the kept rows give the figures of the new day, until an attempt of it has failed',
  async (t) => {
    const data = steady('2026-03-31', DEFAULTS);
    const has = (today: Day, overdue: boolean) => {
      const { families } = seriesOf(viewOf(data, today, { overdue }));
      return [...families]
        .filter(([, series]) => series.size > 0)
        .map(([name]) => name.replace('aws_cost_', ''));
    };
    const always = ['daily', 'currency_info'];
    t.same(new Set(has('2026-04-01', false)), new Set(has('2026-03-31', false)), 'the 31st is covered');
    t.same(
      new Set(has('2026-04-01', true)),
      new Set(has('2026-03-31', false).filter((name) => name !== 'month_to_date')),
    );
    t.same(
      new Set(has('2026-04-02', true)),
      new Set([...always, 'settled_day', 'settled_day_timestamp_seconds', 'preceding_week', 'week_median']),
      'the 1st is not covered: neither a yesterday nor a sum over it',
    );
    t.same(
      new Set(has('2026-04-09', true)),
      new Set([...always]),
      'days that are over: nothing but the rows',
    );
  },
);

t.test('COST_* settings at their ends', async (t) => {
  const today = '2026-03-15';
  const series = (settings: Partial<CostSettings>) =>
    seriesOf(viewOf(steady(today, DEFAULTS), today), { ...DEFAULTS, ...settings }).families;
  t.equal(series({ dailyDays: 0 }).get('aws_cost_daily')?.size, 0, 'COST_DAILY_DAYS=0: the family is off');
  t.same(
    [...series({ dailyDays: 1 }).get('aws_cost_daily')!.keys()],
    ['["Tax","1","2026-03-14"]', '["Tax","1","2026-03-15"]'],
  );
  t.equal(series({ windowDays: 1 }).get('aws_cost_total')?.get('["Tax","1"]'), 1);
  t.equal(series({ windowDays: 60 }).get('aws_cost_total')?.get('["Tax","1"]'), 60);
  t.equal(series({ windowDays: 61 }).get('aws_cost_total'), undefined, 'not covered: absent');
  for (const settledDays of [1, 30]) {
    const timestamps = series({ settledDays }).get('aws_cost_settled_day_timestamp_seconds')!;
    t.same([...timestamps.values()], [(dayNumber(today) - settledDays) * 86_400]);
  }
});

t.test('reserved words: two services never share a series, and only reserved words change', async (t) => {
  fc.assert(
    fc.property(serviceName.map(clean), serviceName.map(clean), (one, other) => {
      assert.equal(labelValue(one), serviceLabel(one));
      assert.equal(labelValue(one) === labelValue(other), one === other);
      assert.notEqual(labelValue(one), '__other__');
      assert.notEqual(labelValue(one), 'untagged');
    }),
    { numRuns: 1_000 },
  );
  t.equal(labelValue('__other__'), '"__other__"');
  t.equal(labelValue('"__other__"'), '""__other__""');
  t.equal(labelValue('""untagged""'), '"""untagged"""');
  t.equal(labelValue('"untagged'), '"untagged');
  t.equal(labelValue('Untagged'), 'Untagged');
});

t.test('an empty bill has no currency, no pair, and no false 0', async (t) => {
  const data = await buy({ ...(fc.sample(anyBill, { numRuns: 1, seed: 1 })[0] as Bill), rows: [] });
  t.equal(data.currency, null);
  const { families } = seriesOf(viewOf(data, '2026-03-15'));
  for (const { name } of costFamilies.filter(
    ({ labels }) => labels.includes('service') || labels.includes('currency'),
  )) {
    t.equal(families.get(name)?.size ?? 0, 0, name);
  }
});

t.test('every family is well-formed, and any bill can be written', async (t) => {
  for (const family of costFamilies) t.doesNotThrow(() => assertFamily(family), family.name);
  const names = costFamilies.map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
  await fc.assert(
    fc.asyncProperty(anyBill, async (bill) => {
      const { families } = seriesOf(viewOf(await buy(bill), bill.today), bill.settings);
      for (const [name, series] of families) {
        const family = costFamilies.find((one) => one.name === name);
        assert.ok(family, `${name} is declared`);
        const part = await writePart(
          family,
          [...series].map(([labels, value]) => [JSON.parse(labels), value]),
        );
        assert.equal(part.series, series.size);
      }
    }),
    { numRuns: 15 },
  );
});
