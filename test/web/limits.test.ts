// What one client can take of the listeners: requests, time, connections, memory.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { numberedBill } from '../e2e/numbered-bill.ts';
import { type Answer, ask, TODAY } from '../helper.ts';
import { eventually } from '../servers/process.ts';
import { startWeb, tokenLine } from './helper.ts';

t.setTimeout(180_000);

/** A connection that sends `bytes` and reads what it is told to. */
async function dial(t: Test, url: string, bytes: string): Promise<Socket> {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (bytes !== '') socket.write(bytes);
  return socket;
}

async function rest(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  if (!socket.closed) await once(socket, 'close');
  return text;
}

function isError(t: Test, answer: Answer, statusCode: number, code: string): void {
  t.match(answer.json(), { statusCode, code, error: String, message: /^[A-Z].*\.$/ });
  t.equal(Object.keys(answer.json()).length, 4);
  t.match(answer.headers['retry-after'], /^[1-9]\d*$/);
}

t.test(
  'more requests than an address may send are 429 until the window ends; probes and /metrics are not counted',
  async (t) => {
    const exporter = await startWeb(t, { app: { limits: { rate: { max: 10, windowMs: 2_000 } } } });
    for (let number = 1; number <= 10; number++) {
      const { status, headers } = await exporter.get(number % 2 ? '/spend' : '/docs/json');
      t.equal(status, 200, `request ${number}`);
      t.notOk(
        Object.keys(headers).some((name) => /ratelimit/.test(name)),
        'nothing is said of it before',
      );
    }
    for (const path of ['/spend', '/cost/current', '/', '/docs/', '/none', '/docs/none', '/%zz']) {
      const answer = await exporter.get(path);
      t.equal(answer.status, 429, path);
      isError(t, answer, 429, 'too_many_requests');
      t.ok(Number(answer.headers['retry-after']) <= 2);
    }
    const conditional = await exporter.get('/cost/current', { headers: { 'if-none-match': '*' } });
    t.equal(conditional.status, 429, 'one that would be 304 counts too');
    for (let number = 0; number < 30; number++) {
      const answers = await Promise.all([exporter.get('/health'), exporter.get('/ready'), exporter.scrape()]);
      t.same(
        answers.map(({ status }) => status),
        [200, 200, 200],
      );
    }
    await eventually('the window has ended', async () =>
      (await exporter.get('/spend')).status === 200 ? true : undefined,
    );
  },
);

