/**
 * How long it takes from the first byte that is asked of AWS to the publication of a large bill, against the SDK's client that
 * drains the same pages and drops them.
 *
 *   npm run bench:collect
 */
import { progress, publish } from '../lib/report.ts';
import { inTurns } from '../lib/rounds.ts';
import { withScope } from '../lib/scope.ts';
import { ratio, type Spread, spread } from '../lib/stats.ts';
import { table, withRange } from '../lib/text.ts';
import { startChild, startRecordedAws } from './children.ts';
import type { Round } from './timed.ts';

/** 3,225 services of accounts on 31 days: 99,975 groups, on 20 pages of AWS's 5,000. */
const SHAPE = { accounts: 43, services: 75 };
const PAGES = 20;
const GOAL = 1.8;
/** Rounds before the ones that count: the first of a process are of code that is not compiled yet. */
const WARM_UP = 4;
const ROUNDS = 25;

await withScope(async (scope) => {
  progress('collect: the bill is made');
  const aws = await startRecordedAws(scope, SHAPE);
  const start = async (program: string, ...args: string[]) => {
    const { child } = await startChild(scope, new URL(program, import.meta.url), [aws, ...args]);
    return () => child.ask<Round>('round');
  };
  const measures = {
    exporter: await start('./exporter-process.ts'),
    sdk: await start('./sdk-process.ts'),
    quiet: await start('./sdk-process.ts', 'quiet'),
  };
  // The simulator makes its answers in a round of nobody.
  const recording = await start('./sdk-process.ts');
  await recording();
  progress('collect: measuring');
  const all = await inTurns(WARM_UP + ROUNDS, measures);
  for (const { pages } of Object.values(all).flat()) {
    if (pages !== PAGES) throw new Error(`${pages} pages, not ${PAGES}`);
  }
  const counted = (rounds: readonly Round[]) => rounds.slice(WARM_UP);
  const times = (rounds: readonly Round[]) => counted(rounds).map(({ ms }) => ms);
  const cpu = (rounds: readonly Round[]) => counted(rounds).map(({ cpuSeconds }) => cpuSeconds * 1_000);
  const row = (what: string, rounds: readonly Round[]) => [
    what,
    withRange(spread(times(rounds))),
    withRange(ratio(times(rounds), times(all.sdk))),
    withRange(ratio(times(rounds), times(all.quiet))),
    withRange(spread(cpu(rounds))),
    String(Math.round(rounds[0]?.ms ?? 0)),
  ];
  const found: Spread = ratio(times(all.exporter), times(all.sdk));
  const series = all.exporter.at(-1)?.series.toLocaleString('en');
  publish({
    name: 'collect',
    body: [
      `A bill of 99,975 groups on ${PAGES} pages, published as ${series} series; ${ROUNDS} rounds in turns after ${WARM_UP} that do not count.`,
      'Every answer of the simulated AWS is made once and sent from memory by a process of its own. Time of the exporter ends when the run does, a little after the swap.',
      '',
      table(
        ['', 'wall, ms', 'against the SDK', 'against the quiet SDK', 'CPU, ms', 'first round, ms'],
        [
          row('exporter: asked, checked, compared with the last bill, summed, published', all.exporter),
          row('SDK: the client as it comes, pages dropped', all.sdk),
          row('quiet SDK: as the exporter has it, without the copy of each answer for a log', all.quiet),
        ],
      ),
    ].join('\n'),
    goals: [
      {
        goal: `wire to published at most ${GOAL}x of the SDK's client that drops the pages`,
        found: `${withRange(found)}x`,
        met: found.median <= GOAL,
      },
    ],
  });
});
