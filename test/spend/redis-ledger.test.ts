// The ledger that replicas share, on a real Redis.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { DAYS_KEPT } from '../../src/spend/book.ts';
import { budgetOf, openReplica, type Replica, type ReplicaOptions } from '../replicas/helper.ts';
import { eventually, type TestScope } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { startTcpProxy } from '../servers/tcp-proxy.ts';
import { buy, buyer, DAY_MS, NOON, pagesIn, TODAY, verdict } from './helper.ts';

t.setTimeout(180_000);

/** A replica that collects for some targets. */
async function replicaOf(t: TestScope, options: ReplicaOptions): Promise<Replica> {
  const replica = openReplica(t, { now: () => NOON, exposeOne: false, ...options });
  await replica.start();
  for (const target of options.targets ?? ['default']) await replica.held(target);
  return replica;
}

t.test('many replicas, many targets, one budget: never a page more, and not one less', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const budget = budgetOf(60, { targets: { two: 10 } });
  const targets = ['one', 'two', 'three', 'four'];
  const replicas = await Promise.all(
    targets.map((target) => replicaOf(t, { port: redis.port, targets: [target], budget })),
  );
  const said = await Promise.all(
    replicas.flatMap(({ ledger }, index) =>
      Array.from({ length: 40 }, async (_, page) => {
        const who = buyer(`c${page % 5}`, targets[index]);
        // Now and then AWS refuses one: its page goes to whoever asks next.
        const answer = await verdict(ledger.authorize(who, 'GetCostAndUsage'));
        if (answer !== 'ok' || page % 10 !== 0) return answer;
        await ledger.settle(who, 'GetCostAndUsage', false);
        await ledger.release(who);
        return 'refused';
      }),
    ),
  );
  const sent = said.filter((answer) => answer === 'ok').length;
  t.ok(sent <= 60, `${sent} pages`);
  const [first] = replicas;
  if (first === undefined) return;
  t.equal(await pagesIn(first.ledger), sent);
  t.ok((await pagesIn(first.ledger, TODAY, 'two')) <= 10);
  // What is left can be had to the last page.
  let more = 0;
  for (const [index, { ledger }] of replicas.entries())
    more += await buy(ledger, buyer('cost', targets[index]), 80);
  t.equal(sent + more, 60);
  for (const { ledger } of replicas) t.equal(await pagesIn(ledger), 60, 'all see the same');
  t.ok((await pagesIn(first.ledger, TODAY, 'two')) <= 10);
});

t.test('whole queries of many replicas at once: what is set aside is there', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const targets = ['one', 'two', 'three'];
  const replicas = await Promise.all(
    targets.map((target) => replicaOf(t, { port: redis.port, targets: [target], budget: budgetOf(30) })),
  );
  const bought = await Promise.all(
    replicas.flatMap(({ ledger }, index) =>
      ['cost', 'forecast', 'tags'].map(async (collector) => {
        const who = buyer(collector, targets[index]);
        if ((await verdict(ledger.hold(who, 7))) !== 'ok') return 0;
        await sleep(Math.random() * 20);
        return buy(ledger, who, 7);
      }),
    ),
  );
  t.same(bought.toSorted(), [0, 0, 0, 0, 0, 7, 7, 7, 7], 'four times seven: each query whole or not at all');
});

t.test('without the lease nothing is entered', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const holder = await replicaOf(t, { port: redis.port });
  const other = openReplica(t, { port: redis.port, now: () => NOON });
  await other.start();
  for (const ask of [
    () => other.ledger.hold(buyer(), 1),
    () => other.ledger.authorize(buyer(), 'GetCostAndUsage'),
    () => holder.ledger.authorize(buyer('cost', 'unknown'), 'GetCostAndUsage'),
  ])
    t.equal(await verdict(ask()), 'not_leader');
  t.equal(await pagesIn(holder.ledger), 0);
  t.equal(await buy(holder.ledger, buyer(), 2), 2);
  t.equal(await pagesIn(other.ledger), 2, 'but everybody can read it');
});

