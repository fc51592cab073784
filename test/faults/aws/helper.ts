import type { Test } from 'tap';
import type { FaultRule } from '../../../src/simulator/index.ts';
import type { MetricsPage } from '../../acceptance/parse-metrics.ts';
import { type Exporter, type ExporterOptions, startExporter } from '../../helper.ts';
import type { FaultRow, RowRun } from '../matrix.ts';

const SUCCESS = 'aws_cost_exporter_collector_success';
const SPEND = 'aws_cost_exporter_aws_spend_usd_total';
const REQUESTS = 'aws_cost_exporter_aws_requests_total';

/** A line of the log. */
export interface Line {
  readonly msg: string;
  readonly collector?: string;
  readonly code?: string;
  readonly advice?: string;
  readonly reason?: string;
}

/** An exporter that has collected once and well, and how that looked. */
export interface Good extends Exporter {
  /** The page after the first collection. */
  readonly before: MetricsPage;
  readonly log: readonly Line[];
  /** Requests that a kind of fault has hit. */
  hits(kind?: string): number;
  /** Cents that the exporter counts as spent since it was well: by its metric, and by the ledger. Both are the same, or the test fails. */
  spent(): Promise<number>;
  /** Attempts at an operation since it was well, by the result under which the exporter counts them. */
  attempts(operation: string): Promise<Record<string, number>>;
}

/** Starts an exporter with a log that is kept, cost and forecast alone unless told otherwise, and lets it collect. */
export async function startWell(t: Test, options: ExporterOptions = {}): Promise<Good> {
  const log: Line[] = [];
  const stream = { write: (line: string) => void log.push(JSON.parse(line)) };
  const exporter = await startExporter(t, {
    ...options,
    env: { CAPABILITIES: 'cost,forecast', ...options.env },
    // On a machine that does much else the process may be as slow as one that is overloaded.
    app: {
      logger: { level: 'info', stream },
      limits: { loopDelayMs: Number.POSITIVE_INFINITY },
      ...options.app,
    },
  });
  const before = await exporter.metrics();
  const seen = exporter.sim.requests.length;
  const ledgerCents = async () =>
    Math.round((await exporter.get('/spend')).json<{ today: { usd: number } }>().today.usd * 100);
  const ledgerBefore = await ledgerCents();
  const sumOf = (page: MetricsPage) =>
    Math.round(page.series(SPEND).reduce((sum, { value }) => sum + value, 0) * 100);
  return {
    ...exporter,
    before,
    log,
    hits: (kind) =>
      exporter.sim.requests
        .slice(seen)
        .filter(({ fault }) => (kind === undefined ? fault !== undefined : fault === kind)).length,
    async spent() {
      const counted = sumOf(await exporter.metrics()) - sumOf(before);
      t.equal((await ledgerCents()) - ledgerBefore, counted, 'the ledger and the metric say the same');
      return counted;
    },
    async attempts(operation) {
      const page = await exporter.metrics();
      const grown = page.series(REQUESTS, { operation }).map(({ labels, value }) => {
        const was = before.value(REQUESTS, { operation, result: labels.result ?? '' }) ?? 0;
        return [labels.result ?? '', value - was] as const;
      });
      return Object.fromEntries(grown.filter(([, value]) => value > 0));
    },
  };
}

/** What a collection that fails is held to. */
export interface Failure {
  readonly collector?: string;
  /** AWS's operation that fails; all faults are for it. */
  readonly operation: string;
  /** Cause in `/ready`. */
  readonly code: string;
  /** Log line, and its advice. */
  readonly says: RegExp;
  readonly advice: RegExp;
  /** Attempts by the result under which they are counted. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Cents that AWS takes, or may take, for them. */
  readonly cents: number;
}

