import t from 'tap';
import type { Budget } from '../../src/spend/budget.ts';
import { ledgerFile } from '../../src/spend/ledger-file.ts';
import { LocalLedger } from '../../src/spend/local-ledger.ts';
import { recorder } from '../collection/store-helper.ts';
import { budgetOf } from '../replicas/helper.ts';
import { buy, buyer, compact, DAY_MS, NOON, pagesIn, TODAY, verdict } from './helper.ts';

/** A ledger's file in a folder that outlasts ledgers. */
function fileOf(bytes?: Buffer) {
  const folder = {
    bytes,
    aside: [] as string[],
    read: async () => folder.bytes,
    async write(_name: string, written: Buffer) {
      await new Promise((resolve) => setImmediate(resolve));
      folder.bytes = written;
    },
    async setAside(_name: string, reason: string) {
      folder.aside.push(reason);
    },
  };
  return { folder, ...ledgerFile(folder, recorder()) };
}

const at = (now: number) => () => now;
const ample = budgetOf(1_000);

t.test('a budget is spent to the last page, by whomever, and begins anew at midnight UTC', async (t) => {
  let now = NOON;
  const ledger = new LocalLedger(budgetOf(5), () => now);
  t.equal(await buy(ledger, buyer('cost', 'one'), 3), 3);
  t.equal(await buy(ledger, buyer('tags', 'two'), 9), 2);
  now = Date.parse('2026-11-22T23:59:59.999Z');
  t.equal(await verdict(ledger.authorize(buyer(), 'GetCostAndUsage')), 'budget');
  await t.rejects(ledger.hold(buyer(), 2), { code: 'budget', advice: /2026-11-23T00:00:00\.000Z/ });
  now += 1;
  t.equal(await buy(ledger, buyer(), 9), 5);
  t.same(compact((await ledger.days(['2026-11-21', TODAY, '2026-11-23'])).pages), [
    {},
    { one: { GetCostAndUsage: 3 }, two: { GetCostAndUsage: 2 } },
    { default: { GetCostAndUsage: 5 } },
  ]);
});

t.test('0 means no paid request', async (t) => {
  const ledger = new LocalLedger(budgetOf(0), at(NOON));
  t.equal(await verdict(ledger.hold(buyer(), 1)), 'budget');
  t.equal(await verdict(ledger.authorize(buyer(), 'GetCostAndUsage')), 'budget');
  const ofTarget = new LocalLedger(budgetOf(10, { targets: { one: 0 } }), at(NOON));
  t.equal(await verdict(ofTarget.authorize(buyer('cost', 'one'), 'GetCostAndUsage')), 'budget');
  t.equal(await verdict(ofTarget.authorize(buyer('cost', 'two'), 'GetCostAndUsage')), 'ok');
});

t.test("a target's own budget", async (t) => {
  const ledger = new LocalLedger(budgetOf(10, { targets: { one: 3 } }), at(NOON));
  t.equal(await buy(ledger, buyer('cost', 'one'), 9), 3);
  t.equal(await buy(ledger, buyer('cost', 'two'), 9), 7, 'what it leaves is for the others');
});

t.test('a query is set aside whole, or not at all', async (t) => {
  const ledger = new LocalLedger(budgetOf(10), at(NOON));
  const [cost, tags] = [buyer('cost'), buyer('tags')];
  await ledger.hold(cost, 8);
  t.equal(await verdict(ledger.hold(tags, 3)), 'budget', 'eight of ten are set aside');
  t.equal(await buy(ledger, tags, 9), 2);
  t.equal(await buy(ledger, cost, 8), 8, 'what is set aside is there');
  t.equal(await buy(ledger, cost, 1), 0);
  t.equal(await pagesIn(ledger), 10);
});

t.test('a query that is longer than expected goes on within the budget', async (t) => {
  const ledger = new LocalLedger(budgetOf(10), at(NOON));
  await ledger.hold(buyer(), 2);
  t.equal(await buy(ledger, buyer(), 5), 5);
});

