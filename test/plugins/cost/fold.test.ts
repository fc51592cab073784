import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { CostData } from '../../../plugins/cost/model.ts';
import { anyBill, type Bill, DEFAULTS, type Row } from './bill.ts';
import { assertNear, clean, figure, pairOf, periods, serviceLabel, sumOfRows } from './naive.ts';
import { buy, seriesOf, viewOf } from './views.ts';

const OTHER = '__other__';
/** Families with one series for each pair; all but the median are sums. */
const PER_PAIR = Object.keys(periods('2026-03-15', DEFAULTS));

/** The text of the label values of a pair: its service's label and its account. */
const labelKey = (row: Row) => JSON.stringify([serviceLabel(clean(row.service)), clean(row.account)]);
const accountOf = (labels: string) => (JSON.parse(labels) as string[])[1]!;

/** All of a bill that folding can be judged by, from the rows alone. */
function facts(bill: Bill) {
  const families = periods(bill.today, bill.settings);
  const window = families.aws_cost_total!;
  const { dailyDays } = bill.settings;
  const from = Date.parse(bill.today) - dailyDays * 86_400_000;
  const onPage = bill.rows.filter(({ day }) => dailyDays > 0 && Date.parse(day) >= from);
  const pairs = [...Map.groupBy(bill.rows, pairOf).values()].map((rows) => ({
    rows,
    key: labelKey(rows[0]!),
    account: clean(rows[0]!.account),
    magnitude: Math.abs(figure('aws_cost_total', rows, window)),
    dates: new Set(onPage.filter((row) => pairOf(row) === pairOf(rows[0]!)).map(({ day }) => day)),
  }));
  return { families, pairs };
}

type Pair = ReturnType<typeof facts>['pairs'][number];

/** How many series there are by pair and by day when some pairs are folded. */
function countOf(pairs: readonly Pair[], folded: ReadonlySet<Pair>): number {
  const shown = pairs.filter((pair) => !folded.has(pair));
  const own = shown.reduce((sum, { dates }) => sum + PER_PAIR.length + dates.size, 0);
  const others = [...Map.groupBy(folded, ({ account }) => account).values()];
  return others.reduce(
    (sum, some) => sum + PER_PAIR.length + new Set(some.flatMap(({ dates }) => [...dates])).size,
    own,
  );
}

/** A bill with the cap under which it is folded. */
const capped = fc.record({ bill: anyBill, cap: fc.integer({ min: 1, max: 300 }) });

async function folded(bill: Bill, cap: number, more: object = {}) {
  const data = await buy(bill);
  const view = viewOf(data, bill.today, { maxSeries: cap, ...more });
  return { data, ...seriesOf(view, bill.settings) };
}

function otherSeries(families: ReadonlyMap<string, ReadonlyMap<string, number>>): number {
  const names = ['aws_account_info', 'aws_cost_currency_info', 'aws_cost_settled_day_timestamp_seconds'];
  return names.reduce((sum, name) => sum + (families.get(name)?.size ?? 0), 0);
}

t.test('folding conserves the totals of every account in every family', async (t) => {
  await fc.assert(
    fc.asyncProperty(capped, async ({ bill, cap }) => {
      const { families } = await folded(bill, cap);
      const { families: wanted } = facts(bill);
      for (const [account, rows] of Map.groupBy(bill.rows, (row) => clean(row.account))) {
        for (const family of PER_PAIR.filter((name) => name !== 'aws_cost_week_median')) {
          const values = [...families.get(family)!].filter(([labels]) => accountOf(labels) === account);
          const sum = values.reduce((total, [, value]) => total + value, 0);
          assertNear(sum, figure(family, rows, wanted[family]!), `${family} of ${account}`);
        }
        const daily = [...families.get('aws_cost_daily')!].filter(
          ([labels]) => accountOf(labels) === account,
        );
        for (const [date, some] of Map.groupBy(daily, ([labels]) => (JSON.parse(labels) as string[])[2]!)) {
          const sum = some.reduce((total, [, value]) => total + value, 0);
          assertNear(
            sum,
            sumOfRows(rows, ({ day }) => day === date),
            `${account} on ${date}`,
          );
        }
      }
    }),
    { numRuns: 60 },
  );
  t.pass();
});

t.test(
  'the cap holds, the smallest are folded first, no more than needed, in all families alike',
  async (t) => {
    let folds = 0;
    let exceeded = 0;
    await fc.assert(
      fc.asyncProperty(capped, async ({ bill, cap }) => {
        const { families, folded: count } = await folded(bill, cap);
        const { pairs } = facts(bill);
        const shown = new Set([...families.get('aws_cost_total')!.keys()]);
        const gone = new Set(pairs.filter(({ key }) => !shown.has(key)));
        const beside = otherSeries(families);
        const series = [...families.values()].reduce((sum, { size }) => sum + size, 0);
        assert.equal(
          series,
          countOf(pairs, gone) + beside,
          'the series are those of the pairs and of __other__',
        );
        assert.equal(
          count,
          [...gone].reduce((sum, { dates }) => sum + PER_PAIR.length + dates.size, 0),
          'folded',
        );

        // The same pairs in every family, and one __other__ for each account with a folded one.
        const accounts = new Set([...gone].map(({ account }) => account));
        for (const family of PER_PAIR) {
          const others = [...families.get(family)!.keys()].filter(
            (labels) => JSON.parse(labels)[0] === OTHER,
          );
          assert.deepEqual(new Set(others.map(accountOf)), accounts, family);
          assert.deepEqual(new Set(families.get(family)!.keys()), shown, family);
        }
        for (const labels of families.get('aws_cost_daily')!.keys()) {
          assert.ok(shown.has(JSON.stringify((JSON.parse(labels) as string[]).slice(0, 2))), labels);
        }

        if (series > cap) {
          exceeded++;
          assert.equal(
            gone.size,
            pairs.length,
            'beyond the cap all is folded: one __other__ an account and date',
          );
        }
        if (gone.size === 0) return;
        folds++;
        const largest = Math.max(...[...gone].map(({ magnitude }) => magnitude));
        for (const pair of pairs.filter((one) => !gone.has(one))) {
          assert.ok(pair.magnitude >= largest - 1e-9, `${pair.key} is smaller than a folded one, and shown`);
        }
        const needed = [...gone]
          .filter(({ magnitude }) => magnitude >= largest - 1e-9)
          .some((pair) => countOf(pairs, new Set([...gone].filter((one) => one !== pair))) + beside > cap);
        assert.ok(needed, 'one pair less would have done');
      }),
      { numRuns: 120 },
    );
    t.ok(folds > 15, `${folds} of the bills were folded`);
    t.ok(exceeded > 0, `${exceeded} could not keep to the cap`);
  },
);

