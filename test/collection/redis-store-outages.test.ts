import t from 'tap';
import { encode } from '../../src/collection/snapshot-codec.ts';
import { eventually, freePort } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { startTcpProxy } from '../servers/tcp-proxy.ts';
import { KEY, keptOn, openStore, stored, untilStored } from './store-helper.ts';

t.setTimeout(120_000);

t.test('a restart with its data keeps the snapshot', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const { store, states, lines, state } = openStore(t, { url: redis.url });
  await store.save(keptOn(1));
  await untilStored(redis, 1);
  await redis.cli(['expire', KEY, '5000']);
  await redis.restart({ keepData: true });
  await state(true, 3);
  t.ok(Number(await redis.cli(['ttl', KEY])) <= 5_000, 'what is there is not written again');
  t.same(states, [true, false, true]);
  t.match(lines, [/^info Redis is up/, /^warn Redis is down: going on from memory/, /^info Redis is up/]);
  t.equal(lines.length, 3);
  t.same(await stored(redis), keptOn(1));
});

t.test('killed and come back empty: saved and read snapshots are written again', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const before = openStore(t, { url: redis.url });
  await before.store.save(keptOn(1, { collector: 'forecast' }));
  await before.store.close();
  const { store, state } = openStore(t, { url: redis.url });
  t.same(await store.load('forecast', 'default'), keptOn(1, { collector: 'forecast' }));
  await store.save(keptOn(1));
  await untilStored(redis, 1);
  await redis.kill();
  await state(false, 2);
  t.same(await store.load('cost', 'default'), keptOn(1), 'from memory');
  await store.save(keptOn(2));
  t.same(await store.load('cost', 'default'), keptOn(2));
  await redis.restart({ keepData: false });
  await state(true, 3);
  t.same(await stored(redis), keptOn(2));
  t.same(await stored(redis, 'test:snapshot:forecast:default'), keptOn(1, { collector: 'forecast' }));
});

t.test('coming back, an older snapshot does not overwrite a newer one', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  await redis.cli(['acl', 'setuser', 'exporter', 'on', '>secret', '~*', '&*', '+@all']);
  const { store, state, lines } = openStore(t, { url: redis.url.replace('//', '//exporter:secret@') });
  await store.save(keptOn(1));
  await untilStored(redis, 1);
  await redis.cli(['acl', 'setuser', 'exporter', 'off']);
  await redis.cli(['client', 'kill', 'user', 'exporter']);
  await state(false, 2);
  await store.save(keptOn(2));
  await redis.cli(['set', KEY], await encode(keptOn(3)));
  await redis.cli(['acl', 'setuser', 'exporter', 'on']);
  await state(true, 3);
  t.same(await stored(redis), keptOn(3));
  t.same(await store.load('cost', 'default'), keptOn(3));
  t.notMatch(lines.join(), 'secret');
});

t.test('paused: one line, memory, and by itself back with what was saved meanwhile', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const { store, states, lines, state } = openStore(t, { url: redis.url });
  await store.save(keptOn(1));
  await untilStored(redis, 1);
  redis.pause();
  const asked = performance.now();
  t.same(await store.load('cost', 'default'), keptOn(1));
  t.ok(performance.now() - asked < 3_000, 'a load waits 2 s at most');
  await store.save(keptOn(2));
  await state(false, 2);
  const again = performance.now();
  t.same(await store.load('cost', 'default'), keptOn(2));
  t.ok(performance.now() - again < 1_000, 'known to be down: no wait');
  redis.resume();
  await state(true, 3);
  t.same(await stored(redis), keptOn(2));
  t.same(states, [true, false, true]);
  t.match(lines[1], /no answer within 2000 ms/);
  t.equal(lines.length, 3);
});

t.test('paused from the start: a load gives up after 2 s, later ones at once', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  await redis.cli(['set', KEY], await encode(keptOn(1)));
  redis.pause();
  const { store, states, state } = openStore(t, { url: redis.url });
  const asked = performance.now();
  t.equal(await store.load('cost', 'default'), undefined);
  t.ok(performance.now() - asked < 3_000);
  t.equal(await store.load('forecast', 'default'), undefined);
  t.ok(performance.now() - asked < 3_000);
  t.same(states, [false]);
  redis.resume();
  await state(true, 2);
  t.same(await store.load('cost', 'default'), keptOn(1));
});

