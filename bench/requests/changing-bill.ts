import type { FocusRow } from '../../src/focus.ts';
import { type Account, type Line, linesOf } from './accounts.ts';
import { DAY_MS, type Day, dayOf, daysFrom, HOUR_MS, midnightOf, plusDays } from './calendar.ts';
import { noise } from './noise.ts';

/** Why a bill became another: AWS refreshed it, or moved money on a day whose total stayed. */
export type ChangeKind = 'start' | 'refresh' | 'services' | 'accounts' | 'tags';

/** One state of the bill. Days that a change leaves alone keep the very array of rows. */
export interface Version {
  readonly index: number;
  /** From when it is the bill, in milliseconds since the epoch. */
  readonly at: number;
  readonly kind: ChangeKind;
  readonly days: ReadonlyMap<Day, readonly FocusRow[]>;
}

export interface ChangingBillOptions {
  readonly account: Account;
  readonly seed: number;
  /** First midnight of the simulation, in milliseconds since the epoch. */
  readonly start: number;
  /** Days that are simulated. */
  readonly days: number;
  /** Hour of the day of the first of three refreshes, 8 hours apart. Default 3. */
  readonly phaseHours?: number;
  /** A refresh is late by at most so long, another time each time, in milliseconds. Default 59 minutes. */
  readonly jitterMs?: number;
  /** Share of days on which money is moved at an unchanged total. Default a third. */
  readonly movesADay?: number;
}

/** Days of the bill before the first one simulated. */
const HISTORY_DAYS = 60;
/** A refresh restates so many days before today. */
const RESTATED_DAYS = 5;
/** Money is moved on a day at most so many days ago. */
const OLDEST_MOVE_DAYS = 28;
const MOVES = ['services', 'accounts', 'tags'] as const;

/** What noise is drawn for: each draw is another one. */
const DRAW = {
  weight: 1,
  usage: 2,
  restated: 3,
  by: 4,
  late: 5,
  moves: 6,
  when: 7,
  day: 8,
  kind: 9,
  from: 10,
  to: 11,
};

/** A bill that is a function of time: a seed gives the same versions always. */
export class ChangingBill {
  readonly #options: Required<ChangingBillOptions>;
  readonly #lines: readonly Line[];
  readonly #changes: readonly { at: number; kind: ChangeKind }[];
  readonly #versions: Version[] = [];
  /** Amounts by day and line, in millionths. */
  readonly #amounts = new Map<Day, number[]>();

  constructor(options: ChangingBillOptions) {
    this.#options = { phaseHours: 3, jitterMs: 59 * 60_000, movesADay: 1 / 3, ...options };
    this.#lines = linesOf(options.account);
    this.#changes = this.#schedule();
  }

  /** Every state of the bill, in order; the first stands at the start. */
  versions(): readonly Version[] {
    while (this.#versions.length <= this.#changes.length) this.#versions.push(this.#next());
    return this.#versions;
  }

  /** The bill at an instant. */
  at(instant: number): Version {
    const version = this.versions().findLast(({ at }) => at <= instant) ?? this.versions()[0];
    if (version === undefined) throw new RangeError('a bill has a first version');
    return version;
  }

  #schedule(): { at: number; kind: ChangeKind }[] {
    const { start, days, seed, phaseHours, jitterMs, movesADay } = this.#options;
    const changes: { at: number; kind: ChangeKind }[] = [];
    for (let day = 0; day < days; day++) {
      for (let third = 0; third < 3; third++) {
        const late = Math.floor(noise(seed, DRAW.late, day, third) * jitterMs);
        changes.push({
          at: start + day * DAY_MS + (phaseHours + 8 * third) * HOUR_MS + late,
          kind: 'refresh',
        });
      }
      if (noise(seed, DRAW.moves, day) >= movesADay) continue;
      const kind = MOVES[Math.floor(noise(seed, DRAW.kind, day) * MOVES.length)] ?? 'tags';
      changes.push({ at: start + day * DAY_MS + Math.floor(noise(seed, DRAW.when, day) * DAY_MS), kind });
    }
    return changes.toSorted((one, other) => one.at - other.at);
  }

