import fc from 'fast-check';
import t from 'tap';
import { collectCost } from '../../../plugins/cost/collect.ts';
import { type CostData, PROBE_METRICS } from '../../../plugins/cost/model.ts';
import { sameAmounts } from '../../../plugins/cost/probe.ts';
import { costPurchases } from '../../../plugins/cost/purchases.ts';
import { CollectionError } from '../../../src/errors.ts';
import { contextAt } from '../fake-cost-explorer.ts';
import { amountText, DEFAULTS } from './bill.ts';
import { LiveBill } from './live-bill.ts';
import { Decimal, dayNumber, dayText } from './naive.ts';
import { Rounds } from './rounds.ts';
import { hourly } from './views.ts';

const TODAY = '2026-03-15';
const DAYS = 31;

/** Rounds over a bill of four rows a day, the first of which has been bought: 31 days on `pages` pages. */
async function started(pages = 31, more: Partial<typeof DEFAULTS> = {}) {
  const bill = new LiveBill(TODAY);
  for (let ago = -40; ago < 60; ago++) {
    for (const [at, pair] of ['EC2 1', 'EC2 2', 'S3 1', 'S3 2'].entries()) {
      bill.set(dayText(dayNumber(TODAY) - ago), pair, {
        cost: BigInt(1_000_000 * (at + 2)),
        use: BigInt(at),
      });
    }
  }
  bill.pageSize = (4 * DAYS) / pages;
  const rounds = new Rounds(bill, { ...DEFAULTS, ...more });
  await rounds.collect();
  return { bill, rounds };
}

/** The day so many days before the bill's today. */
const ago = ({ today }: LiveBill, days: number) => dayText(dayNumber(today) - days);
const dearer = { cost: 77_000_000n, use: 7n };

t.test('a bill of one page is its own probe', async (t) => {
  const { bill, rounds } = await started(1);
  const first = rounds.snapshot;
  rounds.wait(1);
  const same = await rounds.collect();
  t.same([same.requests.length, same.collected.unchanged], [1, true]);
  t.equal(rounds.snapshot, first, 'collectedAt stands');
  bill.names = { 1: 'named' };
  rounds.wait(1);
  await rounds.collect();
  t.same(rounds.snapshot?.data.accounts[0], { id: '1', name: 'named' }, 'a name alone makes a snapshot');
  t.equal(rounds.snapshot?.data.movedAt, null, 'and no move');
  bill.estimatedFrom = TODAY;
  t.notOk((await rounds.collect()).collected.unchanged, 'so does the word estimated');
  bill.set(TODAY, 'S3 1', { cost: 4_000_001n, use: 0n });
  t.notOk((await rounds.collect()).collected.unchanged);
  t.equal(rounds.snapshot?.data.movedAt, new Date(rounds.now).toISOString());
  rounds.wait(24);
  t.notOk((await rounds.collect()).collected.unchanged, 'nor is a new day ever unchanged');
  bill.pageSize = 10;
  rounds.wait(1);
  t.notOk((await rounds.collect()).collected.unchanged, 'nor is another number of pages');
});

t.test('of several pages, the probe alone is paid as long as nothing moves', async (t) => {
  const { bill, rounds } = await started();
  rounds.wait(1);
  const first = await rounds.collect();
  t.same(first.requests, ['probe']);
  t.notOk(first.collected.unchanged, 'the first probe is kept');
  t.equal(rounds.snapshot?.data.probe.length, DAYS);
  t.equal(rounds.snapshot?.data.movedAt, null);
  t.equal(rounds.snapshot?.data.boughtAt, `${TODAY}T06:00:00.000Z`);
  const kept = rounds.snapshot;
  for (let hour = 0; hour < 5; hour++) {
    rounds.wait(1);
    const { requests, collected, holds } = await rounds.collect();
    // Set aside: the probe, and the six days that AWS usually restates.
    t.same([requests, collected.unchanged, holds], [['probe'], true, [7]]);
  }
  t.equal(rounds.snapshot, kept);
  bill.set(ago(bill, 3), 'S3 1', dearer);
  bill.set(ago(bill, 20), 'S3 1', dearer);
  rounds.wait(1);
  const moved = await rounds.collect();
  t.same(moved.requests, ['probe', '2026-02-23/2026-02-24', '2026-03-12/2026-03-13']);
  t.same(moved.holds, [7, 2], 'both days are set aside before the first is bought');
  t.equal(rounds.snapshot?.data.movedAt, new Date(rounds.now).toISOString());
  t.equal(rounds.snapshot?.data.boughtAt, `${TODAY}T06:00:00.000Z`);
  t.equal(rounds.snapshot?.data.pages, 31);
});

