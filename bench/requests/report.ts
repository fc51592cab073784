import { HOUR_MS } from './calendar.ts';
import type { Result } from './simulate.ts';
import type { AreaResult } from './tally.ts';

/** A goal of the issue, and whether it is met; undefined where nothing was simulated that could tell. */
export interface Goal {
  readonly goal: string;
  readonly met: boolean | undefined;
  readonly found: string;
}

const AREAS = ['cost', 'tags', 'forecast'] as const;

/** The table of the issue, in Markdown. */
export function table(results: readonly Result[]): string {
  const head = [
    ['scenario', 'days', 'crashes', 'paid/day mean', 'max'],
    AREAS.map((area) => `${area}: median, worst`),
    ['figures that differ, by cause (worst age)', 'seconds (CPU)'],
  ].flat();
  const rows = results.map((result) => [
    result.scenario,
    String(result.days),
    String(result.crashes),
    result.paid.mean.toFixed(1),
    String(result.paid.max),
    ...AREAS.map(
      (area) => `${duration(result.areas[area].medianMs)}, ${duration(result.areas[area].worstMs)}`,
    ),
    AREAS.map((area) => `${area}: ${causes(result.areas[area])}`).join('; '),
    `${result.seconds.toFixed(1)} (${result.cpuSeconds.toFixed(1)})`,
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function causes(area: AreaResult): string {
  const parts = Object.entries(area.causes).map(
    ([cause, { episodes, worstMs }]) => `${episodes} ${cause} (${duration(worstMs)})`,
  );
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** Hours and minutes, as `5h07m`. */
function duration(ms: number): string {
  if (!Number.isFinite(ms)) return 'ever';
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 60
    ? `${minutes}m`
    : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** The goals of the issue. */
export function goals(results: readonly Result[]): Goal[] {
  const on = results.filter(({ schedule }) => schedule === 'on');
  const atMost = (account: string, most: number, longest?: number): Goal => {
    const found = on.filter((result) => result.account === account);
    const mean = Math.max(...found.map(({ paid }) => paid.mean));
    const worst = Math.max(...found.map(({ paid }) => paid.max));
    const age = Math.max(...found.map(({ areas }) => areas.cost.causes.interval?.worstMs ?? 0));
    const within = longest === undefined ? '' : ', cost at most 1h stale';
    return {
      goal: `${account}: at most ${most} paid requests on any day${within}`,
      met: found.length === 0 ? undefined : worst <= most && age <= (longest ?? age),
      found:
        found.length === 0
          ? 'not simulated'
          : `${worst} on the worst day, ${mean.toFixed(1)} on average, ${duration(age)}`,
    };
  };
  const unexplained = results.filter((result) => result.unexplained.length > 0);
  return [
    atMost('1 page', 60, HOUR_MS),
    atMost('20 pages', 250),
    ...samePrice(results),
    asPlanned(results),
    {
      goal: 'every figure is one that a bill held, and what differs is explained',
      met: results.length === 0 ? undefined : unexplained.length === 0,
      found:
        unexplained.length === 0
          ? 'all are'
          : `not in ${unexplained.map(({ scenario }) => scenario).join('; ')}`,
    },
  ];
}

/** What `plan` foretells and what is then paid differ by less than a tenth: over scenarios of a week or more. */
function asPlanned(results: readonly Result[]): Goal {
  const long = results.filter(({ days, schedule }) => days >= 7 && schedule !== 'design');
  const worst = long
    .map(({ scenario, planned, paid }) => ({ scenario, off: Math.abs(planned - paid.mean) / paid.mean }))
    .toSorted((one, other) => other.off - one.off)[0];
  return {
    goal: '`plan` is right to a tenth',
    met: worst === undefined ? undefined : worst.off < 0.1,
    found:
      worst === undefined ? 'not simulated' : `${(worst.off * 100).toFixed(1)} % off in ${worst.scenario}`,
  };
}

/** Ten replicas pay what one pays, to the request: over the days that both have. */
function samePrice(results: readonly Result[]): Goal[] {
  return ['1 page', '20 pages'].flatMap((account) =>
    ['off', 'on'].map((schedule) => {
      const of = (replicas: number) =>
        results.find(
          (result) =>
            result.account === account &&
            result.schedule === schedule &&
            result.replicas === replicas &&
            result.crashes === 0,
        );
      const [one, ten] = [of(1), of(10)];
      const days = Math.min(one?.days ?? 0, ten?.days ?? 0);
      const paid = (result?: Result) =>
        result?.paid.byDay.slice(0, days).reduce((sum, { requests }) => sum + requests, 0);
      return {
        goal: `${account}, ${schedule}: 10 replicas pay what 1 pays`,
        met: days === 0 ? undefined : paid(one) === paid(ten),
        found: days === 0 ? 'not simulated' : `${paid(ten)} against ${paid(one)} in ${days} days`,
      };
    }),
  );
}
