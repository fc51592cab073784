import type { FocusRow } from '../../focus.ts';
import { type Amount, amount, amountText, ZERO } from '../amounts.ts';
import { addDays, type Day, dayOf, type Period } from '../days.ts';
import { costExplorerService } from './service-names.ts';

/** The account of a bill without rows. */
const EMPTY_BILL_ACCOUNT = '123456789012';
const EMPTY_BILL_CURRENCY = 'USD';
/** Results kept per day, and merged periods per bill: enough for the pages of a few queries at a time. */
const KEPT_RESULTS = 64;

/** A row of the bill, read once. */
export interface Charge {
  readonly row: FocusRow;
  /** Start of the charge, milliseconds since the epoch. */
  readonly start: number;
  /** Cost Explorer's name of the service. */
  readonly service: string;
  /** The linked account. */
  readonly account: string;
  readonly billed: Amount;
  readonly effective: Amount;
}

/** Charges of one period and one set of keys, summed. */
export class Group {
  readonly keys: readonly string[];
  billed: Amount = ZERO;
  effective: Amount = ZERO;
  #billedText: string | undefined;
  #effectiveText: string | undefined;

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  add(part: { readonly billed: Amount; readonly effective: Amount }): void {
    this.billed = this.billed.plus(part.billed);
    this.effective = this.effective.plus(part.effective);
  }

  /** What is invoiced, as a decimal string. To be asked for when all parts are added. */
  get billedText(): string {
    this.#billedText ??= amountText(this.billed);
    return this.#billedText;
  }

  /** What is amortized, as a decimal string. To be asked for when all parts are added. */
  get effectiveText(): string {
    this.#effectiveText ??= amountText(this.effective);
    return this.#effectiveText;
  }
}

/** Which charges a query takes and how it groups them. */
export interface Selection {
  /** Equal selections have equal ids. */
  readonly id: string;
  matches(charge: Charge): boolean;
  /** The values of the grouping keys; none puts all charges into one group. */
  keys(charge: Charge): readonly string[];
}

function compareKeys(a: Group, b: Group): number {
  for (let i = 0; i < a.keys.length; i++) {
    const [left, right] = [a.keys[i] ?? '', b.keys[i] ?? ''];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** Sums parts by their keys; sorted by key, so that the order is the same each time. */
function sumByKeys<Part extends { readonly billed: Amount; readonly effective: Amount }>(
  parts: Iterable<Part>,
  keysOf: (part: Part) => readonly string[],
): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const part of parts) {
    const keys = keysOf(part);
    const id = `${keys[0]?.length ?? 0}:${keys.join('')}`;
    let group = groups.get(id);
    if (group === undefined) {
      group = new Group(keys);
      groups.set(id, group);
    }
    group.add(part);
  }
  return [...groups.values()].sort(compareKeys);
}

/** The account that a row's charge belongs to: the payer where no linked account is said. */
export function linkedAccount(row: FocusRow): string {
  return row.SubAccountId ?? row.BillingAccountId;
}

class DayOfBill {
  readonly rows: FocusRow[] = [];
  #charges: readonly Charge[] | undefined;
  readonly #groups = new Map<string, readonly Group[]>();

  /** The day's charges by start. */
  get charges(): readonly Charge[] {
    this.#charges ??= this.rows
      .map((row) => ({
        row,
        start: Date.parse(row.ChargePeriodStart),
        service: costExplorerService(row),
        account: linkedAccount(row),
        billed: amount(row.BilledCost),
        effective: amount(row.EffectiveCost),
      }))
      .sort((a, b) => a.start - b.start);
    return this.#charges;
  }

  /** How many of the day's charges have started by an instant. */
  started(now: number): number {
    const future = this.charges.findIndex((charge) => charge.start > now);
    return future === -1 ? this.charges.length : future;
  }

