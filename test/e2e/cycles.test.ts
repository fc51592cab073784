import { fileURLToPath } from 'node:url';
import t from 'tap';
import { generateBill, startSimulator } from '../../src/simulator/index.ts';
import { findProgram } from '../servers/process.ts';
import { startRedis } from '../servers/redis.ts';
import { runCommand } from './command.ts';
import type { Holding } from './cycles.ts';

t.setTimeout(180_000);

/**
 * V8 compiles what has become hot, when it has time to, and what it compiles is on the heap: megabytes that differ from run to run.
 * Where all is interpreted the heap grows by what is held, and by next to nothing else.
 */
const INTERPRETED = ['--no-opt', '--no-maglev', '--no-sparkplug'];
/** From the 5th cycle to the 50th; one exporter that is held is more. */
const HEAP_IN_ALL = 1.5 * 1024 * 1024;
/** Bytes a cycle, once all has run that seldom runs. */
const HEAP_PER_CYCLE = 32 * 1024;
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
    [
      '--expose-gc',
      ...INTERPRETED,
      fileURLToPath(new URL('cycles.ts', import.meta.url)),
      simulator.url,
      '50',
      '5',
      '20',
      '50',
    ],
    {
      // Each one buys everything anew.
      env: {
        CACHE_TTL_SECONDS: '0',
        CHANGE_DETECTION: 'off',
        AWS_SPEND_BUDGET_USD: '100000',
        REDIS_URL: redis?.url,
      },
    },
  );
  t.equal(code, 0, 'exit code', { stderr });
  t.equal(stderr, '', 'no warning, of listeners or of anything else');
  const [early, middle, late] = stdout
    .split('\n')
    .flatMap((line): Holding[] => (line === '' ? [] : [JSON.parse(line)]));
  if (early === undefined || middle === undefined || late === undefined) throw new Error(stdout);
  t.comment(JSON.stringify({ early, middle, late }));
  t.equal(late.files, early.files, 'file descriptors');
  t.same(late.active, early.active, 'what keeps the event loop alive');
  // One of Node's own comes and goes.
  t.ok(
    late.listeners <= early.listeners + 2,
    `listeners on the process: ${early.listeners}, then ${late.listeners}`,
  );
  t.same(
    [early.parts, middle.parts, late.parts],
    [0, 0, 0],
    'nothing holds a stopped exporter, no timer either',
  );
  const inAll = late.heap - early.heap;
  t.ok(inAll < HEAP_IN_ALL, `heap: ${inAll} bytes more`);
  const growth = (late.heap - middle.heap) / 30;
  t.ok(growth < HEAP_PER_CYCLE, `heap: ${Math.round(growth)} bytes more a cycle`);
  t.ok(late.cpu < early.cpu + CPU_NOISE, `idle CPU: ${early.cpu.toFixed(4)}, then ${late.cpu.toFixed(4)}`);
});
