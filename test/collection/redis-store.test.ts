import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import t from 'tap';
import { EXPIRY_SECONDS } from '../../src/collection/redis-store.ts';
import { decode, encode } from '../../src/collection/snapshot-codec.ts';
import { eventually, freePort } from '../servers/process.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { startTcpProxy } from '../servers/tcp-proxy.ts';
import { keptOn, openStore } from './store-helper.ts';

t.setTimeout(120_000);

const KEY = 'test:snapshot:cost:default';

/** What Redis has under a key, unpacked; undefined where it has nothing. */
async function stored(redis: RedisServer, key = KEY) {
  const client = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    await client.connect();
    const bytes = await client.getBuffer(key);
    return bytes === null ? undefined : await decode(bytes);
  } finally {
    client.disconnect();
  }
}

const untilStored = (redis: RedisServer, day: number, key = KEY) =>
  eventually(`day ${day} in Redis`, async () => {
    const kept = await stored(redis, key);
    return JSON.stringify(kept) === JSON.stringify(keptOn(day, kept?.snapshot)) ? true : undefined;
  });

t.test('a second process finds what the first has saved', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const first = openStore(t, { url: redis.url });
  t.equal(await first.store.load('cost', 'default'), undefined);
  await first.store.save(keptOn(1));
  await first.store.save(keptOn(2, { target: 'a:b/ü 100%' }));
  t.same(await first.store.load('cost', 'default'), keptOn(1));
  await first.store.close();

  const second = openStore(t, { host: redis.host, port: redis.port });
  t.same(await second.store.load('cost', 'default'), keptOn(1));
  t.same(await second.store.load('cost', 'a:b/ü 100%'), keptOn(2, { target: 'a:b/ü 100%' }));
  t.equal(await second.store.load('cost', 'a'), undefined);
  t.match(await redis.cli(['keys', 'test:snapshot:*b*']), 'test:snapshot:cost:a%3Ab%2F%C3%BC%20100%25');
  const expiry = Number(await redis.cli(['ttl', KEY]));
  t.ok(expiry > EXPIRY_SECONDS - 60 && expiry <= EXPIRY_SECONDS, `expires in ${expiry} s`);
  await second.state(true, 1);
  t.same(first.lines.length, 1);
  t.match(first.lines, [/^info Redis is up {"redis":"redis:\/\/127\.0\.0\.1:\d+\/0"}$/]);
  t.match(await redis.cli(['client', 'list']), /name=aws-cost-exporter/);
});

t.test(
  'what another process has collected later is shown, what it has collected differently is not',
  async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const [a, b] = [openStore(t, { url: redis.url }), openStore(t, { url: redis.url })];
    await a.store.save(keptOn(1));
    await untilStored(redis, 1);
    t.same(await b.store.load('cost', 'default'), keptOn(1));
    await b.store.save(keptOn(2));
    await untilStored(redis, 2);
    t.same(await a.store.load('cost', 'default'), keptOn(2));
    await a.store.save(keptOn(3));
    await untilStored(redis, 3);
    await b.store.save(keptOn(4, { fingerprint: 'another configuration' }));
    await eventually('b in Redis', async () =>
      (await stored(redis))?.snapshot.requests === 1 ? true : undefined,
    );
    await b.connection.check();
    t.same(await a.store.load('cost', 'default'), keptOn(3));
    await redis.cli(['set', KEY], await encode(keptOn(2)));
    t.same(await a.store.load('cost', 'default'), keptOn(3), 'an older one replaces nothing');
  },
);

t.test('two prefixes and two databases do not see each other', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const one = openStore(t, { url: redis.url, keyPrefix: 'one:' });
  const two = openStore(t, { url: redis.url, keyPrefix: 'two:' });
  const other = openStore(t, { url: `${redis.url}/3`, keyPrefix: 'one:' });
  await one.store.save(keptOn(1));
  await two.store.save(keptOn(2));
  await untilStored(redis, 1, 'one:snapshot:cost:default');
  await untilStored(redis, 2, 'two:snapshot:cost:default');
  t.same(await one.store.load('cost', 'default'), keptOn(1));
  t.same(await two.store.load('cost', 'default'), keptOn(2));
  t.equal(await other.store.load('cost', 'default'), undefined);
  t.match(other.connection.client.options, { db: 3 });
});

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
  await redis.cli(
    ['set', 'test:snapshot:forecast:default'],
    await encode(keptOn(1, { collector: 'forecast' })),
  );
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