t.test('what shows in another metric alone is seen', async (t) => {
  const { bill, rounds } = await started();
  rounds.wait(1);
  await rounds.collect();
  bill.set(TODAY, 'S3 1', { cost: 4_000_001n, use: 2n });
  bill.set(TODAY, 'S3 2', { cost: 4_999_999n, use: 4n });
  rounds.wait(1);
  t.same((await rounds.collect()).requests, ['probe', '2026-03-15/2026-03-16']);
});

t.test('use that moves alone is a move of the bill', async (t) => {
  for (const pages of [31, 2]) {
    const { bill, rounds } = await started(pages);
    rounds.wait(1);
    await rounds.collect();
    for (let days = 0; days < DAYS; days += 5)
      bill.set(ago(bill, days), 'EC2 1', { cost: 2_000_000n, use: 5n });
    rounds.wait(1);
    const { requests, collected } = await rounds.collect();
    t.equal(requests.length, pages === 31 ? 8 : 3, `${pages} pages: the days, or the whole`);
    t.equal(collected.data.movedAt, new Date(rounds.now).toISOString());
  }
});

t.test('a day that was listed without groups is bought once it is over', async (t) => {
  const { bill, rounds } = await started();
  bill.cells = new Map(bill.cells).set(TODAY, new Map()).set('2026-03-16', new Map());
  bill.groupsToday = false;
  for (let hour = 0; hour < 3; hour++) {
    rounds.wait(1);
    t.equal((await rounds.collect()).requests.length, hour === 0 ? 2 : 1, 'not bought again and again');
  }
  rounds.wait(15);
  const { collected } = await rounds.collect();
  t.same(collected.data.days.at(-1)?.date, TODAY);
  t.same(collected.data.days, (await rounds.fresh()).days);
});

t.test('a new day makes a snapshot, also where no figure shows it', async (t) => {
  const month = { windowDays: 1, dailyDays: 0, settledDays: 1 };
  for (const pages of [1, 15]) {
    const { bill, rounds } = await started(pages, month);
    bill.pageSize = 60 / pages;
    for (let hour = 0; hour < 2; hour++) {
      rounds.wait(1);
      await rounds.collect();
    }
    rounds.wait(1);
    t.equal((await rounds.collect()).collected.unchanged, true);
    const { data } = rounds.snapshot!;
    bill.listsToday = false;
    rounds.wait(19);
    const { collected } = await rounds.collect();
    t.same(collected.data.days, data.days, `${pages} pages: the same days, since today is not listed yet`);
    t.notOk(collected.unchanged);
  }
});

t.test('days in a row are one query, and a gap is bought where that costs no more', async (t) => {
  const { bill, rounds } = await started(4);
  for (const days of [0, 1, 2, 4]) bill.set(ago(bill, days), 'S3 1', dearer);
  rounds.wait(1);
  t.same((await rounds.collect()).requests, ['probe', '2026-03-11/2026-03-16']);
});

t.test(
  'the whole is bought where the moved days cost about as much, and before it gets too old',
  async (t) => {
    const { bill, rounds } = await started(2);
    for (let days = 0; days < 31; days += 7) bill.set(ago(bill, days), 'S3 1', dearer);
    rounds.wait(1);
    t.same((await rounds.collect()).requests.slice(1), ['2026-02-13/2026-03-16', '2026-02-13/2026-03-16']);
    t.equal(rounds.snapshot?.data.boughtAt, new Date(rounds.now).toISOString());
    rounds.wait(22);
    t.equal((await rounds.collect()).requests[0], 'probe');
    rounds.wait(1);
    t.equal((await rounds.collect()).requests[0], 'probe', '23 h old, 24 h at the next tick');
    rounds.wait(0.1);
    t.equal((await rounds.collect()).requests[0], 'probe', 'a tick may be late by a tenth of the interval');
    rounds.wait(1 / 3_600);
    const whole = await rounds.collect();
    t.same([whole.requests[0], whole.requests.length, whole.holds], ['2026-02-14/2026-03-17', 2, [2]]);
    t.same(rounds.snapshot?.data.probe.length, DAYS, 'rows that are the same keep their probe');
    rounds.wait(-30);
    t.not((await rounds.collect()).requests[0], 'probe', 'a snapshot from the future is not trusted');
  },
);

