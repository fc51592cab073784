/**
 * Time from the start of the process to the first scrape that has every figure, where these are kept in `STATE_DIR` or in Redis,
 * against a bare Fastify that says hello.
 *
 *   npm run bench:start
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLI, startServe } from '../../test/e2e/command.ts';
import { eventually } from '../../test/servers/process.ts';
import { startRedis } from '../../test/servers/redis.ts';
import { startAws } from '../lib/aws.ts';
import { asImage } from '../lib/exporter.ts';
import { progress, publish } from '../lib/report.ts';
import { inTurns } from '../lib/rounds.ts';
import { withScope } from '../lib/scope.ts';
import { ratio, spread } from '../lib/stats.ts';
import { table, withRange } from '../lib/text.ts';
import { firstAnswer, type Start } from './first-answer.ts';

const SHAPE = { accounts: 20, services: 40 };
const WARM_UP = 1;
const ROUNDS = 7;
const GOAL = 2.5;

/** The families of a page that has figures, by name. */
const familiesOf = (page: string) =>
  [...page.matchAll(/^# TYPE (aws_\w+) /gm)]
    .map(([, name]) => name ?? '')
    .filter((name) => !/_exporter_/.test(name));

await withScope(async (scope) => {
  const aws = await startAws(scope, SHAPE);
  const folder = mkdtempSync(join(tmpdir(), 'start-'));
  scope.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const redis = await startRedis(scope);
  if (redis === undefined) throw new Error('there is no Redis');
  const image = asImage();
  const settings = {
    ...image.env,
    AWS_ENDPOINT_URL: aws.url,
    AWS_SPEND_BUDGET_USD: '10000',
    MAX_SERIES: '0',
  };
  const stores = {
    disk: { ...settings, STATE_DIR: join(folder, 'state') },
    redis: { ...settings, REDIS_URL: redis.url },
  };

  /** Collects everything once, so that the store is warm. */
  async function fill(env: NodeJS.ProcessEnv): Promise<string[]> {
    const served = await startServe(scope, env, { args: image.args });
    await eventually('all is collected', async () => {
      const { targets } = (await (await fetch(`${served.restUrl}/ready`)).json()) as {
        targets: { collectors: { state: string }[] }[];
      };
      return targets.every(({ collectors }) => collectors.every(({ state }) => state === 'ok')) || undefined;
    });
    const page = await (await fetch(`${served.metricsUrl}/metrics`)).text();
    await served.end('SIGTERM');
    return familiesOf(page);
  }

  progress('start: the stores are filled');
  const families = await fill(stores.disk);
  await fill(stores.redis);
  const isComplete = (page: string) => {
    const found = new Set(familiesOf(page));
    return families.every((family) => found.has(family));
  };
  const hello = fileURLToPath(new URL('./hello.mjs', import.meta.url));
  progress('start: measuring');
  const all = await inTurns(WARM_UP + ROUNDS, {
    hello: () => firstAnswer([hello], {}, () => true),
    disk: () => firstAnswer(image.args, stores.disk, isComplete),
    redis: () => firstAnswer(image.args, stores.redis, isComplete),
    source: () => firstAnswer([CLI, 'serve'], stores.disk, isComplete),
  });
  const of = (starts: readonly Start[], what: keyof Start = 'ms') =>
    starts.slice(WARM_UP).map((one) => one[what]);
  const row = (label: string, starts: readonly Start[]) => [
    label,
    withRange(spread(of(starts))),
    withRange(ratio(of(starts), of(all.hello))),
    withRange(spread(of(starts, 'answeredMs'))),
    withRange(spread(of(starts, 'cpuMs'))),
    withRange(ratio(of(starts, 'cpuMs'), of(all.hello, 'cpuMs'))),
  ];
  publish({
    name: 'start',
    body: [
      `All five capabilities; the cost of 20 accounts and 40 services (30,400 series). ${ROUNDS} starts of each in turns after ${WARM_UP} that does not count. Asked from outside each 2 ms until the first answer, each 10 ms from then on.`,
      '',
      table(
        [
          '',
          'first complete scrape, ms',
          'against hello',
          'first answer, ms',
          'CPU until then, ms',
          'against hello',
        ],
        [
          row('compiled program, `STATE_DIR`', all.disk),
          row('compiled program, Redis', all.redis),
          row('bare Fastify that says hello', all.hello),
          row('program from its TypeScript sources, `STATE_DIR`', all.source),
        ],
      ),
    ].join('\n'),
    goals: (['disk', 'redis'] as const).map((store) => {
      const found = ratio(of(all[store]), of(all.hello));
      const where = store === 'disk' ? 'STATE_DIR' : 'Redis';
      return {
        goal: `${where}: at most ${GOAL}x of a bare Fastify that says hello`,
        found: `${withRange(found)}x`,
        met: found.median <= GOAL,
      };
    }),
  });
});
