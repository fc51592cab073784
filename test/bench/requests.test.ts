// bench/requests counts and judges right: its bill, its truth, its verdicts, and a few simulated days.
import { GetCostAndUsageCommand, GetCostForecastCommand } from '@aws-sdk/client-cost-explorer';
import t from 'tap';
import { ONE_PAGE, TWENTY_PAGES } from '../../bench/requests/accounts.ts';
import { DAY_MS, dayOf, daysFrom, plusDays } from '../../bench/requests/calendar.ts';
import { ChangingBill, rowsOf, type Version } from '../../bench/requests/changing-bill.ts';
import { History } from '../../bench/requests/history.ts';
import { scenarios } from '../../bench/requests/scenarios.ts';
import { START, simulate } from '../../bench/requests/simulate.ts';
import {
  type Amounts,
  areSame,
  costByTag,
  costOfDay,
  costOver,
  forecastOf,
  pairOf,
  totalOfDay,
} from '../../bench/requests/truth.ts';
import { type Allowances, departuresOf, explain } from '../../bench/requests/verdict.ts';
import { costExplorer, start } from '../simulator/helper.ts';

const HOUR = 3_600_000;
const billOf = (seed: number, account = ONE_PAGE, movesADay = 1) =>
  new ChangingBill({ account, seed, start: START, days: 12, movesADay });

/** Each version with the one before it. */
function* changesOf(bill: ChangingBill): Generator<[before: Version, after: Version]> {
  const versions = bill.versions();
  for (const [index, after] of versions.entries()) {
    const before = versions[index - 1];
    if (before !== undefined) yield [before, after];
  }
}

const daysChanged = (before: Version, after: Version) =>
  [...after.days].filter(([day, rows]) => before.days.get(day) !== rows).map(([day]) => day);

t.test('a bill is a function of its seed and time', async (t) => {
  const [one, same, other] = [billOf(1), billOf(1), billOf(2)];
  t.same(same.versions(), one.versions());
  t.notSame(rowsOf(other.at(START)), rowsOf(one.at(START)));
  t.equal(
    one.at(START + DAY_MS - 1),
    one.versions().findLast(({ at }) => at < START + DAY_MS),
  );
});

t.test('three times a day it is refreshed: usage so far, and five days restated', async (t) => {
  const bill = billOf(1);
  const refreshes = bill.versions().filter(({ kind }) => kind === 'refresh');
  t.equal(refreshes.length, 36);
  for (const [before, after] of changesOf(bill)) {
    if (after.kind !== 'refresh') continue;
    const today = dayOf(after.at);
    t.same(daysChanged(before, after), daysFrom(plusDays(today, -5), plusDays(today, 1)), 'no other day');
    for (const day of daysChanged(before, after)) {
      t.notOk(totalOfDay(before, day).eq(totalOfDay(after, day)), 'a restated total is another one');
    }
    t.ok(totalOfDay(after, today).gt(totalOfDay(before, today)));
  }
});

t.test('a move leaves the total of its day, and all that it is not between', async (t) => {
  const kinds = new Set<string>();
  for (const [before, after] of [...changesOf(billOf(1)), ...changesOf(billOf(2, TWENTY_PAGES))]) {
    if (after.kind === 'refresh') continue;
    kinds.add(after.kind);
    const [day = '', ...others] = daysChanged(before, after);
    t.same(others, []);
    t.ok(totalOfDay(after, day).eq(totalOfDay(before, day)), `${after.kind}: the total of ${day}`);
    const part = (version: Version, index: 0 | 1) => {
      const sums = new Map<string, number>();
      for (const [pair, amount] of costOfDay(version, day)) {
        const name = pair.split('\t')[index] ?? '';
        sums.set(name, (sums.get(name) ?? 0) + Math.round(amount.times(1e6).toNumber()));
      }
      return [...sums];
    };
    const services = JSON.stringify(part(after, 0)) === JSON.stringify(part(before, 0));
    const accounts = JSON.stringify(part(after, 1)) === JSON.stringify(part(before, 1));
    t.same(
      { services, accounts },
      { services: after.kind !== 'services', accounts: after.kind !== 'accounts' },
    );
  }
  t.same([...kinds].toSorted(), ['accounts', 'services', 'tags'], 'all kinds were seen');
});