t.test('a client that is slow to send is ended; one that is between requests is kept', async (t) => {
  const exporter = await startWeb(t, {
    app: { limits: { headersMs: 500, requestMs: 800, keepAliveMs: 60_000 } },
  });
  for (const url of [exporter.restUrl, exporter.metricsUrl]) {
    const kept = await dial(t, url, 'GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(kept, 'data');
    const slow = {
      'nothing at all': await dial(t, url, ''),
      'half a head': await dial(t, url, 'GET /health HTTP/1.1\r\nhost:'),
      'half a body': await dial(t, url, 'POST /health HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc'),
    };
    for (const [what, socket] of Object.entries(slow)) {
      const text = await rest(socket);
      if (what !== 'half a body') t.match(text, /^HTTP\/1\.1 408 [\s\S]*"statusCode":408/, what);
      t.pass(`${what}: ended`);
    }
    kept.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    const [answer] = (await once(kept, 'data')) as [Buffer];
    t.match(answer.toString(), /^HTTP\/1\.1 200 /, 'the kept connection still answers');
  }
});

t.test('a client that does not take its answer is ended, and holds nothing', async (t) => {
  const exporter = await startWeb(t, {
    app: { limits: { answerMs: 700 } },
    env: { COST_DAILY_DAYS: '365', COST_WINDOW_DAYS: '365' },
  });
  const page = await exporter.scrape();
  t.ok(page.bytes.length > 20_000, `${page.bytes.length} bytes`);
  // Many requests on one connection whose answers nobody reads: more than the kernel takes.
  const many = Math.ceil(16_000_000 / page.bytes.length);
  const greedy = await dial(t, exporter.metricsUrl, 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(many));
  greedy.pause();
  const open = async () =>
    new Promise<number>((resolve, reject) =>
      exporter.app.metrics.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  await eventually('it is connected', async () => ((await open()) > 0 ? true : undefined));
  await eventually('its connection is ended', async () => ((await open()) === 0 ? true : undefined));
  t.equal((await exporter.scrape()).status, 200, 'others are answered');
  const gone = await dial(t, exporter.metricsUrl, 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
  gone.destroy();
  await eventually('one that hangs up is gone as well', async () =>
    (await open()) === 0 ? true : undefined,
  );
});

t.test(
  'for more connections than a listener has room for those that wait for longest are closed; the other listener has its own',
  async (t) => {
    const exporter = await startWeb(t, { app: { limits: { connections: 8 } } });
    const held: Socket[] = [];
    for (let number = 0; number < 8; number++)
      held.push(await dial(t, exporter.restUrl, 'GET /health HTTP/1.1\r\nhost: x\r\n\r\n'));
    await Promise.all(held.map((socket) => once(socket, 'data')));
    t.equal((await exporter.get('/health')).status, 200, 'the ninth is let in');
    t.equal((await exporter.scrape()).status, 200);
    t.match(await exporter.logged(/connections were closed: there are too many/), { level: 40 });
    const [oldest, ...others] = held;
    await eventually('the oldest is closed', () => oldest?.closed || undefined);
    t.notOk(
      others.some(({ closed }) => closed),
      'the others are not',
    );
    for (const socket of others) socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
    for (const [answer] of await Promise.all(others.map((socket) => once(socket, 'data'))))
      t.match(String(answer), /^HTTP\/1\.1 200 /);
    for (const socket of held) socket.destroy();
  },
);

t.test('a body is of no use, and is not taken', async (t) => {
  const { restUrl } = await startWeb(t, {});
  const body = 'x'.repeat(100_000);
  const socket = await dial(
    t,
    restUrl,
    `POST /spend HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
  t.match(await rest(socket), /^HTTP\/1\.1 405 /);
  for (const path of ['/health', '/none']) {
    const large = await dial(
      t,
      restUrl,
      `GET ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    t.match(
      await rest(large),
      /^HTTP\/1\.1 413 .*\r\nconnection: close\r\n/is,
      `GET ${path}: and the connection ends`,
    );
    const next = `GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    const small = await dial(
      t,
      restUrl,
      `GET /health HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabcde${next}`,
    );
    t.equal((await rest(small)).match(/HTTP\/1\.1 200 /g)?.length, 2, 'a small one is passed over');
    const chunked = await dial(
      t,
      restUrl,
      `GET /health HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n`,
    );
    t.match(
      await rest(chunked),
      /^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/is,
      'what has no length is not waited for',
    );
  }
  t.equal((await ask(`${restUrl}/health`)).status, 200);
});

t.test(
  'whoever looks for paths that are none is limited as anyone else, shown credentials or not',
  async (t) => {
    const exporter = await startWeb(t, {
      tokens: tokenLine('grafana', 'first-token'),
      app: { limits: { rate: { max: 6, windowMs: 3_600_000 } } },
    });
    const answers = [];
    for (const path of ['/none', '/%zz', '/wp-login.php', '/.env', '/%', '/cost/none', '/none', '/%zz'])
      answers.push((await exporter.get(path)).status);
    t.same(answers, [404, 400, 404, 404, 400, 404, 429, 429]);
    t.equal((await exporter.get('/health')).status, 200);
  },
);

/** Keeps the event loop busy, in stretches, for a while. */
async function busy(stretchMs: number, totalMs: number): Promise<void> {
  const end = performance.now() + totalMs;
  while (performance.now() < end) {
    const until = performance.now() + stretchMs;
    while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

t.test('an event loop that stands still is 503 on REST, not for probes and scrapers', async (t) => {
  const exporter = await startWeb(t, { app: { limits: { loopDelayMs: 100 } } });
  const working = busy(400, 6_000);
  const overloaded = await eventually('REST says that it is overloaded', async () => {
    const answer = await exporter.get('/spend');
    return answer.status === 503 ? answer : undefined;
  });
  isError(t, overloaded, 503, 'overloaded');
  t.equal(overloaded.json().code, 'overloaded');
  for (const answer of [
    await exporter.get('/health'),
    await exporter.get('/ready'),
    await exporter.scrape(),
  ]) {
    t.equal(answer.status, 200);
  }
  await working;
  await eventually('and recovers', async () =>
    (await exporter.get('/spend')).status === 200 ? true : undefined,
  );
  t.same(
    exporter.log().filter(({ level }) => Number(level) >= 50),
    [],
    'it is no failure',
  );
});

t.test('a large bill, bought and published, is no reason for a 503', async (t) => {
  const bill = numberedBill({
    number: 3,
    today: new Date(`${TODAY}T00:00:00Z`),
    days: 62,
    services: 60,
    accounts: 50,
  });
  const { app, get, sim, scrape } = await startWeb(t, { bill, env: { MAX_SERIES: '0' } });
  const statuses = new Map<number, number>();
  let going = true;
  const asking = (async () => {
    while (going) {
      const { status } = await get('/spend');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  })();
  const [state] = app.rest.collections.states.all();
  if (state === undefined) throw new Error('no collector');
  for (let round = 0; round < 2; round++) await app.rest.collections.run(state);
  going = false;
  await asking;
  const series = (await scrape()).text.split('\n').filter((line) => line.startsWith('aws_cost_daily')).length;
  t.ok(series >= 90_000, `${series} series of one family`);
  t.same([...statuses.keys()], [200], `${statuses.get(200)} answers meanwhile`);
  t.ok(sim.requests.length > 10);
});