t.test('with detection off the whole is bought each time', async (t) => {
  const { bill } = await started();
  const rounds = new Rounds(bill, DEFAULTS, { detect: false, minIntervalMs: 1, maxAgeMs: 86_400_000 });
  for (let hour = 0; hour < 3; hour++) {
    const { requests, collected } = await rounds.collect();
    t.same([requests.length, collected.unchanged], [31, undefined]);
    rounds.wait(1);
  }
});

t.test(
  'a move between the probe and the pages is seen by the next probe, also where it is taken back',
  async (t) => {
    for (const reverts of [false, true]) {
      const { bill, rounds } = await started();
      rounds.wait(1);
      await rounds.collect();
      bill.set(TODAY, 'S3 1', dearer);
      const stood = bill.cells;
      bill.inFlight = () => bill.set(TODAY, 'S3 2', { cost: 1n, use: 1n });
      rounds.wait(1);
      await rounds.collect();
      if (reverts) bill.cells = stood;
      rounds.wait(1);
      t.same((await rounds.collect()).requests, ['probe', '2026-03-15/2026-03-16'], `reverts: ${reverts}`);
      rounds.wait(1);
      t.ok((await rounds.collect()).collected.unchanged, 'and then it is settled');
    }
  },
);

t.test('rows that never add up to the probe are bought twice, not for ever', async (t) => {
  const { bill, rounds } = await started();
  const totals = bill.totals.bind(bill);
  bill.totals = (day) => totals(day).map((amount) => amount + (day === TODAY ? 1_000n : 0n));
  const counts: number[] = [];
  for (let hour = 0; hour < 4; hour++) {
    rounds.wait(1);
    counts.push((await rounds.collect()).requests.length);
  }
  t.same(counts, [2, 2, 1, 1]);
});

t.test('a refused page keeps nothing of its collection', async (t) => {
  const { bill, rounds } = await started();
  for (const days of [1, 20]) bill.set(ago(bill, days), 'S3 1', dearer);
  const before = rounds.snapshot;
  bill.failsAt = 2;
  await t.rejects(rounds.collect(), { code: 'throttled' });
  t.equal(rounds.snapshot, before);
  bill.failsAt = undefined;
  t.equal((await rounds.collect()).requests.length, 3);
  t.same(rounds.snapshot?.data.days, (await rounds.fresh()).days);
});

t.test('another currency makes the whole be bought anew', async (t) => {
  const { bill, rounds } = await started();
  bill.unit = 'EUR';
  rounds.wait(1);
  t.equal((await rounds.collect()).requests.length, 32);
  t.equal(rounds.snapshot?.data.currency, 'EUR');
  t.equal(rounds.snapshot?.data.movedAt, new Date(rounds.now).toISOString());
  bill.set(TODAY, 'S3 1', dearer);
  bill.inFlight = () => {
    bill.unit = 'USD';
  };
  await t.rejects(rounds.collect(), { code: 'invalid_response' }, 'two currencies never stand together');
});

t.test('a bill that becomes empty, and a pair that no day lists any more', async (t) => {
  const { bill, rounds } = await started();
  for (const day of bill.cells.keys()) bill.set(day, 'S3 2', undefined);
  rounds.wait(1);
  await rounds.collect();
  t.same(rounds.snapshot?.data.pairs.length, 3);
  bill.cells = new Map();
  rounds.wait(1);
  await rounds.collect();
  const { pairs, services, accounts, currency, days } = rounds.snapshot!.data;
  t.same([pairs, services, accounts, currency, days.length], [[], [], [], null, DAYS]);
});

t.test('what a collection is expected to buy', async (t) => {
  t.same(costPurchases(undefined, 1), { pages: 1, daily: 0 });
  t.same(costPurchases(undefined, 20), { pages: 20, daily: 0, probe: 1, afterChange: 4 }, 'assumed');
  t.same(costPurchases((await started(1)).rounds.snapshot, 5), { pages: 1, daily: 0 });
  t.same(costPurchases((await started(31)).rounds.snapshot, 5), {
    pages: 31,
    daily: 0,
    probe: 1,
    afterChange: 6,
  });
  t.same(costPurchases((await started(2)).rounds.snapshot, 5), {
    pages: 2,
    daily: 0,
    probe: 1,
    afterChange: 1,
  });
});