t.test(
  "the truth is what the simulator's Cost Explorer says, and the pages are as many as they are meant to be",
  async (t) => {
    for (const [account, pages] of [
      [ONE_PAGE, 1],
      [TWENTY_PAGES, 20],
    ] as const) {
      const bill = billOf(3, account);
      for (const at of [START, START + 5 * DAY_MS + 2 * HOUR, START + 11 * DAY_MS + 12 * HOUR]) {
        const version = bill.at(at);
        const today = dayOf(at);
        const sim = await start(t, {
          bill: rowsOf(version),
          now: () => new Date(at),
          pageSize: account.pageSize,
        });
        const client = costExplorer(t, sim);
        const ask = async (
          granularity: 'DAILY' | 'MONTHLY',
          keys: readonly [string, string],
          end: string,
        ) => {
          const sums = new Map<string, number>();
          const byDay = new Map<string, Map<string, number>>();
          let token: string | undefined;
          let count = 0;
          do {
            const page = await client.send(
              new GetCostAndUsageCommand({
                TimePeriod: { Start: plusDays(today, -30), End: end },
                Granularity: granularity,
                Metrics: ['BlendedCost'],
                GroupBy: [
                  { Type: keys[0] === 'SERVICE' ? 'DIMENSION' : 'TAG', Key: keys[0] },
                  { Type: 'DIMENSION', Key: keys[1] },
                ],
                NextPageToken: token,
              }),
            );
            count++;
            token = page.NextPageToken;
            for (const { TimePeriod, Groups = [] } of page.ResultsByTime ?? []) {
              const day = byDay.get(TimePeriod?.Start ?? '') ?? new Map<string, number>();
              byDay.set(TimePeriod?.Start ?? '', day);
              for (const { Keys: [one = '', other = ''] = [], Metrics } of Groups) {
                const name = pairOf(one.replace(`${keys[0]}$`, ''), other);
                const amount = Number(Metrics?.BlendedCost?.Amount);
                day.set(name, amount);
                sums.set(name, (sums.get(name) ?? 0) + amount);
              }
            }
          } while (token !== undefined);
          t.equal(count, pages, `${granularity} by ${keys[0]}`);
          return { sums, byDay };
        };
        const tomorrow = plusDays(today, 1);
        const { byDay } = await ask('DAILY', ['SERVICE', 'LINKED_ACCOUNT'], tomorrow);
        const summed = new Map<string, number>();
        for (const [day, sums] of byDay) {
          t.ok(areSame(sums, costOfDay(version, day)), day);
          if (day < today) for (const [name, sum] of sums) summed.set(name, (summed.get(name) ?? 0) + sum);
        }
        t.ok(areSame(summed, costOver(version, 'total', today)));
        t.ok(areSame(byDay.get(plusDays(today, -1)) ?? new Map(), costOver(version, 'yesterday', today)));
        for (const key of account.tagKeys) {
          const { sums } = await ask('MONTHLY', [key, 'SERVICE'], today);
          t.ok(areSame(sums, costByTag(version, key, today)), key);
        }
        const forecast = await client.send(
          new GetCostForecastCommand({
            TimePeriod: { Start: today, End: plusDays(today, 30) },
            Granularity: 'DAILY',
            Metric: 'BLENDED_COST',
          }),
        );
        t.equal(forecast.Total?.Amount, forecastOf(version, today).toString());
      }
    }
  },
);

/** As an exporter would show it. */
const numbers = (amounts: Amounts) =>
  new Map([...amounts].map(([name, amount]) => [name, amount.toNumber()]));

function shownOf(version: Version, today: string) {
  const days = daysFrom(plusDays(today, -30), plusDays(today, 1));
  const over = (period: 'total' | 'monthToDate' | 'yesterday') => numbers(costOver(version, period, today));
  return {
    cost: {
      days: new Map(days.map((day) => [day, numbers(costOfDay(version, day))])),
      periods: { total: over('total'), monthToDate: over('monthToDate'), yesterday: over('yesterday') },
    },
    tags: { keys: new Map([['Team', numbers(costByTag(version, 'Team', today))]]), boughtAt: version.at },
    forecast: { amount: forecastOf(version, today).toNumber(), boughtAt: version.at },
  };
}