t.test('what a query did not use is free again', async (t) => {
  const ledger = new LocalLedger(budgetOf(10), at(NOON));
  await ledger.hold(buyer('cost'), 8);
  await buy(ledger, buyer('cost'), 1);
  await ledger.release(buyer('cost'));
  t.equal(await buy(ledger, buyer('tags'), 20), 9);
});

t.test('a refusal is given back, and its query has the page again; an unknown outcome is not', async (t) => {
  const ledger = new LocalLedger(budgetOf(3), at(NOON));
  await ledger.hold(buyer('cost'), 3);
  await ledger.authorize(buyer('cost'), 'GetCostAndUsage');
  await ledger.settle(buyer('cost'), 'GetCostAndUsage', false);
  t.equal(await pagesIn(ledger), 0);
  t.equal(await verdict(ledger.authorize(buyer('tags'), 'GetCostAndUsage')), 'budget', 'it is for the retry');
  // Never settled: the process or AWS went away.
  await ledger.authorize(buyer('cost'), 'GetCostAndUsage');
  t.equal(await pagesIn(ledger), 1);
  await ledger.done(buyer('cost'));
  t.equal(await pagesIn(ledger), 1, 'it stays counted');
  t.equal(await buy(ledger, buyer('tags'), 9), 2);
});

t.test('what comes first is left for it: of all, and within the target', async (t) => {
  const left: Record<string, ReturnType<Budget['setAside']>> = {
    tags: { all: 6, ofTarget: 2 },
    forecast: { all: 2, ofTarget: 0 },
  };
  const setAside: Budget['setAside'] = ({ collector }) => left[collector] ?? { all: 0, ofTarget: 0 };
  const ledger = new LocalLedger(budgetOf(10, { setAside }), at(NOON));
  t.equal(await buy(ledger, buyer('tags'), 20), 4);
  const where = /: of the 10 pages 4 are spent, 6 set aside for what comes first in the rest of the day\.$/;
  await t.rejects(ledger.authorize(buyer('tags'), 'GetCostAndUsage'), { code: 'budget', message: where });
  await t.rejects(ledger.hold(buyer('tags'), 2), { code: 'budget', message: where });
  t.equal(await buy(ledger, buyer('forecast'), 20), 4);
  t.equal(await buy(ledger, buyer('cost'), 20), 2);
  const own = new LocalLedger(budgetOf(100, { targets: { default: 5 }, setAside }), at(NOON));
  t.equal(await buy(own, buyer('tags'), 20), 3, 'two of five are left for the rest of the target');
});

t.test('however many ask at once, the budget is the budget', async (t) => {
  const ledger = new LocalLedger(budgetOf(50, { targets: { one: 20 } }), at(NOON), fileOf());
  const asked = Array.from({ length: 200 }, (_, index) =>
    verdict(ledger.authorize(buyer(`c${index % 7}`, index % 2 ? 'one' : 'two'), 'GetCostAndUsage')),
  );
  const said = await Promise.all(asked);
  t.equal(said.filter((answer) => answer === 'ok').length, 50);
  t.equal(await pagesIn(ledger), 50);
  t.ok((await pagesIn(ledger, TODAY, 'one')) <= 20);
});

t.test('a restart knows what was spent, whenever the process was killed', async (t) => {
  const file = fileOf();
  let now = NOON;
  const first = new LocalLedger(budgetOf(10), () => now, file);
  await buy(first, buyer('cost', 'one'), 3);
  now += DAY_MS;
  await buy(first, buyer('cost', 'one'), 2);
  // Killed while a page was under way: its outcome is unknown.
  await first.authorize(buyer('tags', 'one'), 'GetTags');
  const second = new LocalLedger(budgetOf(10), () => now, file);
  t.same(compact((await second.days([TODAY, '2026-11-23'])).pages), [
    { one: { GetCostAndUsage: 3 } },
    { one: { GetCostAndUsage: 2, GetTags: 1 } },
  ]);
  t.equal(await buy(second, buyer('cost', 'one'), 20), 7, 'the budget goes on where it was');
});

