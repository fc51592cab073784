import t, { type Test } from 'tap';
import { createRedisConnection } from '../../src/collection/redis-connection.ts';
import type { RedisSettings } from '../../src/config.ts';
import { startCosts } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';

t.setTimeout(120_000);

/** A connection with what it has said; it ends with the test. */
function open(t: Test, address: Partial<RedisSettings>) {
  const lines: string[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  const states: boolean[] = [];
  const connection = createRedisConnection({
    settings: { port: 6379, db: 0, keyPrefix: 'test:', ...address },
    logger: { info: write('info'), warn: write('warn') },
    onUp: (up) => states.push(up),
    probeIntervalMs: 50,
  });
  t.teardown(() => connection.close());
  connection.start();
  const until = (up: boolean) => eventually(`up is ${up}`, () => (connection.up === up ? true : undefined));
  return { connection, lines, states, until };
}

const keysOf = async (redis: RedisServer, db: number) =>
  (await redis.cli(['-n', String(db), 'keys', '*'])).split('\n').filter((key) => key !== '');

t.test('a database that Redis does not have: down, and nothing is written elsewhere', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const { connection, lines, states, until } = open(t, { url: `${redis.url}/500` });
  t.equal(await connection.answers(), false);
  await until(false);
  await t.rejects(connection.ask((client) => client.set('test:x', '1')));
  await connection.check();
  await connection.check();
  t.equal(await connection.answers(), false);
  t.same(states, [false]);
  t.match(lines, [/^warn Redis is down: going on from memory .*DB index is out of range/]);
  t.equal(lines.length, 1);
  t.same(await keysOf(redis, 0), []);
  await redis.restart({ keepData: true, args: ['--databases', '501'] });
  await until(true);
  await connection.ask((client) => client.set('test:x', '1'));
  t.same((await keysOf(redis, 500)).toSorted(), ['test:probe', 'test:x']);
  t.same(await keysOf(redis, 0), []);
});

t.test('a user who may not select: down until it may; database 0 needs no permission', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  await redis.cli(['acl', 'setuser', 'exporter', 'on', '>secret', '~*', '&*', '+@all', '-select']);
  const address = redis.url.replace('//', '//exporter:secret@');
  const zero = open(t, { url: `${address}/0`, keyPrefix: 'zero:' });
  const third = open(t, { url: `${address}/3` });
  await zero.until(true);
  await third.until(false);
  await third.connection.check();
  t.equal(await third.connection.answers(), false);
  t.match(third.lines, [/NOPERM/]);
  t.notMatch(third.lines.join(), 'secret');
  t.same(await keysOf(redis, 0), ['zero:probe']);
  await redis.cli(['acl', 'setuser', 'exporter', '+select']);
  await third.until(true);
  t.same(third.states, [false, true]);
  t.same(await keysOf(redis, 3), ['test:probe']);
  t.same(await keysOf(redis, 0), ['zero:probe']);

  await redis.cli(['acl', 'setuser', 'exporter', '-select']);
  await redis.cli(['client', 'kill', 'user', 'exporter']);
  await third.until(false);
  await eventually('connected again', () => (third.connection.generation > 1 ? true : undefined));
  await third.connection.check();
  t.equal(third.connection.up, false, 'the next connection has to select too');
  await redis.cli(['acl', 'setuser', 'exporter', '+select']);
  await third.until(true);
  t.same(third.states, [false, true, false, true]);
});

t.test('the exporter says so in cache_up, and leaves database 0 alone', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const { metrics, app } = await startCosts(t, {
    env: { REDIS_HOST: redis.host, REDIS_PORT: String(redis.port), REDIS_DB: '500' },
    settle: false,
  });
  await app.rest.store.load('cost', 'default');
  const clients = async () => (await redis.cli(['client', 'list'])).includes('name=aws-cost-exporter');
  await eventually('connected', async () => ((await clients()) ? true : undefined));
  t.equal((await metrics()).value('aws_cost_exporter_cache_up'), 0);
  t.same(await keysOf(redis, 0), []);
});
