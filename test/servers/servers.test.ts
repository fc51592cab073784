import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import t from 'tap';
import { eventually, run, type TestScope } from './process.ts';
import {
  ACCEPT,
  promtoolCheckMetrics,
  requirePromtool,
  startAcceptProxy,
  startPrometheus,
} from './prometheus.ts';
import { BOTO3, pythonWithPackages } from './python.ts';
import { startRedis } from './redis.ts';

t.test(
  'Redis: kill keeps what was acknowledged, a pause answers nothing, a restart may forget',
  async (t) => {
    const redis = await startRedis(t, { password: 'p:@/ö' });
    if (redis === undefined) return;
    t.equal(await redis.cli(['set', 'key'], Buffer.from('välue\n\0')), 'OK');
    await redis.kill();
    await t.rejects(redis.cli(['ping']));
    await redis.restart({ keepData: true });
    t.equal(await redis.cli(['get', 'key']), 'välue\n\0');

    const client = new Redis(redis.url, { commandTimeout: 100, maxRetriesPerRequest: 0 });
    t.teardown(() => client.disconnect());
    t.equal(await client.ping(), 'PONG');
    redis.pause();
    await t.rejects(client.ping(), { message: 'Command timed out' });
    redis.resume();
    await eventually('answers again', async () => ((await client.ping()) === 'PONG' ? true : undefined));

    await redis.restart({ keepData: false });
    t.equal(await redis.cli(['dbsize']), '0');
    await redis.stop();
    await t.rejects(redis.cli(['ping']));
    await t.rejects(redis.cli(['no-such-command']));
  },
);

t.test('Redis over TLS is trusted through its own authority only', async (t) => {
  const redis = await startRedis(t, { tls: true });
  if (redis?.ca === undefined) return;
  t.equal(await redis.cli(['ping']), 'PONG');
  const client = new Redis(redis.url, { tls: { ca: redis.ca } });
  t.teardown(() => client.disconnect());
  t.equal(await client.ping(), 'PONG');
});

t.test('Prometheus scrapes the format that the proxy asks for', async (t) => {
  const exporter = createServer((request, response) => {
    const openMetrics = request.headers.accept?.startsWith('application/openmetrics-text') ?? false;
    response.setHeader(
      'content-type',
      openMetrics ? 'application/openmetrics-text; version=1.0.0' : 'text/plain; version=0.0.4',
    );
    response.end(`# TYPE up_for_test gauge\nup_for_test{service="a b"} 1.5\n${openMetrics ? '# EOF\n' : ''}`);
  });
  await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
  t.teardown(() => exporter.close().closeAllConnections());
  const address = exporter.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const target = `http://127.0.0.1:${port}/metrics`;
  const text = await startAcceptProxy(t, target, ACCEPT.text);
  const openMetrics = await startAcceptProxy(t, target, ACCEPT.openMetrics);
  const prometheus = await startPrometheus(t, {
    scrapeIntervalMs: 100,
    targets: [
      { url: text.url, labels: { format: 'text' } },
      { url: openMetrics.url, labels: { format: 'openmetrics' }, job: 'open' },
    ],
  });
  if (prometheus === undefined) return;
  await prometheus.waitForTargetsUp();
  const answer = await prometheus.waitFor('up_for_test', (series) => series.length === 2);
  t.match(answer.map(({ metric, value }) => [metric.format, metric.service, value]).sort(), [
    ['openmetrics', 'a b', 1.5],
    ['text', 'a b', 1.5],
  ]);
  t.equal((await prometheus.query('scalar(sum(up_for_test))'))[0]?.value, 3);
  t.same([...text.contentTypes], ['text/plain; version=0.0.4']);
  t.same([...openMetrics.contentTypes], ['application/openmetrics-text; version=1.0.0']);
  await t.rejects(prometheus.query('up{'), /parse error/);
});

t.test('promtool names what it does not like', async (t) => {
  if (requirePromtool(t) === undefined) return;
  t.same(await promtoolCheckMetrics('# HELP a_bytes Bytes.\n# TYPE a_bytes gauge\na_bytes 1\n'), []);
  t.match(await promtoolCheckMetrics('# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n'), [/a_total/]);
  t.match(await promtoolCheckMetrics('a{ 1\n'), [/parsing/]);
});

t.test('Python has the packages that were asked for', { timeout: 300_000 }, async (t) => {
  const python = await pythonWithPackages(t, [BOTO3]);
  if (python === undefined) return;
  const { stdout } = await run(python, ['-c', 'import boto3; print(boto3.__version__)']);
  t.equal(`boto3==${stdout.trim()}`, BOTO3);
});

t.test('what is absent is skipped in sight, and fails in CI', async (t) => {
  const { CI, PATH } = process.env;
  t.teardown(() => {
    process.env.PATH = PATH;
    if (CI === undefined) delete process.env.CI;
    else process.env.CI = CI;
  });
  const skipped: string[] = [];
  const scope: TestScope = { teardown: () => {}, pass: (message) => skipped.push(message) };
  process.env.PATH = '/nonexistent';
  delete process.env.CI;
  t.equal(await startRedis(scope), undefined);
  t.equal(await startPrometheus(scope, { targets: [] }), undefined);
  t.equal(await pythonWithPackages(scope, ['no-such-package==0']), undefined);
  t.match(skipped, [
    /^redis-server is absent: apt-get install/,
    /^prometheus is absent/,
    /^python3 is absent/,
  ]);
  process.env.CI = 'true';
  await t.rejects(startRedis(scope), /redis-server is absent/);
});
