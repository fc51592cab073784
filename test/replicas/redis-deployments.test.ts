import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ROOT, type Served, startServe } from '../e2e/command.ts';
import { collected, pageWith, valueIn } from '../e2e/page.ts';
import { cacheIs, cost, keptIn, simulated, stillServes } from '../e2e/redis-helper.ts';
import { freePort, launch, requireProgram } from '../servers/process.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';

t.setTimeout(180_000);
t.jobs = 3;

/** All first collections are waited for: what one buys later would be taken for bought anew. */
const ALL = ['cost', 'forecast', 'tags', 'optimization', 'well-architected'];

/** The exporter has collected, kept and counted, and Redis has refused it nothing. */
async function works(t: Test, served: Served, redis: RedisServer): Promise<void> {
  await collected(served.metricsUrl, ALL);
  await cacheIs(served, 1);
  await keptIn(t, redis);
  await pageWith(
    served.metricsUrl,
    'the lease is held',
    (page) => valueIn(page, 'aws_cost_exporter_lease_held') === 1,
  );
  const [day] = (await redis.cli(['keys', 'aws-cost-exporter:spend:*'])).split('\n');
  t.ok(Number(await redis.cli(['hget', day ?? '', 'default GetCostAndUsage'])) > 0, 'the ledger counts');
}

t.test('the least ACL user that the documentation names is enough', { buffered: true }, async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const page = await readFile(join(ROOT, 'docs/redis.md'), 'utf8');
  const [line] = /^ACL SETUSER .*$/m.exec(page) ?? [];
  await redis.cli((line ?? '').split(' '));
  await redis.cli(['acl', 'log', 'reset']);
  const simulator = await simulated(t);
  const env = {
    AWS_ENDPOINT_URL: simulator.url,
    REDIS_URL: redis.url.replace('//', '//exporter:password@'),
  };
  const first = await startServe(t, env);
  await works(t, first, redis);
  t.equal((await first.end('SIGTERM')).code, 0);
  const asked = simulator.requests.length;
  const second = await startServe(t, env);
  await pageWith(
    second.metricsUrl,
    'the kept figures',
    (page) =>
      valueIn(page, 'aws_cost_exporter_collector_skipped_total', { collector: 'cost', reason: 'fresh' }) ===
      1,
  );
  await stillServes(t, second);
  const again = simulator.requests.slice(asked).filter(({ operation }) => operation === 'GetCostAndUsage');
  t.equal(again.length, 0, 'a restart buys nothing that is fresh');
  t.equal((await second.end('SIGTERM')).code, 0);
  t.equal(await redis.cli(['acl', 'log']), '', 'nothing was refused');
});

t.test('TLS, with a user', { buffered: true }, async (t) => {
  const redis = await startRedis(t, { tls: true });
  if (redis === undefined) return;
  await redis.cli(['acl', 'setuser', 'exporter', 'on', '>p@ss/word', '~*', '&*', '+@all']);
  const simulator = await simulated(t);
  const file = join(t.testdir({ 'ca.pem': redis.ca ?? '' }), 'ca.pem');
  const served = await startServe(t, {
    AWS_ENDPOINT_URL: simulator.url,
    NODE_EXTRA_CA_CERTS: file,
    REDIS_URL: `rediss://exporter:p%40ss%2Fword@localhost:${redis.port}/2`,
  });
  await collected(served.metricsUrl);
  await cacheIs(served, 1);
  t.equal((await served.end('SIGTERM')).code, 0);
  t.ok(Number(await redis.cli(['-n', '2', 'dbsize'])) > 0, 'in the database of the URL');
  t.equal(await redis.cli(['-n', '0', 'dbsize']), '0');
  t.notMatch(served.stdout() + served.stderr(), /p@ss/);
});

t.test('Sentinel: after a failover the new primary has everything', { buffered: true }, async (t) => {
  const primary = await startRedis(t, { password: 'secret' });
  if (primary === undefined || requireProgram(t, 'redis-server') === undefined) return;
  const standby = await startRedis(t, {
    password: 'secret',
    args: ['--replicaof', '127.0.0.1', String(primary.port), '--masterauth', 'secret'],
  });
  if (standby === undefined) return;
  const port = await startSentinel(t, primary.port);
  const simulator = await simulated(t);
  const served = await startServe(t, {
    AWS_ENDPOINT_URL: simulator.url,
    REDIS_URL: 'redis://:secret@ignored.invalid/0',
    REDIS_SENTINELS: `127.0.0.1:${port}`,
    REDIS_SENTINEL_NAME: 'mymaster',
  });
  await works(t, served, primary);
  const asked = simulator.requests.length;
  const before = await cost(served);
  await primary.kill();
  await pageWith(
    served.metricsUrl,
    'Redis is down',
    (page) => valueIn(page, 'aws_cost_exporter_cache_up') === 0,
  );
  await stillServes(t, served);
  await cacheIs(served, 1);
  await keptIn(t, standby);
  t.same(await cost(served), before);
  t.equal(await standby.cli(['role']).then((role) => role.split('\n')[0]), 'master');
  t.same(
    simulator.requests.slice(asked).map(({ operation }) => operation),
    [],
    'nothing was bought anew',
  );
  t.equal((await served.end('SIGTERM')).code, 0);
});

/** A Sentinel that watches a primary; gives its port. */
async function startSentinel(t: Test, primary: number): Promise<number> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'sentinel-test-'));
  const file = join(folder, 'sentinel.conf');
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor mymaster 127.0.0.1 ${primary} 1`,
      'sentinel auth-pass mymaster secret',
      'sentinel down-after-milliseconds mymaster 1000',
      'sentinel failover-timeout mymaster 5000',
    ].join('\n'),
  );
  const sentinel = await launch('redis-server', [file, '--sentinel']);
  t.teardown(async () => {
    await sentinel.end();
    await rm(folder, { recursive: true, force: true });
  });
  return port;
}