const ALLOW: Allowances = {
  detects: true,
  costSeesMoves: false,
  costMs: HOUR,
  tagsMs: HOUR / 2,
  forecastMs: HOUR,
  minChangeMs: 6 * HOUR,
  maxAgeMs: 24 * HOUR,
};

t.test('what is shown is held against every bill that there was', async (t) => {
  const versions = billOf(4, ONE_PAGE, 0).versions();
  const [first, second, third] = versions;
  if (first === undefined || second === undefined || third === undefined) throw new Error('a short bill');
  const history = new History();
  history.turn(first);
  const today = dayOf(START);
  t.same(departuresOf(shownOf(first, today), history, ['Team']), [], 'all is true');
  history.turn(second);
  history.turn(third);
  t.same(departuresOf(shownOf(third, today), history, ['Team']), []);

  const old = departuresOf(shownOf(first, today), history, ['Team']);
  t.same(new Set(old.map(({ area }) => area)), new Set(['cost', 'tags', 'forecast']));
  for (const departed of old) t.equal(departed.since, second.at, `${departed.area} ${departed.figure}`);
  const causesAt = (at: number) => new Set(old.map((one) => `${one.area}: ${explain(one, at, ALLOW).cause}`));
  t.same(causesAt(second.at + HOUR), new Set(['cost: interval', 'tags: interval', 'forecast: interval']));
  t.same(
    causesAt(second.at + 2 * HOUR + 1),
    new Set(['cost: not explained', 'tags: MIN_CHANGE_INTERVAL', 'forecast: MIN_CHANGE_INTERVAL']),
  );
  t.same(
    causesAt(second.at + 24 * HOUR),
    new Set(['cost: not explained', 'tags: not explained', 'forecast: not explained']),
  );

  const wrong = shownOf(third, today);
  wrong.cost.periods.total.set(pairOf('AWS Lambda', '111111111111'), 1);
  wrong.tags.keys.get('Team')?.set(pairOf('team-1', 'AWS Lambda'), 1);
  wrong.forecast.amount += 1;
  const departed = departuresOf(wrong, history, ['Team']);
  t.same(
    departed.map((one) => [one.figure, one.since, explain(one, third.at, ALLOW).cause]),
    [
      ['total', undefined, 'not explained'],
      ['Team', undefined, 'not explained'],
      ['amount', undefined, 'not explained'],
    ],
    'no bill had it',
  );
});

t.test('a move that nobody could see is one, for a day', async (t) => {
  const history = new History();
  const versions = billOf(5, TWENTY_PAGES).versions();
  const index = versions.findIndex(({ kind }) => kind === 'services');
  const [before, move] = [versions[index - 1], versions[index]];
  if (before === undefined || move === undefined) throw new Error('no move');
  for (const version of versions.slice(0, index + 1)) history.turn(version);
  const departed = departuresOf(shownOf(before, dayOf(move.at)), history, ['Team']).filter(
    ({ area }) => area === 'cost',
  );
  t.ok(departed.length > 0);
  for (const one of departed) {
    t.equal(explain(one, move.at + 20 * HOUR, ALLOW).cause, 'hidden move', one.figure);
    t.equal(explain(one, move.at + 26 * HOUR, ALLOW).cause, 'not explained');
    t.equal(explain(one, move.at + 2 * HOUR, { ...ALLOW, costSeesMoves: true }).cause, 'not explained');
  }
});

t.test(
  "two days of the design's own schedule: 384 requests each, all that differs is its interval",
  async (t) => {
    const scenario = scenarios(2).find(({ name }) => name === '1 page, design, 1 replica');
    if (scenario === undefined) throw new Error('no such scenario');
    const { paid, areas, unexplained, exposedShare } = await simulate(scenario, { seed: 1 });
    t.same(
      paid.byDay.map(({ requests }) => requests),
      [384, 384],
    );
    t.same(paid.byOperation, { GetCostAndUsage: 2 * (24 + 48 * 7), GetCostForecast: 2 * 24 });
    t.same(unexplained, []);
    t.equal(exposedShare, 1);
    t.same(Object.keys(areas.cost.causes), ['interval']);
    t.ok(areas.cost.worstMs <= HOUR + 60_000 && areas.cost.medianMs > 0);
    t.ok(areas.tags.worstMs <= HOUR / 2 + 60_000);
  },
);