t.test('the next holder goes on within the same budget, and is told what was cut off', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const budget = budgetOf(10);
  const first = await replicaOf(t, { port: redis.port, budget });
  await first.ledger.hold(buyer('tags'), 5);
  t.equal(await buy(first.ledger, buyer('tags'), 3), 3);
  t.equal(await buy(first.ledger, buyer('cost'), 2), 2);
  await first.ledger.done(buyer('cost'));
  await first.leases.stop();
  const second = await replicaOf(t, { port: redis.port, budget });
  t.match(await second.ledger.interrupted('default'), [
    { target: 'default', collector: 'tags', pages: 3, at: Number },
  ]);
  t.match(await second.ledger.interrupted('default'), [{ collector: 'tags' }], 'until it is dealt with');
  await second.ledger.done(buyer('tags'));
  t.same(await second.ledger.interrupted('default'), []);
  t.equal(await buy(second.ledger, buyer(), 20), 5, 'what the other had set aside is free again');
});

t.test('a new day has a new budget; old days go by themselves', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  let now = NOON;
  const { ledger } = await replicaOf(t, { port: redis.port, budget: budgetOf(4), now: () => now });
  t.equal(await buy(ledger, buyer(), 9), 4);
  now += DAY_MS / 2;
  t.equal(await buy(ledger, buyer(), 9), 4);
  t.same([await pagesIn(ledger, TODAY), await pagesIn(ledger, '2026-11-23')], [4, 4]);
  const ttl = Number(await redis.cli(['ttl', `test:spend:${TODAY}`]));
  t.ok(ttl > 31 * 86_400 && ttl <= DAYS_KEPT * 86_400, `${ttl} s: longer than a month, not for ever`);
});

t.test('while Redis is away the last holder goes on within its own count, and enters it later', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const budget = budgetOf(10);
  const holder = await replicaOf(t, { port: redis.port, budget });
  const other = openReplica(t, { port: redis.port, budget, now: () => NOON });
  await other.start();
  t.equal(await buy(holder.ledger, buyer(), 4), 4);
  await redis.kill();
  await holder.reaches(false);
  t.equal(await buy(holder.ledger, buyer(), 3), 3);
  await holder.ledger.authorize(buyer('tags'), 'GetTags');
  await holder.ledger.settle(buyer('tags'), 'GetTags', false);
  await holder.ledger.done(buyer('tags'));
  t.equal(await verdict(holder.ledger.hold(buyer('forecast'), 4)), 'budget', 'seven of ten are spent');
  t.equal(await verdict(other.ledger.authorize(buyer(), 'GetCostAndUsage')), 'not_leader', 'nobody else');
  t.equal(await pagesIn(holder.ledger), 7, 'it says what it knows');
  await redis.restart({ keepData: true });
  await holder.reaches(true);
  t.equal(await redis.cli(['hget', `test:spend:${TODAY}`, 'default GetCostAndUsage']), '7');
  await other.reaches(true);
  t.equal(await pagesIn(other.ledger), 7);
  t.equal(await buy(holder.ledger, buyer(), 9), 3, 'and it is entered once');
  t.equal(await pagesIn(other.ledger), 10);
});

t.test('started again without its data: what was spent is entered again', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const budget = budgetOf(10);
  const holder = await replicaOf(t, { port: redis.port, budget });
  t.equal(await buy(holder.ledger, buyer(), 4), 4);
  await redis.restart({ keepData: false });
  await holder.reaches(true);
  await eventually('it is entered', async () => ((await pagesIn(holder.ledger)) === 4 ? true : undefined));
  t.equal(await redis.cli(['hget', `test:spend:${TODAY}`, 'default GetCostAndUsage']), '4');
  t.equal(await buy(holder.ledger, buyer(), 20), 6);
});

t.test('gone and come back empty: so is what was spent meanwhile', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const budget = budgetOf(10);
  const holder = await replicaOf(t, { port: redis.port, budget });
  t.equal(await buy(holder.ledger, buyer(), 4), 4);
  await redis.kill();
  await holder.reaches(false);
  t.equal(await buy(holder.ledger, buyer(), 2), 2);
  await redis.restart({ keepData: false });
  await holder.reaches(true);
  await holder.held();
  t.equal(await buy(holder.ledger, buyer(), 20), 4);
  t.equal(await redis.cli(['hget', `test:spend:${TODAY}`, 'default GetCostAndUsage']), '10');
});