  groups(selection: Selection, visible: number): readonly Group[] {
    const id = `${visible} ${selection.id}`;
    let groups = this.#groups.get(id);
    if (groups === undefined) {
      const charges = this.charges.slice(0, visible).filter((charge) => selection.matches(charge));
      groups = sumByKeys(charges, (charge) => selection.keys(charge));
      if (this.#groups.size >= KEPT_RESULTS) this.#groups.clear();
      this.#groups.set(id, groups);
    }
    return groups;
  }

  holdsSameRows(other: DayOfBill): boolean {
    return this.rows.length === other.rows.length && this.rows.every((row, i) => row === other.rows[i]);
  }
}

/** A bill, indexed by day, with the sums that were asked for. */
export class BillIndex {
  /** Counts the bills of a simulator. */
  readonly version: number;
  readonly rows: readonly FocusRow[];
  readonly currency: string;
  /** The payer's account id. */
  readonly payer: string;
  readonly #days = new Map<Day, DayOfBill>();
  readonly #merged = new Map<string, readonly Group[]>();
  #accounts: ReadonlyMap<string, string | null> | undefined;

  /**
   * @param previous the bill before: days whose rows are the same objects keep their sums.
   * Throws RangeError where the rows have more than one currency or a date that is none.
   */
  constructor(rows: readonly FocusRow[], previous?: BillIndex) {
    this.version = (previous?.version ?? 0) + 1;
    this.rows = rows;
    this.currency = rows[0]?.BillingCurrency ?? EMPTY_BILL_CURRENCY;
    this.payer = rows[0]?.BillingAccountId ?? EMPTY_BILL_ACCOUNT;
    for (const [i, row] of rows.entries()) {
      if (row.BillingCurrency !== this.currency) {
        throw new RangeError(
          `row ${i + 1}: BillingCurrency ${row.BillingCurrency} in a bill in ${this.currency}`,
        );
      }
      const text = row.ChargePeriodStart;
      if (!text.endsWith('Z') && Number.isNaN(Date.parse(text))) {
        throw new RangeError(`row ${i + 1}: ChargePeriodStart '${text}' is no ISO 8601 date`);
      }
      const day = text.endsWith('Z') ? text.slice(0, 10) : dayOf(Date.parse(text));
      let entry = this.#days.get(day);
      if (entry === undefined) {
        entry = new DayOfBill();
        this.#days.set(day, entry);
      }
      entry.rows.push(row);
    }
    for (const [day, entry] of this.#days) {
      const before = previous === undefined ? undefined : previous.#days.get(day);
      if (before?.holdsSameRows(entry)) this.#days.set(day, before);
    }
  }

  /** The accounts of the bill, payer included, with their names. */
  get accounts(): ReadonlyMap<string, string | null> {
    if (this.#accounts === undefined) {
      const accounts = new Map<string, string | null>([[this.payer, null]]);
      for (const row of this.rows) {
        const id = linkedAccount(row);
        const name = row.SubAccountId === null ? row.BillingAccountName : row.SubAccountName;
        if (!accounts.get(id)) accounts.set(id, name);
        if (!accounts.get(row.BillingAccountId)) accounts.set(row.BillingAccountId, row.BillingAccountName);
      }
      this.#accounts = accounts;
    }
    return this.#accounts;
  }

  /** The days that have charges, in order. */
  days(): Day[] {
    return [...this.#days.keys()].sort();
  }

  /**
   * The groups of a period, by key. Charges that start after `now` have not happened. A group exists where there is a
   * charge, also when its sum is zero.
   */
  groups(selection: Selection, { start, end }: Period, now: Date): readonly Group[] {
    if (addDays(start, 1) === end) return this.#dayGroups(selection, start, now.getTime());
    const parts: (readonly Group[])[] = [];
    const visible: number[] = [];
    for (let day = start; day < end; day = addDays(day, 1)) {
      const entry = this.#days.get(day);
      if (entry === undefined) continue;
      parts.push(this.#dayGroups(selection, day, now.getTime()));
      visible.push(this.#visible(entry, day, now.getTime()));
    }
    const id = `${start} ${end} ${visible.join()} ${selection.id}`;
    let merged = this.#merged.get(id);
    if (merged === undefined) {
      merged = sumByKeys(parts.flat(), (group) => group.keys);
      if (this.#merged.size >= KEPT_RESULTS) this.#merged.clear();
      this.#merged.set(id, merged);
    }
    return merged;
  }

  #visible(entry: DayOfBill, day: Day, now: number): number {
    return day < dayOf(now) ? entry.charges.length : entry.started(now);
  }

  #dayGroups(selection: Selection, day: Day, now: number): readonly Group[] {
    const entry = this.#days.get(day);
    return entry === undefined ? [] : entry.groups(selection, this.#visible(entry, day, now));
  }
}
