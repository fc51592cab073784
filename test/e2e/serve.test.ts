import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { type FaultAction, generateBill, type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { eventually } from '../servers/process.ts';
import { CLI, runCommand, startServe } from './command.ts';
import { collected, readJson, scrape, total } from './page.ts';

t.setTimeout(180_000);

const bill = generateBill({ seed: 1, today: new Date(), days: 50 });

async function simulated(t: Test): Promise<Simulator> {
  const simulator = await startSimulator({ bill });
  t.teardown(() => simulator.close());
  return simulator;
}

/** Ends a process by SIGTERM: exit code 0, in less than the 2 s that are promised, with nothing on standard error. */
async function endsInTime(t: Test, served: Awaited<ReturnType<typeof startServe>>): Promise<void> {
  const { code, signal, ms } = await served.end('SIGTERM');
  t.same({ code, signal }, { code: 0, signal: null });
  t.ok(ms < 2_000, `${Math.round(ms)} ms`);
  t.equal(served.stderr(), '');
}

t.test('serve collects, serves, and ends at SIGTERM', async (t) => {
  const simulator = await simulated(t);
  const served = await startServe(t, { AWS_ENDPOINT_URL: simulator.url });
  const page = await collected(served.metricsUrl);
  const cost = await readJson<{ total: number }>(`${served.restUrl}/cost/current`);
  t.ok(cost.total > 0);
  t.ok(Math.abs(total(page, 'aws_cost_total') - cost.total) < 1e-6);
  for (const [path, onRest, onMetrics] of [
    ['/metrics', 404, 200],
    ['/cost/current', 200, 404],
    ['/docs/', 200, 404],
    ['/health', 200, 200],
    ['/ready', 200, 200],
  ] as const) {
    t.equal((await fetch(served.restUrl + path)).status, onRest, `REST ${path}`);
    t.equal((await fetch(served.metricsUrl + path)).status, onMetrics, `metrics ${path}`);
  }
  await endsInTime(t, served);
});

const HELD: FaultAction[] = [{ kind: 'hang' }, { kind: 'drip', bytes: 1, ms: 200 }];
for (const fault of HELD) {
  for (const operation of ['GetCallerIdentity', 'GetCostAndUsage']) {
    t.test(`SIGTERM while ${operation} is under way (${fault.kind}) ends in time`, async (t) => {
      const simulator = await simulated(t);
      simulator.faults.add({ operation, ...fault });
      const served = await startServe(t, { AWS_ENDPOINT_URL: simulator.url });
      await eventually('the fault has hit', () =>
        simulator.requests.some((request) => request.operation === operation && request.fault === fault.kind)
          ? true
          : undefined,
      );
      t.equal((await fetch(`${served.metricsUrl}/health`)).status, 200);
      await endsInTime(t, served);
    });
  }
}

t.test('from SIGTERM until the sockets close, /ready says 503; /health and /metrics answer', async (t) => {
  const simulator = await simulated(t);
  const served = await startServe(t, { AWS_ENDPOINT_URL: simulator.url });
  await collected(served.metricsUrl);
  t.equal((await fetch(`${served.metricsUrl}/ready`)).status, 200);
  // A request that never ends keeps the REST listener from closing for its grace period.
  const client = connect(Number(new URL(served.restUrl).port), '127.0.0.1');
  t.teardown(() => client.destroy());
  await once(client, 'connect');
  await new Promise((resolve) => client.write('GET /health HTTP/1.1\r\nhost: ', resolve));
  client.on('error', () => {});
  // Answered after the half request was read: both go through the one event loop.
  await readJson(`${served.restUrl}/health`);
  const ending = served.end('SIGTERM');
  const ready = await eventually('/ready is no longer 200', async () => {
    const answer = await fetch(`${served.metricsUrl}/ready`);
    return answer.status === 200 ? undefined : answer;
  });
  t.equal(ready.status, 503);
  t.match(await ready.json(), { status: 'stopping' });
  t.equal((await fetch(`${served.metricsUrl}/health`)).status, 200);
  t.ok(total(await scrape(served.metricsUrl), 'aws_cost_total') > 0);
  const { code, ms } = await ending;
  t.equal(code, 0);
  t.ok(ms < 2_000, `${Math.round(ms)} ms`);
});

t.test('a second signal ends it at once', async (t) => {
  const served = await startServe(t, { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
  served.signal('SIGTERM');
  const { code } = await served.end('SIGINT');
  t.equal(code, 0);
});

t.test('a port that is taken is one clear line and exit code 1', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const port = String(address.port);
  for (const setting of ['PORT', 'METRICS_PORT']) {
    const { code, stderr } = await runCommand(t, [CLI, 'serve'], {
      env: { [setting]: port, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    });
    t.equal(code, 1, setting);
    t.match(stderr, new RegExp(`^aws-cost-exporter: 127\\.0\\.0\\.1:${port} is in use: .*\\n$`), setting);
  }
  const { code, stderr } = await runCommand(t, [CLI, 'serve'], { env: { HOST: '192.0.2.1' } });
  t.equal(code, 1, 'an address of another machine');
  t.match(stderr, /^aws-cost-exporter: 192\.0\.2\.1:\d* cannot be listened on .*\n$/);
});

t.test('wrong settings are named all at once, and exit code 2', async (t) => {
  const { code, stdout, stderr } = await runCommand(t, [CLI, 'serve'], {
    env: { PORT: '70000', COST_INTERVAL: 'soon', REDIS_URL: 'http://user:hidden@example.com' },
  });
  t.equal(code, 2);
  t.equal(stdout, '');
  for (const word of ['PORT', '70000', 'COST_INTERVAL', 'soon', '90m', 'REDIS_URL']) {
    t.ok(stderr.includes(word), `${word} is named`);
  }
  t.notMatch(stderr, /hidden/);
});

t.test('one number for both ports means one listener', async (t) => {
  const simulator = await simulated(t);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const port = String(address.port);
  await new Promise((resolve) => server.close(resolve));
  const served = await startServe(
    t,
    { AWS_ENDPOINT_URL: simulator.url, PORT: port, METRICS_PORT: port },
    { listeners: 1 },
  );
  t.equal(served.restUrl, served.metricsUrl);
  const page = await collected(served.metricsUrl);
  const cost = await readJson<{ total: number }>(`${served.restUrl}/cost/current`);
  t.ok(Math.abs(total(page, 'aws_cost_total') - cost.total) < 1e-6);
  await endsInTime(t, served);
});