t.test('every page is on disk before it may be sent', async (t) => {
  const file = fileOf();
  const ledger = new LocalLedger(ample, at(NOON), file);
  await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      await ledger.authorize(buyer('cost', `t${index}`), 'GetCostAndUsage');
      const written = new LocalLedger(ample, at(NOON), fileOf(file.folder.bytes));
      const { pages } = await written.days([TODAY]);
      t.ok((pages[0]?.[`t${index}`]?.GetCostAndUsage ?? 0) === 1, `its own, ${index}`);
    }),
  );
  const again = new LocalLedger(ample, at(NOON), file);
  t.equal(await pagesIn(again), 30);
});

t.test('what was cut off is told until it is dealt with, with what it had paid for', async (t) => {
  const file = fileOf();
  const first = new LocalLedger(ample, at(NOON), file);
  await first.hold(buyer('cost', 'one'), 4);
  await buy(first, buyer('cost', 'one'), 2);
  await buy(first, buyer('tags', 'one'), 1);
  await first.done(buyer('tags', 'one'));
  await buy(first, buyer('cost', 'two'), 1);
  await first.authorize(buyer('forecast', 'one'), 'GetCostForecast');
  await first.settle(buyer('forecast', 'one'), 'GetCostForecast', false);

  const second = new LocalLedger(ample, at(NOON + 60_000), file);
  t.same(
    await second.interrupted('one'),
    [
      { target: 'one', collector: 'cost', at: NOON, pages: 2 },
      { target: 'one', collector: 'forecast', at: NOON, pages: 0 },
    ],
    'not what had ended, not what is of another target',
  );
  t.equal((await second.interrupted('one')).length, 2, 'whoever dies before it is dealt with finds it again');
  await second.done(buyer('cost', 'one'));
  await second.done(buyer('forecast', 'one'));
  const third = new LocalLedger(ample, at(NOON + 60_000), file);
  t.same(await third.interrupted('one'), [], 'then no more, nor after another restart');
  t.match(await third.interrupted('two'), [{ collector: 'cost', pages: 1 }]);
});

t.test('a file with anything else in it is set aside, and as good as none', async (t) => {
  const texts = ['', '{', '7', 'null', '[]', '{"days":{},"holds":[{}]}'];
  for (const text of [...texts, '{"days":{"x":{"y":{"z":1.5}}},"holds":[]}']) {
    const file = fileOf(Buffer.from(text));
    t.equal(await buy(new LocalLedger(budgetOf(2), at(NOON), file), buyer(), 5), 2, text);
    t.equal(file.folder.aside.length, 1);
  }
});

t.test('a file that cannot be read may be good: nothing is bought until it can', async (t) => {
  const file = fileOf();
  const first = new LocalLedger(budgetOf(10), at(NOON), file);
  await buy(first, buyer(), 7);
  let broken = true;
  const second = new LocalLedger(budgetOf(10), at(NOON), {
    ...file,
    read: () => (broken ? Promise.reject(new Error('EIO')) : file.read()),
  });
  await t.rejects(second.hold(buyer(), 1), /EIO/);
  await t.rejects(second.authorize(buyer(), 'GetCostAndUsage'), /EIO/);
  broken = false;
  t.equal(await buy(second, buyer(), 20), 3);
});

t.test(
  'a disk that cannot be written to any more is survived; one that never could buys nothing',
  async (t) => {
    const { folder } = fileOf();
    const logger = recorder();
    let full = false;
    const write = (name: string, bytes: Buffer) =>
      full ? Promise.reject(new Error('ENOSPC')) : folder.write(name, bytes);
    const file = ledgerFile({ ...folder, write }, logger);
    const ledger = new LocalLedger(budgetOf(3), at(NOON), file);
    t.equal(await buy(ledger, buyer(), 1), 1);
    full = true;
    t.equal(await buy(ledger, buyer(), 9), 2, 'the budget holds from memory');
    t.equal(logger.lines.length, 1, 'and it is said once');
    for (let start = 0; start < 3; start++) {
      const next = new LocalLedger(budgetOf(3), at(NOON), file);
      await t.rejects(next.authorize(buyer(), 'GetCostAndUsage'), {
        code: 'error',
        message: /cannot be written/,
      });
      t.same(
        await next.days(['2026-11-22']),
        await new LocalLedger(budgetOf(3), at(NOON), file).days(['2026-11-22']),
      );
    }
  },
);
