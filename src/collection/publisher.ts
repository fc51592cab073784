import { withRoomyHeap } from '../heap.ts';
import type { Exposition } from '../metrics/exposition.ts';
import { type Part, writePart } from '../metrics/line-writer.ts';
import type { Presented } from './capability.ts';
import { dayOf } from './periods.ts';
import type { Snapshot } from './snapshot.ts';
import { type CollectorState, type CollectorStates, isOverdue } from './state.ts';

/** What one snapshot looks like from outside; replaced whole, never changed. */
export interface Publication {
  readonly snapshot: Snapshot;
  readonly presented: Presented;
  readonly parts: readonly Part[];
  /** Claims of the snapshot that a target before this one has. */
  readonly hidden: readonly string[];
}

/** Where publications are told of, beside the page. */
export interface PublisherEvents {
  /** What a collector has on the page now. */
  onSeries(collector: string, target: string, count: { series: number; folded: number }): void;
  /** Even folded as far as can be, a collector has more series than the cap. */
  onExceeded(collector: string, target: string, series: number): void;
  /** Claims of a target that were left out because a target before it has them. */
  onHidden(collector: string, target: string, claims: readonly string[]): void;
}

/** Turns kept snapshots into what is on the page and in REST, both swapped in at once. */
export class Publisher {
  readonly #states: CollectorStates;
  readonly #exposition: Exposition;
  readonly #events: PublisherEvents;
  readonly #maxSeries: number;
  readonly #now: () => number;
  #publications: ReadonlyMap<string, Publication> = new Map();
  #last: Promise<void> = Promise.resolve();

  constructor(options: {
    states: CollectorStates;
    exposition: Exposition;
    events: PublisherEvents;
    /** Most series per collector and target; 0: no cap. */
    maxSeries: number;
    now: () => number;
  }) {
    this.#states = options.states;
    this.#exposition = options.exposition;
    this.#events = options.events;
    this.#maxSeries = options.maxSeries;
    this.#now = options.now;
  }

  /** What is published of a collector and target; undefined where nothing is. */
  current(collector: string, target: string): Publication | undefined {
    return this.#publications.get(ownerOf(collector, target));
  }

  /**
   * Publishes some collectors anew from their kept snapshots, and with them all that depends on them: later targets that
   * may see the same accounts, and collectors that read theirs. All appear in one step. Runs one at a time.
   */
  publish(changed: readonly CollectorState[]): Promise<void> {
    const done = this.#last.then(() => withRoomyHeap(() => this.#publish(changed)));
    this.#last = done.catch(() => {});
    return done;
  }

  async #publish(changed: readonly CollectorState[]): Promise<void> {
    const now = this.#now();
    const publications = new Map(this.#publications);
    const written: CollectorState[] = [];
    // In the states' order each comes after all that it depends on: earlier targets, and collectors that it reads.
    for (const state of this.#states.all()) {
      const hidden = this.#hiddenFrom(state, publications);
      if (!changed.includes(state) && !dependsOn(state, written, publications.get(keyOf(state)), hidden))
        continue;
      const publication = await this.#write(state, hidden, now);
      if (publication === undefined) publications.delete(keyOf(state));
      else publications.set(keyOf(state), publication);
      written.push(state);
    }
    this.#exposition.swap(
      new Map(written.map((state) => [keyOf(state), publications.get(keyOf(state))?.parts ?? []])),
    );
    const before = this.#publications;
    this.#publications = publications;
    for (const state of written) this.#tell(state, before.get(keyOf(state)), publications.get(keyOf(state)));
  }

  async #write(
    state: CollectorState,
    hidden: ReadonlySet<string>,
    now: number,
  ): Promise<Publication | undefined> {
    const { capability, target, kept } = state;
    if (kept === undefined) return undefined;
    const { snapshot } = kept;
    const presented = capability.present({
      snapshot,
      today: dayOf(now),
      overdue: isOverdue(state, now),
      hidden,
      maxSeries: this.#maxSeries,
      other: (collector) => this.#states.get(collector, target.name)?.kept?.snapshot,
    });
    const parts: Part[] = [];
    for (const [family, samples] of presented.samples) parts.push(await writePart(family, samples));
    return { snapshot, presented, parts, hidden: overlap(presented.claims, hidden) };
  }

  /** What targets before this one claim. */
  #hiddenFrom(state: CollectorState, publications: ReadonlyMap<string, Publication>): ReadonlySet<string> {
    const targets = this.#states.ofCollector(state.capability.name);
    const earlier = targets.slice(0, targets.indexOf(state));
    return new Set(earlier.flatMap((other) => publications.get(keyOf(other))?.presented.claims ?? []));
  }

  #tell(
    { capability, target }: CollectorState,
    before: Publication | undefined,
    after: Publication | undefined,
  ): void {
    const series = after?.parts.reduce((sum, part) => sum + part.series, 0) ?? 0;
    this.#events.onSeries(capability.name, target.name, { series, folded: after?.presented.folded ?? 0 });
    const exceeds = (count: number) => this.#maxSeries > 0 && count > this.#maxSeries;
    const earlier = before?.parts.reduce((sum, part) => sum + part.series, 0) ?? 0;
    if (exceeds(series) && !exceeds(earlier)) this.#events.onExceeded(capability.name, target.name, series);
    if (after?.hidden.length && !sameList(after.hidden, before?.hidden ?? [])) {
      this.#events.onHidden(capability.name, target.name, after.hidden);
    }
  }
}

function dependsOn(
  state: CollectorState,
  written: readonly CollectorState[],
  publication: Publication | undefined,
  hidden: ReadonlySet<string>,
): boolean {
  if (publication === undefined) return false;
  const reads = written.some(
    (other) => other.target === state.target && state.capability.reads.includes(other.capability.name),
  );
  return reads || !sameList(publication.hidden, overlap(publication.presented.claims, hidden));
}

function overlap(claims: readonly string[], hidden: ReadonlySet<string>): readonly string[] {
  return claims.filter((claim) => hidden.has(claim));
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

function keyOf({ capability, target }: CollectorState): string {
  return ownerOf(capability.name, target.name);
}

/** Name of a collector's part of the page. */
export function ownerOf(collector: string, target: string): string {
  return `${collector}/${target}`;
}
