import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServe } from '../../e2e/command.ts';
import { numberedBill } from '../../e2e/numbered-bill.ts';
import { startExporter } from '../../helper.ts';
import { eventually } from '../../servers/process.ts';
import { startTcpProxy } from '../../servers/tcp-proxy.ts';
import type { FaultRow } from '../matrix.ts';
import { cacheIs, KEYS, needRedis, startRunning } from '../redis.ts';
import {
  billOf,
  buying,
  buyingOften,
  costQueries,
  costState,
  figuresAre,
  paidPages,
  said,
  self,
  shownBill,
  showsBill,
  startAws,
} from '../subject.ts';

const LONG_MS = 30_000;

/** A row about a signal that asks a process to stop while it has nothing to do. */
const stops = (name: string, signal: NodeJS.Signals): FaultRow => ({
  id: `process/${name}`,
  fault: `${signal} while nothing is under way`,
  expected: 'It ends with exit code 0, and its lease is free for whoever comes next.',
  async run({ t, fired, state, figures, message }) {
    const { redis, served } = await startRunning(t);
    await figuresAre(t, served, 1);
    figures('unchanged until the end');
    const { code, signal: by } = await served.end(signal);
    t.equal(code, 0);
    t.equal(by, null, 'no signal has ended it');
    message(await said(served, /^stopping$/));
    fired('stop signals that were logged', served.log().filter((line) => line.signal === signal).length);
    t.equal(await redis.cli(['hget', KEYS.lease, 'till']), '0', 'the lease is given back');
    t.equal(served.stderr(), '');
    state(`exit code ${code}, lease given back`);
  },
});

