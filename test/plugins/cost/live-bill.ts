import { PROBE_METRICS } from '../../../plugins/cost/model.ts';
import type { Answer } from '../fake-cost-explorer.ts';
import { METRIC } from './bill.ts';
import { type Day, dayNumber, dayText } from './naive.ts';

/** Cost and use of one service and account on one day, in millionths: sums are exact. */
export interface Cell {
  readonly cost: bigint;
  readonly use: bigint;
}

/** A bill that changes: day, then `service account`, then what it costs. */
export type Cells = Map<Day, Map<string, Cell>>;

/**
 * Cost Explorer over a bill that changes. The pages of a query are those of the bill at its first page; ungrouped totals are
 * made from the same cells, each time in another spelling.
 */
export class LiveBill {
  cells: Cells = new Map();
  today: Day;
  pageSize = 5_000;
  listsToday = true;
  /** Whether grouped answers list today, where ungrouped ones do. */
  groupsToday = true;
  unit = 'USD';
  /** Days from this one on are estimated. */
  estimatedFrom: Day = '0000-00-00';
  /** Names of linked accounts. */
  names: Record<string, string> = {};
  /** Called once, before the next grouped page is made. */
  inFlight: (() => void) | undefined;
  /** Answers the request of that number since `clear` with a failure; undefined: none. */
  failsAt: number | undefined;
  /** The requests since `clear`: `probe`, or the days of a grouped page. */
  readonly requests: string[] = [];
  /** When each day was last bought in full, in milliseconds. */
  readonly boughtAt = new Map<Day, number>();
  now = 0;
  #pages: Record<string, unknown>[] = [];
  #spelling = 0;

  constructor(today: Day) {
    this.today = today;
  }

  clear(): void {
    this.requests.length = 0;
  }

  /** Sets a cell; undefined takes it away. */
  set(day: Day, pair: string, cell: Cell | undefined): void {
    const cells = new Map(this.cells.get(day));
    if (cell === undefined) cells.delete(pair);
    else cells.set(pair, cell);
    this.cells = new Map(this.cells).set(day, cells);
  }

  /** The seven totals of a day, in millionths. */
  totals(day: Day): bigint[] {
    const cells = [...(this.cells.get(day)?.values() ?? [])];
    const cost = cells.reduce((sum, cell) => sum + cell.cost, 0n);
    const use = cells.reduce((sum, cell) => sum + cell.use, 0n);
    return PROBE_METRICS.map((name) =>
      name.endsWith('Cost') ? (name.endsWith('AmortizedCost') ? 2n * cost + use : cost) : use,
    );
  }

  answer = (body: Record<string, unknown>): Answer => {
    const grouped = body.GroupBy !== undefined;
    const { Start, End } = body.TimePeriod as { Start: Day; End: Day };
    if (this.failsAt === this.requests.length) {
      this.requests.push('refused');
      return { status: 400, body: { __type: 'ThrottlingException', message: 'slow down' } };
    }
    this.requests.push(grouped ? `${Start}/${End}` : 'probe');
    const last =
      dayNumber(End) -
      (End > this.today && !(grouped ? this.listsToday && this.groupsToday : this.listsToday) ? 2 : 1);
    const days: Day[] = [];
    for (let number = dayNumber(Start); number <= last; number++) days.push(dayText(number));
    if (!grouped) return { body: { ResultsByTime: days.map((day) => this.#total(day)) } };
    if (body.NextPageToken === undefined) {
      this.inFlight?.();
      this.inFlight = undefined;
      this.#pages = this.#split(days);
    }
    const number = Number(body.NextPageToken ?? 0);
    if (number === this.#pages.length - 1) for (const day of days) this.boughtAt.set(day, this.now);
    return { body: this.#pages[number] };
  };

  #total(day: Day) {
    const totals = this.totals(day);
    const money = (name: string) => ({ Unit: name.endsWith('Cost') ? this.unit : 'N/A' });
    return {
      TimePeriod: { Start: day, End: dayText(dayNumber(day) + 1) },
      Total: Object.fromEntries(
        PROBE_METRICS.map((name, at) => [name, { Amount: this.#spell(totals[at] ?? 0n), ...money(name) }]),
      ),
      Groups: [],
      Estimated: day >= this.estimatedFrom,
    };
  }

  /** A number of millionths in one of the spellings of a decimal. */
  #spell(units: bigint): string {
    this.#spelling++;
    if (this.#spelling % 3 === 0) return decimal(units);
    return this.#spelling % 3 === 1 ? `${units}E-6` : `${decimal(units)}000`;
  }

  #split(days: readonly Day[]): Record<string, unknown>[] {
    const pages: Map<Day, [string, Cell][]>[] = [new Map()];
    let room = this.pageSize;
    for (const day of days) {
      pages.at(-1)?.set(day, []);
      for (const cell of [...(this.cells.get(day) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        if (room === 0) {
          pages.push(new Map([[day, []]]));
          room = this.pageSize;
        }
        pages.at(-1)?.get(day)?.push(cell);
        room--;
      }
    }
    return pages.map((results, index) => ({
      ResultsByTime: [...results].map(([day, cells]) => ({
        TimePeriod: { Start: day, End: dayText(dayNumber(day) + 1) },
        Total: {},
        Groups: cells.map(([pair, { cost }]) => ({
          Keys: pair.split(' '),
          Metrics: { [METRIC]: { Amount: decimal(cost), Unit: this.unit } },
        })),
        Estimated: day >= this.estimatedFrom,
      })),
      DimensionValueAttributes: Object.entries(this.names).map(([Value, description]) => ({
        Value,
        Attributes: { description },
      })),
      ...(index < pages.length - 1 ? { NextPageToken: String(index + 1) } : {}),
    }));
  }
}

/** Millionths as a plain decimal. */
export function decimal(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(7, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
