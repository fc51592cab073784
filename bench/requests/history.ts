import { type Day, dayOf } from './calendar.ts';
import type { ChangeKind, Version } from './changing-bill.ts';
import { type Amounts, areSame, costOfDay } from './truth.ts';

/** What happened between what is shown and what is true. */
export type Happening = ChangeKind | 'midnight';

/** The truth over a stretch of time: one bill on one day. */
export interface Moment {
  readonly from: number;
  readonly version: Version;
  readonly today: Day;
  readonly happened: Happening;
}

/** Since when something shown is not true, and what has happened since; undefined where no past bill had it. */
export interface Departure {
  readonly since: number | undefined;
  readonly happened: readonly { readonly at: number; readonly what: Happening }[];
}

/** How far back something shown is looked for: beyond it no figure may be shown. */
const LONGEST_MEMORY_MS = 4 * 86_400_000;

/** The bills that there have been, for whoever shows a figure that the bill has not now. */
export class History {
  readonly #moments: Moment[] = [];
  readonly #days = new Map<Day, { at: number; kind: ChangeKind; amounts: Amounts }[]>();
  #last: Version | undefined;

  get now(): Moment {
    const moment = this.#moments.at(-1);
    if (moment === undefined) throw new RangeError('history has not begun');
    return moment;
  }

  /** Enters another bill. */
  turn(version: Version): void {
    const moment = { from: version.at, version, today: dayOf(version.at), happened: version.kind };
    this.#moments.push(moment);
    for (const [day, rows] of version.days) {
      if (this.#last?.days.get(day) === rows) continue;
      const states = this.#days.get(day) ?? [];
      this.#days.set(day, states);
      states.push({ at: version.at, kind: version.kind, amounts: costOfDay(version, day) });
    }
    this.#last = version;
  }

  /** Enters the beginning of another day. */
  midnight(at: number): void {
    this.#moments.push({ from: at, version: this.now.version, today: dayOf(at), happened: 'midnight' });
  }

  /**
   * Since when a figure is not the true one.
   *
   * @param holds - whether the figure shown is the true one of a moment.
   * @returns undefined where it is true now.
   */
  departure(holds: (moment: Moment) => boolean): Departure | undefined {
    const happened: { at: number; what: Happening }[] = [];
    const oldest = this.now.from - LONGEST_MEMORY_MS;
    for (let index = this.#moments.length - 1; index >= 0; index--) {
      const moment = this.#moments[index];
      if (moment === undefined || (moment.from < oldest && happened.length > 0)) break;
      if (holds(moment)) return happened.length === 0 ? undefined : { since: happened[0]?.at, happened };
      happened.unshift({ at: moment.from, what: moment.happened });
    }
    return { since: undefined, happened };
  }

  /**
   * The same for a figure whose earlier months may be of an older bill than its last one: an exporter keeps each month on its
   * own.
   */
  monthsDeparture(holds: (moment: Moment, earlier: Version) => boolean): Departure | undefined {
    const whole = this.departure((moment) => holds(moment, moment.version));
    if (whole === undefined || whole.since !== undefined) return whole;
    const recent = this.#moments.filter(({ from }) => from >= this.now.from - LONGEST_MEMORY_MS).toReversed();
    for (const moment of recent) {
      for (const older of recent.filter(({ from }) => from < moment.from)) {
        if (!holds(moment, older.version)) continue;
        const happened = recent
          .filter(({ from }) => from > older.from)
          .toReversed()
          .map(({ from, happened: what }) => ({ at: from, what }));
        return { since: happened[0]?.at, happened };
      }
    }
    return whole;
  }

  /** The same for the rows of one day by (service, account), on their own: an exporter may hold each day from another bill. */
  dayDeparture(day: Day, shown: ReadonlyMap<string, number>): Departure | undefined {
    const happened: { at: number; what: Happening }[] = [];
    const states = this.#days.get(day) ?? [];
    for (let index = states.length - 1; index >= 0; index--) {
      const state = states[index];
      if (state === undefined) break;
      if (areSame(shown, state.amounts)) {
        return happened.length === 0 ? undefined : { since: happened[0]?.at, happened };
      }
      // A move between tags leaves a day's rows by service and account as they were.
      happened.unshift({ at: state.at, what: state.kind });
    }
    if (shown.size > 0) return { since: undefined, happened };
    return happened.length === 0 ? undefined : { since: happened[0]?.at, happened };
  }
}