t.test('a wrong password is tried again, and never told', async (t) => {
  const redis = await startRedis(t, { password: 'right' });
  if (redis === undefined) return;
  const wrong = openStore(t, { url: redis.url.replace('right', 'wrong-secret') });
  const none = openStore(t, { host: redis.host, port: redis.port });
  await wrong.store.save(keptOn(1));
  t.same(await wrong.store.load('cost', 'default'), keptOn(1));
  t.equal(await none.store.load('cost', 'default'), undefined);
  await wrong.state(false, 1);
  await none.state(false, 1);
  t.match(wrong.lines, [/^warn Redis is down: going on from memory .*WRONGPASS/]);
  t.match(none.lines, [/^warn Redis is down: going on from memory .*NOAUTH/]);
  await redis.cli(['config', 'set', 'requirepass', 'wrong-secret']);
  await wrong.state(true, 2);
  t.notMatch(wrong.lines.join('\n'), /wrong-secret/);
  t.equal(wrong.lines.length, 2);
  t.equal(none.lines.length, 1);
});

t.test('a name that does not resolve, and a port where nobody listens', async (t) => {
  const unknown = openStore(t, { host: 'redis.invalid' });
  const closed = openStore(t, { url: `redis://127.0.0.1:${await freePort()}` });
  for (const { store, state, lines } of [unknown, closed]) {
    t.equal(await store.load('cost', 'default'), undefined);
    await state(false, 1);
    await store.save(keptOn(1));
    t.same(await store.load('cost', 'default'), keptOn(1));
    t.equal(lines.length, 1);
  }
  t.match(unknown.lines, [/ENOTFOUND|EAI_AGAIN/]);
  t.match(closed.lines, [/ECONNREFUSED/]);
});

t.test('a read-only replica is down for writing, and read from', async (t) => {
  const primary = await startRedis(t, { args: ['--repl-diskless-sync-delay', '0'] });
  const replica = await startRedis(t);
  if (primary === undefined || replica === undefined) return;
  await primary.cli(['set', KEY], await encode(keptOn(1)));
  await replica.cli(['replicaof', primary.host, String(primary.port)]);
  await eventually('replicated', async () =>
    (await replica.cli(['exists', KEY])) === '1' ? true : undefined,
  );
  const { store, lines, states, state } = openStore(t, { url: replica.url });
  await state(false, 1);
  t.same(await eventually('read from the replica', () => store.load('cost', 'default')), keptOn(1));
  await store.save(keptOn(2));
  t.same(await store.load('cost', 'default'), keptOn(2));
  t.match(lines, [/READONLY/]);
  await replica.cli(['replicaof', 'no', 'one']);
  await state(true, 2);
  t.same(await stored(replica), keptOn(2));
  t.same(states, [false, true]);
  t.equal(lines.length, 2);
});

t.test('a connection that has gone silent is replaced, one that was cut too', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const proxy = await startTcpProxy(t, redis.port);
  const { store, lines, state } = openStore(t, { host: proxy.host, port: proxy.port });
  await state(true, 1);
  proxy.silence();
  await store.save(keptOn(1));
  await state(true, 3);
  t.same(await stored(redis), keptOn(1));
  proxy.cut();
  await state(true, 5);
  t.match(
    lines.filter((line) => line.startsWith('warn')),
    [/no answer/, /closed/],
  );
});

t.test('a failover behind a name: the new primary is found', async (t) => {
  const [primary, replica] = [await startRedis(t), await startRedis(t)];
  if (primary === undefined || replica === undefined) return;
  await replica.cli(['replicaof', '127.0.0.1', '1']);
  const proxy = await startTcpProxy(t, replica.port);
  const { store, state } = openStore(t, { host: proxy.host, port: proxy.port });
  await state(false, 1);
  await store.save(keptOn(1));
  proxy.target = primary.port;
  await state(true, 2);
  t.same(await stored(primary), keptOn(1));
});

t.test('a full Redis is down until it has room', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const { store, lines, state } = openStore(t, { url: redis.url });
  await state(true, 1);
  await redis.cli(['config', 'set', 'maxmemory', '1']);
  await store.save(keptOn(1));
  await state(false, 2);
  t.match(lines[1], /OOM/);
  t.same(await store.load('cost', 'default'), keptOn(1));
  await redis.cli(['config', 'set', 'maxmemory', '0']);
  await state(true, 3);
  t.same(await stored(redis), keptOn(1));
  t.equal(lines.length, 3);
});