export const rows: readonly FaultRow[] = [
  stops('sigterm-idle', 'SIGTERM'),
  stops('sighup', 'SIGHUP'),
  {
    id: 'process/sigterm-in-mid-collection',
    fault: 'SIGTERM while AWS does not answer',
    expected:
      'The call is given up, the lease is given back, exit code 0; what it may have cost stays in the ledger.',
    async run({ t, fired, state, figures, message }) {
      const { redis, simulator, served } = await startRunning(t, {
        env: { COST_INTERVAL: '1s', CACHE_TTL_SECONDS: '0' },
      });
      simulator.faults.add({ kind: 'hang', operation: 'GetCostAndUsage' });
      await eventually('a collection hangs', () => simulator.requests.at(-1)?.fault === 'hang' || undefined);
      fired('calls that hang', simulator.requests.filter(({ fault }) => fault === 'hang').length);
      await figuresAre(t, served, 1);
      figures('unchanged until the end');
      const { code } = await served.end('SIGTERM');
      t.equal(code, 0);
      message(await said(served, /^stopping$/));
      t.equal(await redis.cli(['hget', KEYS.lease, 'till']), '0', 'the lease is given back');
      const asked = costQueries(simulator);
      const entered = Number(await redis.cli(['hget', KEYS.spend, 'default GetCostAndUsage']));
      t.equal(entered, asked, 'the ledger has it');
      state(`exit code ${code}, lease given back, ${entered} of ${asked} pages in the ledger`);
    },
  },
  {
    id: 'process/stop-with-a-slow-reader',
    fault:
      'The app is closed while a client does not take the page that it has asked for, and another has sent half a head',
    expected: 'They are cut off, after a second at most; the app ends.',
    async run({ t, fired, state, figures, message }) {
      const bill = numberedBill({
        number: 1,
        today: new Date('2026-11-22'),
        days: 46,
        services: 60,
        accounts: 20,
      });
      const exporter = await startExporter(t, { bill, env: { CAPABILITIES: 'cost' } });
      const { length } = (await exporter.scrape()).bytes;
      const reader = connect(Number(new URL(exporter.metricsUrl).port), '127.0.0.1').pause();
      t.teardown(() => reader.destroy());
      reader.on('error', () => {});
      // More than the kernel takes.
      reader.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(Math.ceil(24_000_000 / length)));
      await once(reader, 'connect');
      const asking = connect(Number(new URL(exporter.metricsUrl).port), '127.0.0.1');
      t.teardown(() => asking.destroy());
      asking.on('error', () => {});
      asking.write('GET /metrics HTTP/1.1\r\nhost: x\r\n');
      await eventually('both are connected', async () =>
        (await connections(exporter.app.metrics.server)) > 1 ? true : undefined,
      );
      await sleep(300);
      figures(`a page of ${length} bytes`);
      const closed = exporter.app.close().then(() => 'closed');
      t.equal(await Promise.race([closed, sleep(LONG_MS, 'open')]), 'closed');
      state('closed');
      let taken = 0;
      reader.on('data', (chunk: Buffer) => {
        taken += chunk.length;
      });
      reader.resume();
      if (!reader.closed) await once(reader, 'close');
      const asked = Math.ceil(24_000_000 / length) * length;
      t.ok(taken < asked, 'it has not had all');
      fired('bytes that the client had not taken', asked - taken);
      message(`${taken} of ${asked} bytes`);
    },
  },
  {
    id: 'process/sigkill-in-mid-collection',
    fault: 'SIGKILL between two pages of a collection; the process is started again, twice',
    expected:
      'STATE_DIR tells the next start: the kept figures are shown, and nothing is bought twice in the same round.',
    async run({ t, fired, state, figures, message }) {
      const simulator = await startAws(t, { pageSize: 60 });
      const env = { ...buying(simulator), STATE_DIR: join(t.testdir(), 'state'), CACHE_TTL_SECONDS: '0' };
      const first = await startServe(t, env);
      await showsBill(first, 1);
      t.equal((await first.end('SIGTERM')).code, 0);
      const pages = paidPages(simulator);
      t.ok(pages >= 3, `${pages} pages`);
      simulator.faults.add({ kind: 'hang', operation: 'GetCostAndUsage', page: 3 });
      const killed = await startServe(t, env);
      await eventually(
        'the third page is asked for',
        () => simulator.requests.at(-1)?.page === 3 || undefined,
      );
      t.equal((await killed.end('SIGKILL')).signal, 'SIGKILL');
      fired('pages that were paid and lost', paidPages(simulator) - pages);
      simulator.faults.clear();
      const asked = costQueries(simulator);
      for (const start of ['first', 'second']) {
        const next = await startServe(t, env);
        if (start === 'first') message(await said(next, /was cut off by the end of its process/));
        await showsBill(next, 1);
        await figuresAre(t, next, 1);
        const nextRun = await eventually(
          'the next run is known',
          async () => (await costState(next)).nextRun ?? undefined,
        );
        t.ok(Date.parse(nextRun) > Date.now() + 60_000, `${start} start: not again before ${nextRun}`);
        t.equal(costQueries(simulator), asked, `${start} start: nothing is asked of AWS`);
        if (start === 'second') state(`cost ${(await costState(next)).state}, next run in the next round`);
        await next.end('SIGKILL');
      }
      figures('unchanged');
    },
  },
  {
    id: 'process/sigstop-of-the-lease-holder',
    fault: 'SIGSTOP of the replica that leads until another has taken over; it goes on without Redis',
    expected: 'It knows that its time is over: it shows no figures, buys nothing and writes nothing.',
    async run({ t, fired, state, figures, message }) {
      const redis = await needRedis(t);
      const simulator = await startAws(t);
      const proxy = await startTcpProxy(t, redis.port);
      const env = buyingOften(simulator);
      const holder = await startServe(t, { ...env, REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
      await showsBill(holder, 1);
      const other = await startServe(t, { ...env, REDIS_URL: redis.url });
      await cacheIs(other, 1);
      holder.signal('SIGSTOP');
      proxy.silence();
      proxy.target = 1;
      simulator.setBill(billOf(2));
      await showsBill(other, 2);
      const token = await redis.cli(['hget', KEYS.lease, 'token']);
      const entered = async () => Number(await redis.cli(['hget', KEYS.spend, 'default GetCostAndUsage']));
      // From here on nobody else buys.
      other.signal('SIGSTOP');
      await sleep(500);
      const [asked, spent] = [costQueries(simulator), await entered()];
      holder.signal('SIGCONT');
      t.equal(await self(holder, 'lease_held', { target: 'default' }), 0, 'it does not think that it leads');
      t.equal(await self(holder, 'exposing'), 0);
      t.equal(await shownBill(holder), undefined, 'no figure is doubled');
      figures('right, by the other replica alone');
      const skipped = () =>
        self(holder, 'collector_skipped_total', { collector: 'cost', reason: 'not_leader' });
      const before = (await skipped()) ?? 0;
      await eventually('it has passed over three ticks', async () =>
        ((await skipped()) ?? 0) >= before + 3 ? true : undefined,
      );
      fired('ticks that were passed over', ((await skipped()) ?? 0) - before);
      t.equal(costQueries(simulator), asked, 'nothing was bought');
      t.equal(await entered(), spent, 'nothing was entered');
      t.equal(await redis.cli(['hget', KEYS.lease, 'token']), token, 'the lease is untouched');
      message(`collector_skipped_total{reason="not_leader"} ${await skipped()}`);
      state('lease_held 0, exposing 0');
      other.signal('SIGCONT');
      await showsBill(other, 2);
      await figuresAre(t, other, 2);
    },
  },
];

/** Connections that a server has. */
function connections(server: {
  getConnections(take: (error: Error | null, count: number) => void): unknown;
}): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
