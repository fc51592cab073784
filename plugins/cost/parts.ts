import { addDays, type Day, daysIn } from '../../src/collection/periods.ts';
import type { CostData } from './model.ts';
import type { Period } from './query.ts';

/** Share of the whole's pages from which buying the whole is preferred: it mends all days and is due less soon. */
const WHOLE_SHARE = 0.9;

type Known = Pick<CostData, 'days' | 'pages'>;

/** Pages that a query over some days is expected to have: their share of the whole query's, by rows; at least 1. */
export function expectedPages({ days: known, pages }: Known, days: readonly Day[]): number {
  // A day counts as one row more than it has, so that an empty bill has a share too.
  const weights = new Map(known.map(({ date, pairs }) => [date, pairs.length + 1]));
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  // A day that is not known is like the others.
  const usual = total / Math.max(1, known.length);
  const asked = days.reduce((sum, day) => sum + (weights.get(day) ?? usual), 0);
  const share = total === 0 ? 1 : asked / total;
  return Math.max(1, Math.ceil(pages * share - 1e-9));
}

/** A query for some of the days. */
export interface Part extends Period {
  readonly days: readonly Day[];
  /** Pages that it is expected to have. */
  readonly pages: number;
}

/**
 * The queries for the days that have moved, one for each run of them; a gap is bought too where that costs no more.
 *
 * @param moved - ascending.
 * @returns undefined where the whole would cost about as much.
 */
export function partsOf(kept: Known, moved: readonly Day[]): Part[] | undefined {
  const parts: Part[] = [];
  for (const day of moved) {
    const last = parts.at(-1);
    const alone = partOf(kept, day, addDays(day, 1));
    const joined = last && partOf(kept, last.start, alone.end);
    if (last && joined && joined.pages <= last.pages + alone.pages) parts[parts.length - 1] = joined;
    else parts.push(alone);
  }
  const pages = parts.reduce((sum, part) => sum + part.pages, 0);
  return pages >= WHOLE_SHARE * kept.pages ? undefined : parts;
}

function partOf(kept: Known, start: Day, end: Day): Part {
  const days = daysIn(start, end);
  return { start, end, days, pages: expectedPages(kept, days) };
}
