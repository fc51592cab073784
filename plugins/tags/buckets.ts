import { addDays, type Day, firstOfNextMonth } from '../../src/collection/periods.ts';
import type { TagBucket } from './model.ts';

/** Some days in a row; `end` is exclusive. */
export interface Period {
  readonly start: Day;
  readonly end: Day;
}

/** A bucket of the window, and what is expected of it. */
export interface PlannedBucket extends Period {
  /** Its share of the pages of a query; the sum over some, rounded up, is what a query over these is expected to have. */
  readonly pages: number;
  /** What is kept of it and still true; undefined: it has to be bought. */
  readonly kept?: TagBucket | undefined;
}

/** A query over some buckets in a row. */
export interface Run extends Period {
  readonly buckets: readonly PlannedBucket[];
  /** Pages that it is expected to have. */
  readonly pages: number;
}

/** The buckets in which AWS answers for some days: by month, clipped. */
export function monthsOf({ start, end }: Period): Period[] {
  const months: Period[] = [];
  for (let at = start; at < end; at = firstOfNextMonth(at)) {
    const next = firstOfNextMonth(at);
    months.push({ start: at, end: next < end ? next : end });
  }
  return months;
}

/**
 * The buckets of a window, with the pages that are expected of each: those that it had, or those of another part of its month;
 * of a month that is not known those that the others have on average.
 *
 * @param isTrue - whether a kept bucket still says what the bill says.
 */
export function planBuckets(
  window: Period,
  kept: readonly TagBucket[],
  isTrue: (bucket: TagBucket) => boolean,
): PlannedBucket[] {
  const usual = kept.length === 0 ? 0 : kept.reduce((sum, { pages }) => sum + pages, 0) / kept.length;
  return monthsOf(window).map(({ start, end }) => {
    const same = kept.find((bucket) => bucket.start === start && bucket.end === end);
    const month = same ?? kept.find((bucket) => bucket.start.slice(0, 7) === start.slice(0, 7));
    const pages = month?.pages ?? usual;
    return { start, end, pages, kept: same && isTrue(same) ? same : undefined };
  });
}

/**
 * The queries for the buckets that have to be bought, one for each row of them; those between and beside them are bought too
 * where that costs no more.
 */
export function runsOf(planned: readonly PlannedBucket[]): Run[] {
  const runs: Run[] = [];
  for (const [index, bucket] of planned.entries()) {
    if (bucket.kept !== undefined) continue;
    const alone = runOf([bucket]);
    const last = runs.at(-1);
    const joined =
      last &&
      runOf(
        planned.slice(
          planned.findIndex(({ start }) => start === last.start),
          index + 1,
        ),
      );
    if (last && joined && joined.pages <= last.pages + alone.pages) runs[runs.length - 1] = joined;
    else runs.push(alone);
  }
  const whole = runOf(planned);
  return runs.length > 0 && whole.pages <= pagesOf(runs) ? [whole] : runs;
}

/** Pages of some queries together. */
export function pagesOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { pages }) => sum + pages, 0);
}

/** Pages that a query over some buckets is expected to have; at least 1. */
export function expectedPages(buckets: readonly { readonly pages: number }[]): number {
  const pages = buckets.reduce((sum, bucket) => sum + bucket.pages, 0);
  return Math.max(1, Math.ceil(pages - 1e-9));
}

/** Days before the end of the window that AWS usually restates. */
const RESTATED_DAYS = 5;

/** Pages that a key is expected to need after a change of the bill: those of the buckets with days that AWS restates. */
export function pagesAfterChange(buckets: readonly TagBucket[]): number {
  const end = buckets.at(-1)?.end;
  if (end === undefined) return 1;
  const restated = addDays(end, -RESTATED_DAYS);
  return pagesOf(
    runsOf(buckets.map((bucket) => ({ ...bucket, kept: bucket.end <= restated ? bucket : undefined }))),
  );
}

function runOf(buckets: readonly PlannedBucket[]): Run {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('a query is over some days');
  return { start: first.start, end: last.end, buckets, pages: expectedPages(buckets) };
}