  #next(): Version {
    const before = this.#versions.at(-1);
    const change = this.#changes[this.#versions.length - 1];
    const { start, phaseHours } = this.#options;
    const index = this.#versions.length;
    if (before === undefined || change === undefined) {
      // The last refresh before the start.
      const last = start - (8 - phaseHours) * HOUR_MS;
      const first = plusDays(dayOf(start), -HISTORY_DAYS);
      const days = daysFrom(first, dayOf(start)).map((day) => [day, this.#refreshed(day, 0, last)] as const);
      return { index, at: start, kind: 'start', days: new Map(days) };
    }
    const days = new Map(before.days);
    if (change.kind === 'refresh') {
      const today = dayOf(change.at);
      for (const day of daysFrom(plusDays(today, -RESTATED_DAYS), plusDays(today, 1))) {
        days.set(day, this.#refreshed(day, index, change.at));
      }
    } else {
      const age = 1 + Math.floor(noise(this.#options.seed, DRAW.day, index) * OLDEST_MOVE_DAYS);
      const day = plusDays(dayOf(change.at), -age);
      days.set(day, this.#moved(day, index, change.kind));
    }
    return { index, at: change.at, kind: change.kind, days };
  }

  /** A day with its usage until an instant, and a little restated where it had some before. */
  #refreshed(day: Day, index: number, until: number): readonly FocusRow[] {
    const { seed } = this.#options;
    const date = midnightOf(day) / DAY_MS;
    const covered = Math.min(1, Math.max(0, until - midnightOf(day)) / DAY_MS);
    const restates = index > 0 && covered === 1;
    const known = this.#amounts.get(day);
    const before = this.#covered.get(day) ?? 0;
    const amounts = this.#lines.map((_, line) => {
      const whole = this.#usage(date, line);
      const amount = (known?.[line] ?? 0) + Math.floor(whole * covered) - Math.floor(whole * before);
      if (!restates || noise(seed, DRAW.restated, index, date, line) > 1 / 3) return amount;
      return amount + Math.round(amount * 0.01 * (noise(seed, DRAW.by, index, date, line) - 0.4));
    });
    this.#covered.set(day, covered);
    return this.#rows(day, amounts);
  }

  readonly #covered = new Map<Day, number>();

  /** What a line costs on a whole day, in millionths: a few cents to a few dollars, less on weekends. */
  #usage(date: number, line: number): number {
    const { seed } = this.#options;
    const weight = 50_000 + 4_000_000 * noise(seed, DRAW.weight, line) ** 3;
    const weekend = (date + 4) % 7 === 0 || (date + 4) % 7 === 6;
    return Math.floor(weight * (weekend ? 0.6 : 1) * (0.8 + 0.4 * noise(seed, DRAW.usage, date, line)));
  }

  /** A fifth of one line's cost goes to another one; the total stays. */
  #moved(day: Day, index: number, kind: ChangeKind): readonly FocusRow[] {
    const { seed } = this.#options;
    const amounts = [...(this.#amounts.get(day) ?? [])];
    const from = Math.floor(noise(seed, DRAW.from, index) * this.#lines.length);
    const candidates = [...this.#lines.keys()].filter((to) => this.#differsBy(kind, from, to));
    const to = candidates[Math.floor(noise(seed, DRAW.to, index) * candidates.length)];
    if (to === undefined) throw new RangeError(`nothing to move between ${kind}`);
    const moved = Math.ceil((amounts[from] ?? 0) / 5);
    amounts[from] = (amounts[from] ?? 0) - moved;
    amounts[to] = (amounts[to] ?? 0) + moved;
    return this.#rows(day, amounts);
  }

  #differsBy(kind: ChangeKind, from: number, to: number): boolean {
    const [one, other] = [this.#lines[from], this.#lines[to]];
    if (one === undefined || other === undefined || from === to) return false;
    const service = one.service !== other.service;
    const account = one.account !== other.account;
    if (kind === 'services') return service && !account;
    return kind === 'accounts' ? account && !service : !account && !service;
  }

  #rows(day: Day, amounts: number[]): readonly FocusRow[] {
    this.#amounts.set(day, amounts);
    const { accounts } = this.#options.account;
    const [payer = ''] = accounts;
    return this.#lines.map(({ service, account, tags }, line) => {
      const cost = ((amounts[line] ?? 0) / 1e6).toFixed(6);
      return {
        ChargePeriodStart: `${day}T00:00:00Z`,
        ChargePeriodEnd: `${plusDays(day, 1)}T00:00:00Z`,
        BillingPeriodStart: `${day.slice(0, 7)}-01T00:00:00Z`,
        BilledCost: cost,
        EffectiveCost: cost,
        BillingCurrency: 'USD',
        BillingAccountId: payer,
        BillingAccountName: 'payer',
        SubAccountId: account,
        SubAccountName: `account ${accounts.indexOf(account) + 1}`,
        ChargeCategory: 'Usage',
        ChargeDescription: null,
        ServiceName: service,
        RegionId: 'us-east-1',
        ResourceId: null,
        Tags: tags,
      };
    });
  }
}

/** All rows of a version, day by day. */
export function rowsOf(version: Version): FocusRow[] {
  return [...version.days.values()].flat();
}