t.test('what is not ours under our key is ignored, said once, and overwritten', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const good = await encode(keptOn(1));
  const { format: _, ...older } = JSON.parse(gunzipSync(good).toString());
  const values: [string, Buffer | undefined, RegExp][] = [
    ['garbage', Buffer.from([0xff, 0, 1, 2]), /gzip/],
    ['half', good.subarray(0, good.length - 9), /gzip/],
    ['no version', gzipSync(JSON.stringify(older)), /not a snapshot/],
    ['older version', gzipSync(JSON.stringify({ format: 0, ...older })), /format 0, not 1/],
    ['of another', await encode(keptOn(1, { target: 'another' })), /another collector or target/],
    ['a list', undefined, /not a string/],
  ];
  for (const [name, bytes, reason] of values) {
    await t.test(name, async (t) => {
      await redis.cli(['flushall']);
      if (bytes === undefined) await redis.cli(['rpush', KEY, 'x']);
      else await redis.cli(['set', KEY], bytes);
      const { store, lines, states } = openStore(t, { url: redis.url });
      t.equal(await store.load('cost', 'default'), undefined);
      t.equal(await store.load('cost', 'default'), undefined);
      const complaints = lines.filter((line) => line.startsWith('warn'));
      t.match(complaints, [reason]);
      t.equal(complaints.length, 1);
      await store.save(keptOn(2));
      await untilStored(redis, 2);
      t.notOk(states.includes(false), 'Redis is not down for that');
    });
  }
});

t.test('TLS is verified', async (t) => {
  const redis = await startRedis(t, { tls: true, password: 'p%&' });
  if (redis?.ca === undefined) return;
  const untrusting = openStore(t, { url: redis.url });
  await untrusting.state(false, 1);
  t.match(untrusting.lines, [/certificate/]);
  const before = getCACertificates('default');
  t.teardown(() => setDefaultCACertificates(before));
  setDefaultCACertificates([...before, redis.ca]);
  for (const url of [redis.url, redis.url.replace('127.0.0.1', 'localhost')]) {
    const trusting = openStore(t, { url });
    await trusting.store.save(keptOn(1));
    await trusting.state(true, 1);
    t.match(await redis.cli(['exists', KEY]), '1');
    t.match(trusting.lines, [/rediss:/]);
  }
});

t.test('TLS tells the server which name is meant', async (t) => {
  const names: string[] = [];
  const server = createTlsServer({
    SNICallback(name, done) {
      names.push(name);
      done(new Error('no certificate'));
    },
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  await openStore(t, { url: `rediss://localhost:${port}` }).state(false, 1);
  t.equal(names[0], 'localhost');
});

t.test('closing never hangs, and writes what it can', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  async function closesInTime(what: string, store: { close(): Promise<void> }) {
    const from = performance.now();
    await store.close();
    await store.close();
    const ms = performance.now() - from;
    t.ok(ms < 2_000, `${what}: ${Math.round(ms)} ms`);
  }
  const at = openStore(t, { url: redis.url });
  await at.state(true, 1);
  await at.store.save(keptOn(1));
  await closesInTime('up, with a write under way', at.store);
  t.same(await stored(redis), keptOn(1));
  t.same(at.states, [true], 'closing is no change of state');
  t.equal((await redis.cli(['client', 'list'])).includes('aws-cost-exporter'), false);

  await closesInTime('not connected yet', openStore(t, { url: redis.url }).store);
  const paused = openStore(t, { url: redis.url });
  await paused.state(true, 1);
  redis.pause();
  await paused.store.save(keptOn(2));
  await closesInTime('paused', paused.store);
  await closesInTime('paused from the start', openStore(t, { url: redis.url }).store);
  redis.resume();
  await redis.kill();
  const down = openStore(t, { url: redis.url });
  await down.state(false, 1);
  await closesInTime('down', down.store);
});
