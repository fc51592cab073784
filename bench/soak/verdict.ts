/** A value at a time, in minutes. */
export interface Point {
  readonly minute: number;
  readonly value: number;
}

/** How much a measure may grow over the time measured: by a share of its median, or so much, whichever is more. */
export interface Tolerance {
  readonly share: number;
  readonly least: number;
}

/** Whether a measure is flat. */
export interface Trend {
  readonly median: number;
  /** Growth by the robust slope over the time measured. */
  readonly growth: number;
  readonly allowed: number;
  readonly flat: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Slope by Theil and Sen: the median of the slopes of all pairs of points, which a third of outliers does not move. */
export function slope(points: readonly Point[]): number {
  const slopes = points.flatMap((one, index) =>
    points
      .slice(index + 1)
      .filter(({ minute }) => minute !== one.minute)
      .map((other) => (other.value - one.value) / (other.minute - one.minute)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

/** Judges the points after the warm-up; only growth is held against a measure. */
export function trendOf(points: readonly Point[], { share, least }: Tolerance): Trend {
  const [first, last] = [points[0]?.minute ?? 0, points.at(-1)?.minute ?? 0];
  const middle = median(points.map(({ value }) => value));
  const growth = slope(points) * (last - first);
  const allowed = Math.max(share * middle, least);
  return { median: middle, growth, allowed, flat: growth <= allowed };
}

/** The least value of each minute: of memory, what is left between collections. */
export function minima(points: readonly Point[]): Point[] {
  const minutes = Map.groupBy(points, ({ minute }) => Math.floor(minute));
  return [...minutes].map(([minute, all]) => ({ minute, value: Math.min(...all.map(({ value }) => value)) }));
}
