import { startServe } from '../../e2e/command.ts';
import { changes } from '../../e2e/redis-helper.ts';
import { eventually } from '../../servers/process.ts';
import type { FaultRow } from '../matrix.ts';
import { cacheIs, KEYS, kept, needRedis, startRunning, stateInWords } from '../redis.ts';
import {
  billOf,
  buying,
  costState,
  figuresAre,
  linesWith,
  noFigures,
  paidPages,
  said,
  showsBill,
  startAws,
} from '../subject.ts';

/** The commands of the user that docs/redis.md makes, without those that a row takes away. */
const RIGHTS =
  '+select +info +ping +client|setname +eval +time +get +set +getrange +incr +expire +pexpire +hget +hgetall +hmget +hset +hdel +hincrby';

export const rows: readonly FaultRow[] = [
  {
    id: 'store/read-only-replica',
    fault: 'Redis becomes a replica of another server, which new connections find behind its name',
    expected: 'Figures stay; the new primary is found and has everything within seconds.',
    async run({ t, fired, state, figures, message }) {
      const { redis, proxy, simulator, served } = await startRunning(t);
      const primary = await needRedis(t);
      await redis.cli(['replicaof', '127.0.0.1', String(primary.port)]);
      proxy.target = primary.port;
      message(await said(served, /^Redis is down.*READONLY/));
      fired('refused writes that were logged', linesWith(served, /READONLY/).length);
      await figuresAre(t, served, 1);
      state(await stateInWords(served));
      await cacheIs(served, 1);
      await kept(primary);
      await figuresAre(t, served, 1);
      figures('unchanged');
      t.equal(paidPages(simulator), 1, 'nothing was bought for it');
      t.equal((await costState(served)).state, 'ok');
    },
  },
  {
    id: 'store/full',
    fault: 'maxmemory of Redis is reached (noeviction)',
    expected: 'It is called down with the reason; figures go on; it is written to again when there is room.',
    async run({ t, fired, state, figures, message }) {
      const { redis, served } = await startRunning(t);
      await redis.cli(['config', 'set', 'maxmemory', '1kb']);
      message(await said(served, /^Redis is down.*OOM/, 30_000));
      fired('refused writes that were logged', linesWith(served, /OOM/).length);
      await cacheIs(served, 0);
      await figuresAre(t, served, 1);
      t.equal((await costState(served)).state, 'ok');
      state(await stateInWords(served));
      await redis.cli(['config', 'set', 'maxmemory', '0']);
      await cacheIs(served, 1);
      await figuresAre(t, served, 1);
      figures('unchanged');
      await eventually('it is logged', () => changes(served).at(-1) === 'up' || undefined);
      t.same(changes(served).slice(-2), ['down', 'up']);
    },
  },
  {
    id: 'store/wrong-password',
    fault: 'The password in REDIS_URL is not that of Redis',
    expected: 'It serves, says that the password is wrong and not what it is, and collects when it is right.',
    async run({ t, fired, state, figures, message }) {
      const redis = await needRedis(t, { password: 'right' });
      const simulator = await startAws(t);
      const served = await startServe(t, {
        ...buying(simulator),
        REDIS_URL: redis.url.replace('right', 'wr0ng-one'),
      });
      message(await said(served, /^Redis is down.*WRONGPASS/));
      fired('refusals that were logged', linesWith(served, /WRONGPASS/).length);
      await cacheIs(served, 0);
      await noFigures(t, served);
      t.equal(paidPages(simulator), 0, 'nothing is bought');
      state(await stateInWords(served));
      await redis.cli(['acl', 'setuser', 'default', '>wr0ng-one']);
      await showsBill(served, 1);
      await figuresAre(t, served, 1);
      figures('none, then right');
      const answers = await Promise.all(
        ['/ready', '/targets', '/spend'].map(async (path) => (await fetch(served.restUrl + path)).text()),
      );
      t.notOk(
        [served.stdout(), served.stderr(), ...answers].some((text) => text.includes('wr0ng-one')),
        'the password is nowhere',
      );
    },
  },
  {
    id: 'store/user-without-a-right',
    fault: 'The ACL user of the program may not run scripts (no +eval)',
    expected:
      'It says which command it may not run, serves, buys nothing, and collects when it has the right.',
    async run({ t, fired, state, figures, message }) {
      const redis = await needRedis(t);
      const user = (rights: string) =>
        redis.cli([
          'acl',
          'setuser',
          'exporter',
          'on',
          '>secret',
          'resetkeys',
          '~aws-cost-exporter:*',
          '-@all',
          ...rights.split(' '),
        ]);
      await user(RIGHTS.replace('+eval ', ''));
      const simulator = await startAws(t);
      const served = await startServe(t, {
        ...buying(simulator),
        REDIS_URL: `redis://exporter:secret@127.0.0.1:${redis.port}`,
      });
      message(await said(served, /^Redis is down.*NOPERM.*eval/, 30_000));
      fired(
        'refusals that Redis has counted',
        Number(
          /cmdstat_eval:.*rejected_calls=(\d+)/.exec(await redis.cli(['info', 'commandstats']))?.[1] ?? 0,
        ),
      );
      await cacheIs(served, 0);
      await noFigures(t, served);
      t.equal(paidPages(simulator), 0, 'nothing is bought');
      state(await stateInWords(served));
      await user(RIGHTS);
      await showsBill(served, 1);
      await cacheIs(served, 1);
      await kept(redis);
      await figuresAre(t, served, 1);
      figures('none, then right');
    },
  },
  {
    id: 'store/prefix-of-another-configuration',
    fault: 'An exporter of another COST_METRIC has left its snapshot under the same prefix',
    expected: 'Its figures are shown by nobody else: there are none until this one has bought its own.',
    async run({ t, fired, state, figures, message }) {
      const {
        redis,
        simulator,
        served: other,
        env,
      } = await startRunning(t, {
        env: { COST_METRIC: 'AmortizedCost' },
      });
      t.equal((await other.end('SIGTERM')).code, 0);
      simulator.setBill(billOf(2));
      simulator.faults.add({ kind: 'hang', times: 1, operation: 'GetCostAndUsage' });
      const served = await startServe(t, { ...env, COST_METRIC: 'BlendedCost' });
      await eventually('it asks AWS', () => simulator.requests.at(-1)?.fault === 'hang' || undefined);
      fired('snapshots of another configuration', Number(await redis.cli(['exists', KEYS.snapshot])));
      await noFigures(t, served);
      state(await stateInWords(served));
      message(
        ((await (await fetch(`${served.restUrl}/cost/current`)).json()) as { message: string }).message,
      );
      await served.end('SIGKILL');
      const next = await startServe(t, { ...env, COST_METRIC: 'BlendedCost', REDIS_KEY_PREFIX: 'other:' });
      await showsBill(next, 2);
      await figuresAre(t, next, 2);
      figures('none, then right under a prefix of its own');
      t.equal(
        await redis.cli(['exists', 'other:snapshot:cost:default', KEYS.snapshot]),
        '2',
        'each has its own',
      );
    },
  },
];