t.test('the median of __other__ is that of its summed days', async (t) => {
  let folds = 0;
  await fc.assert(
    fc.asyncProperty(capped, async ({ bill, cap }) => {
      const { families } = await folded(bill, cap);
      const { pairs, families: wanted } = facts(bill);
      const medians = families.get('aws_cost_week_median')!;
      for (const [account, some] of Map.groupBy(pairs, (pair) => pair.account)) {
        const rows = some.filter(({ key }) => !medians.has(key)).flatMap((pair) => pair.rows);
        if (rows.length === 0) continue;
        folds++;
        const median = figure('aws_cost_week_median', rows, wanted.aws_cost_week_median!);
        assertNear(medians.get(JSON.stringify([OTHER, account])), median, account);
      }
    }),
    { numRuns: 60 },
  );
  t.ok(folds > 10);
  // Two services that take turns: each has the median 0, together 10 a day.
  const { data, today } = turns();
  const { families } = seriesOf(viewOf(data, today, { maxSeries: 1 }));
  t.equal(families.get('aws_cost_week_median')?.get('["__other__","1"]'), 10);
});

/** Two services, one charged on even days and one on odd ones. */
function turns(): { data: CostData; today: string } {
  const days = Array.from({ length: 31 }, (_, index) => `2026-03-${String(index + 1).padStart(2, '0')}`);
  const before = ['2026-02-27', '2026-02-28'];
  return {
    today: '2026-03-31',
    data: {
      currency: 'USD',
      movedAt: null,
      standsSince: {},
      boughtAt: '2026-03-15T12:00:00.000Z',
      pages: 1,
      probe: [],
      services: ['even', 'odd'],
      accounts: [{ id: '1', name: null }],
      pairs: [
        [0, 0],
        [1, 0],
      ],
      days: [...before, ...days].map((date, index) => ({
        date,
        estimated: true,
        pairs: [index % 2],
        costs: [10],
      })),
    },
  };
}

t.test('a large credit is not small: pairs are ranked by absolute cost', async (t) => {
  const { data, today } = turns();
  const credit = {
    ...data,
    days: data.days.map((day) => ({ ...day, costs: [day.pairs[0] === 0 ? -1_000 : 1] })),
  };
  const more = {
    ...credit,
    services: [...credit.services, 'mid'],
    pairs: [...credit.pairs, [2, 0] as [number, number]],
  };
  const bill = {
    ...more,
    days: more.days.map((day) => ({ ...day, pairs: [...day.pairs, 2], costs: [...day.costs, 50] })),
  };
  const full = seriesOf(viewOf(bill, today));
  const size = [...full.families.values()].reduce((sum, series) => sum + series.size, 0);
  const { families } = seriesOf(viewOf(bill, today, { maxSeries: size - 16 }));
  const shown = [...families.get('aws_cost_total')!.keys()].map((labels) => JSON.parse(labels)[0]);
  t.same(shown.toSorted(), ['__other__', 'even'], 'the credit is the last to be folded');
});

t.test(
  'a cap of 0 is none; a service that is named __other__ stays apart from the folded ones',
  async (t) => {
    const { data, today } = turns();
    const named = { ...data, services: ['__other__', 'odd'] };
    const { families } = seriesOf(viewOf(named, today, { maxSeries: 0 }));
    t.same([...families.get('aws_cost_total')!.keys()], ['["\\"__other__\\"","1"]', '["odd","1"]']);
    const { families: small } = seriesOf(viewOf(named, today, { maxSeries: 1 }));
    t.same([...small.get('aws_cost_total')!.keys()], ['["__other__","1"]']);
  },
);

t.test('hidden accounts take no part in folding', async (t) => {
  await fc.assert(
    fc.asyncProperty(capped, async ({ bill, cap }) => {
      const ids = [...new Set(bill.rows.map(({ account }) => clean(account)))];
      const hidden = new Set(ids.slice(0, 1));
      const { families } = await folded(bill, cap, { hidden });
      const alone = await folded(
        { ...bill, rows: bill.rows.filter(({ account }) => !hidden.has(clean(account))) },
        cap,
      );
      for (const family of [...PER_PAIR, 'aws_cost_daily']) {
        const labels = [...families.get(family)!.keys()];
        assert.ok(!labels.some((label) => hidden.has(accountOf(label))), family);
      }
      // The names of accounts count towards the cap: without them both are folded alike.
      if (Object.keys(bill.names).length > 0 || alone.data.currency === null) return;
      assert.deepEqual(families.get('aws_cost_total'), alone.families.get('aws_cost_total'));
    }),
    { numRuns: 40 },
  );
  t.pass();
});