t.test('emptied while it is connected: the budget holds all the same', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const holder = await replicaOf(t, { port: redis.port, budget: budgetOf(10) });
  t.equal(await buy(holder.ledger, buyer(), 8), 8);
  await redis.cli(['flushall']);
  await eventually('the lease is entered again', async () =>
    (await redis.cli(['exists', 'test:lease:target:default'])) === '1' ? true : undefined,
  );
  t.equal(await buy(holder.ledger, buyer(), 20), 2);
});

t.test(
  'a Redis that has gone silent in the middle: nothing is lost, nothing is above the budget',
  async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const proxy = await startTcpProxy(t, redis.port);
    const holder = await replicaOf(t, { host: proxy.host, port: proxy.port, budget: budgetOf(12) });
    let sent = await buy(holder.ledger, buyer(), 3);
    proxy.silence();
    sent += await buy(holder.ledger, buyer(), 3);
    t.equal(sent, 6, 'it goes on');
    await holder.reaches(true);
    sent += await buy(holder.ledger, buyer(), 20);
    t.ok(sent <= 12, `${sent} sent`);
    const entered = Number(await redis.cli(['hget', `test:spend:${TODAY}`, 'default GetCostAndUsage']));
    t.ok(
      entered >= sent,
      `${entered} entered: an attempt to enter of unknown outcome may count twice, never not at all`,
    );
  },
);

t.test('a partition: what both sides have spent is entered once it is over', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const budget = budgetOf(20);
  const proxy = await startTcpProxy(t, redis.port);
  const cutOff = await replicaOf(t, { port: proxy.port, budget });
  t.equal(await buy(cutOff.ledger, buyer(), 4), 4);
  proxy.target = 1;
  proxy.cut();
  await cutOff.reaches(false);
  t.equal(await buy(cutOff.ledger, buyer(), 3), 3, 'the last holder goes on');
  const other = await replicaOf(t, { port: redis.port, budget });
  t.equal(await pagesIn(other.ledger), 4, 'it cannot know of them');
  t.equal(await buy(other.ledger, buyer(), 2), 2);
  proxy.target = redis.port;
  await cutOff.reaches(true);
  t.equal(await pagesIn(other.ledger), 9);
  t.equal(await verdict(cutOff.ledger.authorize(buyer(), 'GetCostAndUsage')), 'not_leader');
  t.equal(await buy(other.ledger, buyer(), 40), 11, 'and the rest of the budget is what is left of it');
});

t.test('a full Redis counts nothing: the holder counts for itself', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const holder = await replicaOf(t, { port: redis.port, budget: budgetOf(10) });
  t.equal(await buy(holder.ledger, buyer(), 2), 2);
  await redis.cli(['config', 'set', 'maxmemory', '1']);
  t.equal(await buy(holder.ledger, buyer(), 3), 3);
  await redis.cli(['config', 'set', 'maxmemory', '0']);
  await holder.reaches(true);
  t.equal(await buy(holder.ledger, buyer(), 20), 5);
  t.equal(await redis.cli(['hget', `test:spend:${TODAY}`, 'default GetCostAndUsage']), '10');
});

t.test('a refusal says where the pages are: what replicas have spent, and what is set aside', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const setAside = () => ({ all: 3, ofTarget: 3 });
  const first = await replicaOf(t, { port: redis.port, targets: ['one'], budget: budgetOf(10) });
  t.equal(await buy(first.ledger, buyer('cost', 'one'), 7), 7);
  const second = await replicaOf(t, {
    port: redis.port,
    targets: ['two'],
    budget: budgetOf(10, { setAside }),
  });
  await t.rejects(second.ledger.hold(buyer('tags', 'two'), 2), {
    code: 'budget',
    message:
      /no room for 2 more pages for target two: of the 10 pages 7 are spent, 3 set aside for what comes first in the rest of the day\.$/,
  });
});
