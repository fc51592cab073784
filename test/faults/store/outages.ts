import { startServe } from '../../e2e/command.ts';
import { readJson } from '../../e2e/page.ts';
import { changes } from '../../e2e/redis-helper.ts';
import { eventually, freePort } from '../../servers/process.ts';
import { startRedis } from '../../servers/redis.ts';
import type { FaultRow } from '../matrix.ts';
import { cacheIs, KEYS, startRunning, stateInWords } from '../redis.ts';
import {
  billOf,
  buying,
  costState,
  figuresAre,
  linesWith,
  noFigures,
  paidPages,
  said,
  self,
  showsBill,
  startAws,
} from '../subject.ts';

export const rows: readonly FaultRow[] = [
  {
    id: 'store/down-at-start',
    fault: 'Nothing listens where Redis is to be, until the program has been up for a while',
    expected:
      'It starts and serves, says who could tell it whether to buy, buys nothing, and collects once Redis is there.',
    async run({ t, fired, state, figures, message }) {
      const port = await freePort();
      const simulator = await startAws(t);
      const served = await startServe(t, {
        ...buying(simulator),
        REDIS_HOST: '127.0.0.1',
        REDIS_PORT: String(port),
      });
      message(await said(served, /^Redis is down.*ECONNREFUSED/));
      fired('refused connections that were logged', linesWith(served, /ECONNREFUSED/).length);
      const cause = await eventually(
        'it says why it stands back',
        async () => (await costState(served)).cause ?? undefined,
      );
      t.equal(cause.code, 'not_leader');
      t.match(cause.message, /cannot be reached/);
      state(await stateInWords(served));
      await noFigures(t, served);
      t.equal(paidPages(simulator), 0, 'nothing is bought');
      t.equal(await self(served, 'lease_held', { target: 'default' }), 0);
      const redis = await startRedis(t, { port });
      t.ok(redis);
      await cacheIs(served, 1);
      await showsBill(served, 1);
      await figuresAre(t, served, 1);
      figures('none, then right');
      state(await stateInWords(served));
      t.same(changes(served), ['down', 'up']);
    },
  },
  {
    id: 'store/down-in-mid-run',
    fault: 'SIGKILL of Redis while the program buys every second; later it comes back with its data',
    expected:
      'Who held the lease goes on buying and showing; what it spent meanwhile is entered in Redis afterwards.',
    async run({ t, fired, state, figures, message }) {
      const running = await startRunning(t, { env: { COST_INTERVAL: '1s', CACHE_TTL_SECONDS: '0' } });
      const { redis, simulator, served } = running;
      await redis.kill();
      await cacheIs(served, 0);
      fired('downs of Redis that were logged', changes(served).filter((one) => one === 'down').length);
      message(await said(served, /^Redis is down/));
      const before = paidPages(simulator);
      await eventually('it goes on buying', () => paidPages(simulator) >= before + 2 || undefined);
      await figuresAre(t, served, 1);
      t.equal((await costState(served)).state, 'ok');
      state(await stateInWords(served));
      await redis.restart({ keepData: true });
      await cacheIs(served, 1);
      await eventually('Redis has all that was spent', async () => {
        const entered = Number(await redis.cli(['hget', KEYS.spend, 'default GetCostAndUsage']));
        return entered === paidPages(simulator) || undefined;
      });
      await figuresAre(t, served, 1);
      figures('unchanged');
    },
  },
  {
    id: 'store/paused',
    fault: 'SIGSTOP of Redis: connections stay open, nothing is answered',
    expected: 'It is given up after 2 s of silence and called down; figures and answers go on.',
    async run({ t, fired, state, figures, message }) {
      const { redis, served } = await startRunning(t);
      redis.pause();
      t.teardown(() => redis.resume());
      message(await said(served, /^Redis is down.*no answer within 2000 ms/, 30_000));
      fired('commands without an answer that were logged', linesWith(served, /no answer within/).length);
      await cacheIs(served, 0);
      t.equal((await costState(served)).state, 'ok');
      state(await stateInWords(served));
      await figuresAre(t, served, 1);
      figures('unchanged');
      redis.resume();
      await cacheIs(served, 1);
    },
  },
  {
    id: 'store/slow',
    fault: 'Every answer of Redis comes 1.5 s late',
    expected: 'Redis is used all the same, and its late answers do not set the clock wrong.',
    async run({ t, fired, state, figures, message }) {
      const { proxy, served, simulator } = await startRunning(t, {
        env: { COST_INTERVAL: '2s', CACHE_TTL_SECONDS: '0' },
      });
      proxy.lateMs = 1_500;
      const before = proxy.late();
      await eventually('answers come late', () => proxy.late() >= before + 4 || undefined);
      const from = Date.now();
      const { timestamp } = await readJson<{ timestamp: string }>(`${served.restUrl}/health`);
      t.ok(
        Date.parse(timestamp) >= from && Date.parse(timestamp) <= Date.now(),
        `its clock is right: ${timestamp}`,
      );
      message(`/health says ${timestamp}`);
      fired('late pieces of answers', proxy.late() - before);
      simulator.setBill(billOf(2));
      await showsBill(served, 2);
      await figuresAre(t, served, 2);
      figures('right');
      t.equal(await self(served, 'cache_up'), 1);
      t.equal((await costState(served)).state, 'ok');
      state(await stateInWords(served));
    },
  },
];