/** Runs a collection into a fault, holds everything to what is expected, and then lets it recover. */
export async function failsAndRecovers(row: RowRun, exporter: Good, failure: Failure): Promise<void> {
  const { t } = row;
  const { collector = 'cost', operation, code, says, advice, attempts, cents } = failure;
  const { before, clock, run } = exporter;
  clock.advance(60_000);
  t.equal(await run(collector), 'failed');
  row.fired(`requests hit by ${kindsOf(exporter)}`, exporter.hits());

  const page = await exporter.metrics();
  t.equal(page.businessText(), before.businessText(), 'the last good figures stay, byte for byte');
  row.figures('unchanged');

  const view = await exporter.collector(collector);
  t.match(view, { state: 'failed', stale: true, cause: { code } });
  t.equal(page.value(SUCCESS, { collector, target: 'default' }), 0);
  t.same(await exporter.attempts(operation), attempts, 'each attempt is counted');
  t.equal(await exporter.spent(), cents, 'what AWS may take money for is counted, and nothing else');
  row.state(`${collector} failed (${code}), stale, success 0, attempts ${shown(attempts)}, ${cents} cents`);

  const line = exporter.log.findLast((one) => one.collector === collector);
  t.match(line?.msg, says);
  t.match(line?.advice, advice);
  t.match(view.cause?.message, says, '/ready says the same');
  row.message(line?.msg ?? '');

  await recovers(t, exporter, collector);
}

/** What a collection that gets over a fault is held to. */
export interface GotOver extends Pick<Failure, 'collector' | 'operation' | 'attempts' | 'cents'> {
  readonly rules: readonly FaultRule[];
}

/** A row whose collection gets over its faults by itself: the figures are those of the bill, and every attempt is counted. */
export function gettingOver(
  about: Pick<FaultRow, 'id' | 'fault' | 'expected'>,
  { collector = 'cost', operation, attempts, cents, rules }: GotOver,
  options: ExporterOptions = {},
): FaultRow {
  return {
    ...about,
    async run(row) {
      const { t } = row;
      const exporter = await startWell(t, options);
      for (const rule of rules) exporter.sim.faults.add({ operation, ...rule });
      exporter.clock.advance(60_000);
      t.equal(await exporter.run(collector), 'collected');
      row.fired(`requests hit by ${kindsOf(exporter)}`, exporter.hits());
      t.equal((await exporter.metrics()).businessText(), exporter.before.businessText(), 'the same bill');
      row.figures('right');
      t.match(await exporter.collector(collector), { state: 'ok', stale: false, cause: null });
      t.same(await exporter.attempts(operation), attempts);
      t.equal(await exporter.spent(), cents);
      row.state(`${collector} ok, attempts ${shown(attempts)}, ${cents} cents`);
      const line = exporter.log.findLast((one) => one.collector === collector);
      t.equal(line?.msg, 'collected');
      row.message(line?.msg ?? '');
    },
  };
}

/** Lets a collection end after so many milliseconds, in place of its minutes. */
export function hurry({ app }: Exporter, collector: string, timeoutMs: number): void {
  const state = app.rest.collections.states.get(collector, 'default');
  if (state === undefined) throw new Error(`no collector ${collector}`);
  Object.assign(state, { capability: { ...state.capability, timeoutMs } });
}

/** Takes the faults away: the next run brings the figures of the same bill. */
export async function recovers(t: Test, exporter: Good, collector = 'cost'): Promise<void> {
  const { sim, clock, run, before } = exporter;
  sim.faults.clear();
  clock.advance(60_000);
  t.equal(await run(collector), 'collected', 'it recovers by itself');
  t.match(await exporter.collector(collector), { state: 'ok', stale: false, cause: null });
  t.equal((await exporter.metrics()).businessText(), before.businessText(), 'the same bill, the same page');
}

/** A row whose collection fails and recovers; `timeoutMs` is in place of the collection's own. */
export function failing(
  row: Pick<FaultRow, 'id' | 'fault' | 'expected'>,
  failure: Failure,
  rules: readonly FaultRule[],
  { timeoutMs, ...options }: ExporterOptions & { timeoutMs?: number } = {},
): FaultRow {
  return {
    ...row,
    async run(run) {
      const exporter = await startWell(run.t, options);
      if (timeoutMs !== undefined) hurry(exporter, failure.collector ?? 'cost', timeoutMs);
      for (const rule of rules) exporter.sim.faults.add({ operation: failure.operation, ...rule });
      await failsAndRecovers(run, exporter, failure);
    },
  };
}

/** Numbers by name, as the table shows them. */
export function shown(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([name, number]) => `${number} ${name}`)
    .join(' + ');
}

function kindsOf({ sim }: Exporter): string {
  return [...new Set(sim.requests.flatMap(({ fault }) => fault ?? []))].join(', ');
}
