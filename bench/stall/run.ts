/**
 * How long the event loop stands still while a large bill is collected and published, and what /health takes meanwhile, against
 * the same process with nothing to do.
 *
 *   npm run bench:stall
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startServe } from '../../test/e2e/command.ts';
import { eventually, type TestScope } from '../../test/servers/process.ts';
import { startRecordedAws } from '../collect/children.ts';
import { asImage, program } from '../lib/exporter.ts';
import { progress, publish } from '../lib/report.ts';
import { withScope } from '../lib/scope.ts';
import { quantile, spread } from '../lib/stats.ts';
import { number, table, withRange } from '../lib/text.ts';
import { clock, type Seen, type Stall } from './probe.ts';

const SHAPE = { accounts: 43, services: 75 };
const INTERVAL_S = 3;
const WARM_UP = 3;
const ROUNDS = 15;
const PROFILED = 8;
const ASK_EVERY_MS = 4;
const GOALS = { publishing: 30, round: 60 };

interface Asked {
  readonly at: number;
  readonly ms: number;
}

/** Runs the compiled program so long and returns what its probe has seen of each round, and what /health took. */
async function watch(scope: TestScope, aws: string, rounds: number, profiled: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'stall-'));
  scope.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'seen');
  const cli = program();
  const image = asImage();
  const probe = fileURLToPath(new URL('./probe.ts', import.meta.url));
  const served = await startServe(
    scope,
    {
      ...image.env,
      AWS_ENDPOINT_URL: aws,
      CAPABILITIES: 'cost',
      COST_INTERVAL: `${INTERVAL_S}s`,
      CACHE_TTL_SECONDS: '0',
      CHANGE_DETECTION: 'off',
      AWS_SPEND_BUDGET_USD: '10000',
      MAX_SERIES: '0',
      STATE_DIR: join(folder, 'state'),
      STALL_FILE: file,
      STALL_PROGRAM: pathToFileURL(join(cli, '../collection')).href,
      ...(profiled ? { STALL_PROFILE: '1' } : {}),
    },
    { args: ['--import', probe, ...image.args] },
  );
  const seen = () => {
    try {
      return readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line): Seen => JSON.parse(line));
    } catch {
      return [];
    }
  };
  const asking = new AbortController();
  const asked = profiled ? Promise.resolve([]) : askAlways(`${served.restUrl}/health`, asking.signal);
  const all = await eventually(
    `${rounds} rounds`,
    () => (seen().length >= WARM_UP + rounds ? seen() : undefined),
    (WARM_UP + rounds + 5) * (INTERVAL_S + 2) * 1_000,
  );
  asking.abort();
  const answers = await asked;
  await served.end('SIGTERM');
  return { seen: all, asked: answers };
}

/** Asks again and again at an even pace, whatever the last one took. */
async function askAlways(url: string, signal: AbortSignal): Promise<Asked[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const asked: Asked[] = [];
  const under = new Set<Promise<void>>();
  while (!signal.aborted) {
    const at = clock();
    const one = ask(url, agent).then(() => void asked.push({ at, ms: clock() - at }));
    under.add(one);
    one.finally(() => under.delete(one));
    await sleep(ASK_EVERY_MS);
  }
  await Promise.all(under);
  agent.destroy();
  return asked;
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (answer) => {
      answer.resume().on('end', resolve).on('error', reject);
    });
    sent.on('error', reject).end();
  });
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

const longest = (stalls: readonly Stall[], { from, to }: Stretch, of: 'ms' | 'cpuMs' = 'ms') =>
  Math.max(0, ...stalls.filter(({ at, ms }) => at < to && at + ms > from).map((stall) => stall[of]));

await withScope(async (scope) => {
  progress('stall: the bill is made');
  const aws = await startRecordedAws(scope, SHAPE);
  progress('stall: measuring');
  const { seen, asked } = await watch(scope, aws, ROUNDS, false);
  progress('stall: profiling');
  const profiled = await watch(scope, aws, PROFILED, true);

  const counted = seen.slice(WARM_UP);
  const idleOf = ({ round }: Seen): Stretch => ({ from: 2 * round.from - round.to, to: round.from });
  const stretches = {
    publishing: counted.map(({ publishing }) => publishing),
    round: counted.map(({ round }) => round),
    idle: counted.map(idleOf),
  };
  const stallsOf = (which: readonly Stretch[], of?: 'ms' | 'cpuMs') =>
    which.map((stretch, index) => longest(counted[index]!.stalls, stretch, of));
  const health = (which: readonly Stretch[]) =>
    asked.filter(({ at }) => which.some(({ from, to }) => at >= from && at < to)).map(({ ms }) => ms);
  const row = (what: string, which: readonly Stretch[]) => {
    const answers = health(which);
    return [
      what,
      withRange(spread(stallsOf(which))),
      withRange(spread(stallsOf(which, 'cpuMs'))),
      ...[0.5, 0.99].map((share) => number(quantile(answers, share))),
      String(answers.length),
    ];
  };
  const first = seen[0]!;
  const causes = profiled.seen.slice(WARM_UP).map(({ causes: of = {} }) => of);
  const named = [...new Set(causes.flatMap(Object.keys))];
  const share = (cause: string) => spread(causes.map((of) => of[cause] ?? 0));
  const goals = (['publishing', 'round'] as const).map((name) => {
    const found = spread(stallsOf(stretches[name]));
    const what = name === 'round' ? 'the whole round' : 'publishing';
    return {
      goal: `longest stall of ${what} at most ${GOALS[name]} ms`,
      found: `${withRange(found)} ms`,
      met: found.median <= GOALS[name],
    };
  });
  publish({
    name: 'stall',
    body: [
      `The compiled program with \`STATE_DIR\` collects and publishes 122,595 series (99,975 groups on 20 pages) each ${INTERVAL_S} s; ${ROUNDS} rounds after ${WARM_UP} that do not count. A timer of 1 ms within the process sees the stalls; /health is asked by another process each ${ASK_EVERY_MS} ms.`,
      '',
      table(
        ['', 'longest stall, ms', 'longest by CPU, ms', '/health p50, ms', '/health p99, ms', 'requests'],
        [
          row('the whole round: asked, published, written to the store', stretches.round),
          row('publishing', stretches.publishing),
          row('the same process idle', stretches.idle),
        ],
      ),
      '',
      `The first round of the process, whose code is not loaded or compiled yet: ${number(longest(first.stalls, first.round))} ms, ${number(longest(first.stalls, first.round, 'cpuMs'))} ms of it on a CPU.`,
      '',
      `Where the longest stall of a round goes, in ${causes.length} further rounds with the profiler on (which slows them):`,
      '',
      table(
        ['cause', 'ms'],
        named
          .toSorted((one, other) => share(other).median - share(one).median)
          .map((cause) => [cause, withRange(share(cause))]),
      ),
    ].join('\n'),
    goals,
  });
});
