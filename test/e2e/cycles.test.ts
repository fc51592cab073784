import { fileURLToPath } from 'node:url';
import t from 'tap';
import { generateBill, startSimulator } from '../../src/simulator/index.ts';
import { findProgram } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { runCommand } from './command.ts';
import type { Holding } from './cycles.ts';

t.setTimeout(180_000);

/** More bytes than this for each of 45 cycles are a leak: an exporter that is held has some ten times as many. */
const HEAP_PER_CYCLE = 64 * 1024;
/** Share of a core that measuring may be off by. */
const CPU_NOISE = 0.03;

t.test('50 starts and stops leave behind what 5 leave', async (t) => {
  const bill = generateBill({ seed: 1, today: new Date(), days: 50, accounts: 2, services: 3 });
  const simulator = await startSimulator({ bill });
  t.teardown(() => simulator.close());
  // With Redis where there is one: its connection is one more thing to end.
  const redis = findProgram('redis-server') === undefined ? undefined : await startRedis(t);
  const { code, stdout, stderr } = await runCommand(
    t,
    ['--expose-gc', fileURLToPath(new URL('cycles.ts', import.meta.url)), simulator.url, '50', '5', '50'],
    { env: { CACHE_TTL_SECONDS: '0', REDIS_URL: redis?.url } },
  );
  t.equal(code, 0, stderr);
  t.equal(stderr, '', 'no warning, of listeners or of anything else');
  const [early, late] = stdout
    .split('\n')
    .flatMap((line): Holding[] => (line === '' ? [] : [JSON.parse(line)]));
  if (early === undefined || late === undefined) throw new Error(stdout);
  t.comment(JSON.stringify({ early, late }));
  t.equal(late.files, early.files, 'file descriptors');
  t.same(late.active, early.active, 'what keeps the event loop alive');
  t.equal(late.listeners, early.listeners, 'listeners on the process');
  const growth = (late.heap - early.heap) / 45;
  t.ok(growth < HEAP_PER_CYCLE, `heap: ${Math.round(growth)} bytes more a cycle`);
  t.ok(late.cpu < early.cpu + CPU_NOISE, `idle CPU: ${early.cpu.toFixed(4)}, then ${late.cpu.toFixed(4)}`);
});
