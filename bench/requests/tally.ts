import type { Area, Cause, Difference } from './verdict.ts';

/** How the figures of one kind stood over a simulation. Milliseconds. */
export interface AreaResult {
  /** Times that a figure was not the bill's, and how long until it was again: half of them shorter than the median. */
  readonly episodes: number;
  readonly medianMs: number;
  readonly worstMs: number;
  readonly causes: Partial<Record<Cause, { readonly episodes: number; readonly worstMs: number }>>;
}

const AREAS = ['cost', 'tags', 'forecast'] as const satisfies readonly Area[];

/** Collects the times at which a figure was not the bill's: each begins when the true figure changed. */
export class Tally {
  #open = new Map<string, Difference>();
  /** By id: one that is not shown for a while, and then still is not true, is one. */
  readonly #known = new Map<string, Difference>();

  /** Enters all figures that are not true just before something happens. */
  enter(differences: readonly Difference[]): void {
    const open = new Map(differences.map((difference) => [idOf(difference), difference]));
    for (const [id, difference] of this.#open) if (!open.has(id)) this.#known.set(id, difference);
    this.#open = open;
  }

  /** What is still not true counts as it stands. */
  end(): void {
    this.enter([]);
  }

  /** The first differences that nothing explains. */
  unexplained(most = 10): readonly Difference[] {
    return this.#ended.filter(({ cause }) => cause === 'not explained').slice(0, most);
  }

  get #ended(): Difference[] {
    return [...this.#known.values()];
  }

  results(): Record<Area, AreaResult> {
    const [cost, tags, forecast] = AREAS.map((area) =>
      resultOf(this.#ended.filter((difference) => difference.area === area)),
    );
    return { cost: cost ?? NONE, tags: tags ?? NONE, forecast: forecast ?? NONE };
  }
}

const NONE: AreaResult = { episodes: 0, medianMs: 0, worstMs: 0, causes: {} };

function idOf({ area, figure, since }: Difference): string {
  return `${area} ${figure} ${since}`;
}

function resultOf(ended: readonly Difference[]): AreaResult {
  const ages = ended.map(({ ageMs }) => ageMs).toSorted((one, other) => one - other);
  const causes: Partial<Record<Cause, { episodes: number; worstMs: number }>> = {};
  for (const { cause, ageMs } of ended) {
    const { episodes = 0, worstMs = 0 } = causes[cause] ?? {};
    causes[cause] = { episodes: episodes + 1, worstMs: Math.max(worstMs, ageMs) };
  }
  return {
    episodes: ages.length,
    medianMs: ages[Math.floor(ages.length / 2)] ?? 0,
    worstMs: ages.at(-1) ?? 0,
    causes,
  };
}
