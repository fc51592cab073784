import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { EXPIRY_SECONDS } from '../../src/collection/redis-store.ts';
import { encode } from '../../src/collection/snapshot-codec.ts';
import { eventually } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { KEY, keptOn, openStore, stored, untilStored } from './store-helper.ts';

t.setTimeout(120_000);

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
    const [first, second] = [a.lease, b.lease];
    /** Who collects from here on. */
    const leads = (lease: typeof first) => {
      first.held = lease === first;
      second.held = lease === second;
    };
    leads(first);
    await a.store.save(keptOn(1));
    await untilStored(redis, 1);
    t.same(await b.store.load('cost', 'default'), keptOn(1));
    leads(second);
    await b.store.save(keptOn(2));
    await untilStored(redis, 2);
    t.same(await a.store.load('cost', 'default'), keptOn(2));
    leads(first);
    await a.store.save(keptOn(3));
    await untilStored(redis, 3);
    leads(second);
    await b.store.save(keptOn(4, { fingerprint: 'another configuration' }));
    await eventually('b in Redis', async () =>
      (await stored(redis))?.snapshot.requests === 1 ? true : undefined,
    );
    await b.connection.check();
    t.same(await a.store.load('cost', 'default'), keptOn(3));
    leads(first);
    await redis.cli(['set', KEY], await encode(keptOn(2)));
    t.same(await a.store.load('cost', 'default'), keptOn(3), 'an older one replaces nothing of the holder');
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
