import { setTimeout as sleep } from 'node:timers/promises';
import { changes } from '../../e2e/redis-helper.ts';
import { eventually } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';
import { cacheIs, KEYS, kept, startRunning, stateInWords } from '../redis.ts';
import { billOf, costState, figuresAre, linesWith, paidPages, said, showsBill } from '../subject.ts';

const OPERATION = 'default GetCostAndUsage';

export const rows: readonly FaultRow[] = [
  {
    id: 'store/flapping',
    fault: 'The connection to Redis is cut eight times within four seconds, in the middle of purchases',
    expected:
      'One log line for each change, no purchase that the ledger lacks, and the newest bill is shown.',
    async run({ t, fired, state, figures, message }) {
      const running = await startRunning(t, { env: { COST_INTERVAL: '1s', CACHE_TTL_SECONDS: '0' } });
      const { redis, proxy, simulator, served } = running;
      for (let time = 0; time < 8; time++) {
        proxy.cut();
        await sleep(500);
      }
      simulator.setBill(billOf(2));
      await showsBill(served, 2);
      await cacheIs(served, 1);
      await eventually('it is logged', () => changes(served).at(-1) === 'up' || undefined);
      const told = changes(served);
      fired('losses of the connection that were logged', told.filter((one) => one === 'down').length);
      t.ok(
        told.every((one, index) => one !== told[index - 1]),
        `each change is one line: ${told}`,
      );
      message(await said(served, /^Redis is down/));
      await eventually('the ledger has every purchase', async () => {
        const entered = Number(await redis.cli(['hget', KEYS.spend, OPERATION]));
        return entered === paidPages(simulator) || undefined;
      });
      await figuresAre(t, served, 2);
      figures('right');
      t.equal((await costState(served)).state, 'ok');
      state(await stateInWords(served));
    },
  },
  {
    id: 'store/emptied-in-mid-run',
    fault: 'FLUSHALL while the connection stands',
    expected: 'Snapshot, standing and ledger are written again at once; nothing is bought for it.',
    async run({ t, fired, state, figures, message }) {
      const { redis, simulator, served } = await startRunning(t);
      const paid = paidPages(simulator);
      const before = await redis.cli(['--raw', 'dump', KEYS.snapshot]);
      await redis.cli(['flushall']);
      fired('FLUSHALL calls that Redis has counted', await calls(redis.cli, 'flushall'));
      await kept(redis, 15_000);
      t.equal(await redis.cli(['--raw', 'dump', KEYS.snapshot]), before, 'the same snapshot');
      await eventually('the ledger is there again', async () =>
        (await redis.cli(['hget', KEYS.spend, OPERATION])) === String(paid) ? true : undefined,
      );
      t.equal(paidPages(simulator), paid, 'nothing was bought');
      await figuresAre(t, served, 1);
      figures('unchanged');
      t.equal((await costState(served)).state, 'ok');
      state(await stateInWords(served));
      t.same(linesWith(served, /^Redis is down/), []);
      message('none: nothing was missing for anybody');
    },
  },
  {
    id: 'store/ledger-evicted',
    fault: 'The key of the day in the ledger is deleted when the budget of 4 pages is used up',
    expected: 'Not one page is bought above the budget, and the key is written again.',
    async run({ t, fired, state, figures, message }) {
      const { redis, simulator, served } = await startRunning(t, {
        env: { COST_INTERVAL: '1s', CACHE_TTL_SECONDS: '0', AWS_SPEND_BUDGET_USD: '0.04' },
      });
      const broke = async () => ((await costState(served)).state === 'budget' ? true : undefined);
      await eventually('the budget is used up', broke, 40_000);
      t.equal(paidPages(simulator), 4);
      let deleted = 0;
      const refusals = () => linesWith(served, /budget/).length;
      for (let time = 0; time < 3; time++) {
        deleted += Number(await redis.cli(['del', KEYS.spend]));
        await eventually('the key is there again', async () =>
          (await redis.cli(['hget', KEYS.spend, OPERATION])) === '4' ? true : undefined,
        );
      }
      fired('deletions of the key', deleted);
      t.equal(paidPages(simulator), 4, 'nothing is bought above the budget');
      t.ok(refusals() >= 1);
      message(await said(served, /budget/));
      await figuresAre(t, served, 1);
      figures('unchanged');
      state(await stateInWords(served));
    },
  },
];

/** How often Redis was given a command. */
async function calls(cli: (args: readonly string[]) => Promise<string>, command: string): Promise<number> {
  const stats = await cli(['info', 'commandstats']);
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}
