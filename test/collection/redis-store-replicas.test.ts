// What replicas tell each other through the store: standings, news, and writes that are refused.
import t from 'tap';
import { confirmed } from '../../src/collection/memory-store.ts';
import { eventually } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { standingFor } from './runner-helper.ts';
import { KEY, keptOn, openStore, stored, untilStored } from './store-helper.ts';

t.setTimeout(120_000);

const FIELD = JSON.stringify(['cost', 'default']);
type Opened = ReturnType<typeof openStore>;

/** Hands the lease of all targets from one store to another. */
function handOver(from: Opened, to: Opened): void {
  from.lease.held = false;
  to.lease.held = true;
}

t.test('how a collector stands is kept beside its snapshot', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const [a, b] = [openStore(t, { url: redis.url }), openStore(t, { url: redis.url })];
  b.lease.held = false;
  await a.state(true, 1);
  const kept = keptOn(1);
  t.equal(await a.store.save(kept), true);
  t.same(await b.raw.load('cost', 'default'), { kept, standing: standingFor(kept) });
  const later = standingFor(
    { ...kept, confirmedAt: keptOn(2).confirmedAt },
    { status: 'failed', notBefore: 9, interruptions: 2, failed: [] },
  );
  t.equal(await a.raw.note(later), true);
  t.same(await b.raw.load('cost', 'default'), { kept: confirmed(kept, later), standing: later });
  t.equal((await b.raw.load('cost', 'default')).kept?.confirmedAt, keptOn(2).confirmedAt);
  const alone = standingFor(keptOn(1, { collector: 'tags' }), { collectedAt: null, confirmedAt: null });
  t.equal(await a.raw.note(alone), true, 'also where there is no snapshot');
  t.same(await b.raw.load('tags', 'default'), { kept: undefined, standing: alone });
});

t.test(
  'a write of who does not hold the lease is refused, and what the holder has kept is shown',
  async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const [a, b] = [openStore(t, { url: redis.url }), openStore(t, { url: redis.url })];
    await Promise.all([a.state(true, 1), b.state(true, 1)]);
    b.lease.held = false;
    await a.store.save(keptOn(1));
    t.equal(await b.raw.save(keptOn(5), standingFor(keptOn(5))), false, 'it knows that it does not hold');
    handOver(a, b);
    await b.store.save(keptOn(2));
    // The first one still believes in its lease: it was paused.
    a.lease.held = true;
    t.equal(await a.raw.save(keptOn(9), standingFor(keptOn(9))), false);
    t.equal(await a.raw.note(standingFor(keptOn(9))), false);
    t.same(await stored(redis), keptOn(2));
    a.lease.held = false;
    t.same(await a.store.load('cost', 'default'), keptOn(2));
    t.same((await a.raw.load('cost', 'default')).standing, standingFor(keptOn(2)));
  },
);

t.test('what is older by its clock, but written by the holder, is shown by the others', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const [a, b] = [openStore(t, { url: redis.url }), openStore(t, { url: redis.url })];
  b.lease.held = false;
  await a.store.save(keptOn(5));
  await untilStored(redis, 5);
  handOver(a, b);
  await b.store.save(keptOn(4));
  await untilStored(redis, 4);
  t.same(await a.store.load('cost', 'default'), keptOn(4), 'clocks of replicas differ');
});

t.test('news are told of what others have written, once, and not of what is known', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const [a, b] = [openStore(t, { url: redis.url }), openStore(t, { url: redis.url })];
  await Promise.all([a.state(true, 1), b.state(true, 1)]);
  b.lease.held = false;
  const told: string[] = [];
  a.raw.onNews((collector, target) => told.push(`a ${collector}/${target}`) > 0);
  b.raw.onNews((collector, target) => told.push(`b ${collector}/${target}`) > 0);
  const look = async () => {
    const counter = await redis.cli(['get', 'test:news']);
    await Promise.all([a.raw.look(counter || '0'), b.raw.look(counter || '0')]);
  };
  await look();
  t.same(told, []);
  await a.store.save(keptOn(1));
  await a.store.save(keptOn(1, { collector: 'tags' }));
  await look();
  t.same(told.toSorted(), ['b cost/default', 'b tags/default'], 'not of its own');
  for (const collector of ['cost', 'tags']) await b.raw.load(collector, 'default');
  await look();
  t.equal(told.length, 2, 'once');
  await a.raw.note(standingFor(keptOn(1), { status: 'failed' }));
  await look();
  t.equal(told.length, 3);
  t.equal(told.at(-1), 'b cost/default', 'of what has changed alone');
});

t.test('news that a store has read on its own account, as its connection came up, are told of', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const [a, b] = [openStore(t, { url: redis.url }), openStore(t, { url: redis.url })];
  await Promise.all([a.state(true, 1), b.state(true, 1)]);
  b.lease.held = false;
  const told: string[] = [];
  b.raw.onNews((collector, target) => told.push(`${collector}/${target}`) > 0);
  t.same(await b.raw.load('cost', 'default'), { kept: undefined, standing: undefined });
  await a.store.save(keptOn(1));
  b.connection.lost();
  await b.raw.synchronize();
  await b.raw.look((await redis.cli(['get', 'test:news'])) || '0');
  t.same(told, ['cost/default']);
  t.same((await b.raw.load('cost', 'default')).kept, keptOn(1));
});

t.test('a standing that cannot be read is as good as none, and is said once', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const texts = ['x', '7', '{}', JSON.stringify({ ...standingFor(keptOn(1)), status: 'unheard of' })];
  for (const text of [...texts, JSON.stringify(standingFor(keptOn(1, { target: 'other' })))]) {
    await redis.cli(['flushall']);
    const { raw, store, lines, state } = openStore(t, { url: redis.url });
    await state(true, 1);
    await store.save(keptOn(1));
    await store.close();
    await redis.cli(['hset', 'test:standings', FIELD, text]);
    const next = openStore(t, { url: redis.url });
    t.same(await next.raw.load('cost', 'default'), { kept: keptOn(1), standing: undefined }, text);
    await next.raw.load('cost', 'default');
    t.equal(next.lines.filter((line) => line.startsWith('warn')).length, 1);
    t.equal(lines.filter((line) => line.startsWith('warn')).length, 0);
    t.ok(raw);
    await next.store.close();
  }
});

t.test(
  'what was noted while Redis was away is written when it is back, and all of it where it has lost it',
  async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const { store, raw, state } = openStore(t, { url: redis.url });
    await store.save(keptOn(1));
    const other = keptOn(1, { collector: 'tags' });
    await store.save(other);
    await redis.kill();
    await state(false, 2);
    const noted = standingFor(keptOn(1), { status: 'failed', notBefore: 11 });
    t.equal(await raw.note(noted), true);
    await redis.restart({ keepData: false });
    await state(true, 3);
    const next = openStore(t, { url: redis.url });
    t.same(await next.raw.load('cost', 'default'), { kept: keptOn(1), standing: noted });
    t.same(await next.raw.load('tags', 'default'), { kept: other, standing: standingFor(other) });
  },
);

t.test('emptied while it is connected: once that is known, all is written again', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const { store, connection, state } = openStore(t, { url: redis.url });
  await state(true, 1);
  await store.save(keptOn(1));
  await redis.cli(['flushall']);
  connection.lost();
  await eventually('it is there again', async () =>
    (await redis.cli(['exists', KEY])) === '1' ? true : undefined,
  );
  const next = openStore(t, { url: redis.url });
  t.same(await next.raw.load('cost', 'default'), { kept: keptOn(1), standing: standingFor(keptOn(1)) });
});
