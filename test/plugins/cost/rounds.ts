import { collectCost } from '../../../plugins/cost/collect.ts';
import { COST_SCHEMA, type CostData, type CostSettings } from '../../../plugins/cost/model.ts';
import type { Collected } from '../../../src/collection/capability.ts';
import type { Snapshot } from '../../../src/collection/snapshot.ts';
import type { ChangeRules } from '../../../src/config.ts';
import { CHANGES, contextAt } from '../fake-cost-explorer.ts';
import type { LiveBill } from './live-bill.ts';
import { type Day, dayNumber } from './naive.ts';
import { hourly } from './views.ts';

/** What one round was. */
export interface Round {
  readonly collected: Collected<CostData>;
  /** What was asked, in order. */
  readonly requests: readonly string[];
  /** Pages that were set aside, query by query. */
  readonly holds: readonly number[];
}

/** Collections of one bill, round by round: keeps what the program keeps, and the clock. */
export class Rounds {
  readonly bill: LiveBill;
  readonly settings: CostSettings;
  readonly changes: ChangeRules;
  snapshot: Snapshot<CostData> | undefined;
  now: number;

  constructor(bill: LiveBill, settings: CostSettings, changes: ChangeRules = CHANGES) {
    this.bill = bill;
    this.settings = settings;
    this.changes = changes;
    this.now = (dayNumber(bill.today) + 0.25) * 86_400_000;
  }

  /** Moves the clock on. */
  wait(hours: number): void {
    this.now += hours * 3_600_000;
    this.bill.today = new Date(this.now).toISOString().slice(0, 10);
  }

  /** One collection. @throws what it throws; nothing of it is kept then. */
  async collect(): Promise<Round> {
    this.bill.clear();
    this.bill.now = this.now;
    const { context, holds } = contextAt<CostData>(this.now, this.bill.answer);
    const collected = await collectCost(
      { ...context, changes: this.changes, previous: this.snapshot },
      hourly(this.settings),
    );
    if (!collected.unchanged) this.snapshot = snapshotOf(collected.data, this.now);
    return { collected, requests: [...this.bill.requests], holds };
  }

  /** What a collection of everything brings now, beside the rounds. */
  async fresh(): Promise<CostData> {
    const { failsAt, boughtAt } = this.bill;
    const times = new Map(boughtAt);
    this.bill.failsAt = undefined;
    const { context } = contextAt<CostData>(this.now, this.bill.answer);
    const { data } = await collectCost(context, hourly(this.settings));
    this.bill.failsAt = failsAt;
    for (const [day, at] of times) boughtAt.set(day, at);
    return data;
  }
}

function snapshotOf(data: CostData, at: number): Snapshot<CostData> {
  return {
    schema: COST_SCHEMA,
    collector: 'cost',
    target: 'default',
    accountId: '111122223333',
    collectedAt: new Date(at).toISOString(),
    requests: 1,
    fingerprint: '',
    partial: false,
    // As a store gives it back.
    data: JSON.parse(JSON.stringify(data)),
  };
}

/** The rows of each day by name, whatever their order and numbers. */
export function rowsOf(data: CostData): Map<Day, { estimated: boolean; rows: Record<string, number> }> {
  return new Map(
    data.days.map(({ date, estimated, pairs, costs }) => {
      const rows = pairs.map((pair, index): [string, number] => {
        const [service, account] = data.pairs[pair] ?? [-1, -1];
        return [`${data.services[service]} ${data.accounts[account]?.id}`, costs[index] ?? Number.NaN];
      });
      return [date, { estimated, rows: Object.fromEntries(rows.toSorted(([a], [b]) => (a < b ? -1 : 1))) }];
    }),
  );
}

/** The pairs of a bill by name, sorted. */
export function pairsOf(data: CostData): string[] {
  return data.pairs
    .map(([service, account]) => `${data.services[service]} ${data.accounts[account]?.id}`)
    .toSorted();
}