t.test('the probe is one request for all metrics; an answer of another shape is refused', async (t) => {
  const { bill, rounds } = await started();
  const send = async (change: (results: Record<string, unknown>[]) => unknown) => {
    const { context, requests } = contextAt<CostData>(rounds.now, (body) => {
      const { ResultsByTime } = bill.answer(body).body as { ResultsByTime: Record<string, unknown>[] };
      return { body: body.GroupBy ? { ResultsByTime } : change(ResultsByTime) };
    });
    const sent = { ...context, previous: rounds.snapshot };
    const code = await collectCost(sent, hourly(DEFAULTS)).then(
      () => undefined,
      (error: unknown) => (error instanceof CollectionError ? error.code : error),
    );
    return { code, requests };
  };
  const fine = await send((ResultsByTime) => ({ ResultsByTime }));
  t.same(fine.code, undefined);
  t.same(
    fine.requests.map(({ body }) => body),
    [
      {
        TimePeriod: { Start: '2026-02-13', End: '2026-03-16' },
        Granularity: 'DAILY',
        Metrics: [...PROBE_METRICS].toSorted(),
      },
    ],
  );
  const total = (Total: unknown) => (results: Record<string, unknown>[]) => ({
    ResultsByTime: results.map((result, at) => (at === 9 ? { ...result, Total } : result)),
  });
  const amounts = (unit: string | undefined, amount = '1') =>
    Object.fromEntries(PROBE_METRICS.map((name) => [name, { Amount: amount, Unit: unit }]));
  const cases: Record<string, (results: Record<string, unknown>[]) => unknown> = {
    'no results': () => ({}),
    'a day missing': (results) => ({ ResultsByTime: results.toSpliced(3, 1) }),
    'a day twice': (results) => ({ ResultsByTime: [...results, results[3]] }),
    'no totals': total(undefined),
    'empty totals': total({}),
    'one metric': total({ BlendedCost: { Amount: '1', Unit: 'USD' } }),
    'words for an amount': total(amounts('USD', 'much')),
    'no unit': total(amounts(undefined)),
    'two currencies': total(amounts('EUR')),
    'a month': (results) => ({
      ResultsByTime: results.map((one) => ({
        ...one,
        TimePeriod: { Start: '2026-02-13', End: '2026-03-13' },
      })),
    }),
  };
  for (const [name, change] of Object.entries(cases))
    t.equal((await send(change)).code, 'invalid_response', name);
  t.equal(
    (await send((results) => ({ ResultsByTime: results.slice(0, -1) }))).code,
    undefined,
    'today may be missing',
  );
  const paged = contextAt<CostData>(rounds.now, (body, number) => {
    const { ResultsByTime } = bill.answer(body).body as { ResultsByTime: object[] };
    return number === 0
      ? { body: { ResultsByTime: ResultsByTime.slice(0, 9), NextPageToken: 'next' } }
      : { body: { ResultsByTime: ResultsByTime.slice(9) } };
  });
  const { data } = await collectCost({ ...paged.context, previous: rounds.snapshot }, hourly(DEFAULTS));
  t.same([paged.requests.length, data.probe.length], [2, DAYS], 'a paged probe is read to its end');
});

t.test('amounts are compared as numbers, of any length', async (t) => {
  fc.assert(
    fc.property(amountText, amountText, (one, other) => {
      return sameAmounts([one], [other]) === new Decimal(one).equals(other);
    }),
  );
  fc.assert(
    fc.property(amountText, fc.integer({ min: -20, max: 20 }), (text, shift) => {
      const spelled = `${new Decimal(text).times(`1e${shift}`).toFixed()}e${-shift}`;
      return sameAmounts([text], [spelled]) && (Number(text) === 0 || !sameAmounts([text], [`${spelled}1`]));
    }),
  );
  t.notOk(sameAmounts(['12345678901234567890.1'], ['12345678901234567890.2']));
  t.notOk(sameAmounts(['1'], []));
});
