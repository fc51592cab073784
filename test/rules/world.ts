// Worlds in which the rules must hold: how many replicas there are, what Prometheus makes of their labels, and what happens to them.

/** Minutes between two scrapes, and between two evaluations. */
export const STEP_MINUTES = 5;

/** Where and when a value is asked for. */
export interface Place {
  /** Number of the scrape, {@link STEP_MINUTES} apart; the first is 0. */
  readonly step: number;
  /** Number of the last one. */
  readonly last: number;
  /** Number of the replica; a rollout goes on from the highest. */
  readonly pod: number;
  /** Whether it collects. */
  readonly leads: boolean;
  /** Whether it shows business figures. */
  readonly exposes: boolean;
}

/** The value of a series; undefined: there is no such series there and then. */
export type ValueAt = (place: Place) => number | undefined;

/** Series as the exporter shows them: a business figure, or one about the exporter itself. */
export interface Fact {
  readonly family: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `business`: on replicas that expose; `each`: on every one; `leader`: on the one that collects. */
  readonly on: 'business' | 'each' | 'leader';
  readonly value: ValueAt;
}

/** How Prometheus is set up. */
export interface Layout {
  readonly name: string;
  readonly replicas: number;
  readonly expose: 'leader' | 'all';
  /** Labels of the scrape target; the first replica's index is 0. */
  target(pod: number): Readonly<Record<string, string>>;
  /** Whether labels of the exporter win over those of the target. */
  readonly honorLabels: boolean;
  /** Whether pod and instance are taken off business figures. */
  readonly blanked: boolean;
}

const kubernetes = (pod: number) => ({
  namespace: 'finops',
  job: 'costs',
  service: 'costs',
  endpoint: 'metrics',
  container: 'exporter',
  pod: `costs-${pod}`,
  instance: `10.0.0.${pod}:8080`,
});
const podMonitor = (pod: number) => {
  const { service: _, ...labels } = kubernetes(pod);
  return labels;
};
const compose = (pod: number) => ({ job: 'aws-cost-exporter', instance: `exporter-${pod}:8080` });

export const LAYOUTS: readonly Layout[] = [
  {
    name: 'one replica',
    replicas: 1,
    expose: 'leader',
    target: kubernetes,
    honorLabels: true,
    blanked: true,
  },
  { name: 'three', replicas: 3, expose: 'leader', target: kubernetes, honorLabels: true, blanked: true },
  {
    name: 'three, honorLabels off',
    replicas: 3,
    expose: 'leader',
    target: kubernetes,
    honorLabels: false,
    blanked: false,
  },
  {
    name: 'three, all expose, honorLabels off',
    replicas: 3,
    expose: 'all',
    target: kubernetes,
    honorLabels: false,
    blanked: false,
  },
  {
    name: 'three, all expose, PodMonitor',
    replicas: 3,
    expose: 'all',
    target: podMonitor,
    honorLabels: true,
    blanked: false,
  },
  {
    name: 'no Kubernetes',
    replicas: 1,
    expose: 'leader',
    target: compose,
    honorLabels: false,
    blanked: false,
  },
];

/** What happens to the replicas: which are up, and which of them leads (collects, and exposes under `leader`). */
export interface Situation {
  readonly name: string;
  /** Numbers of the replicas that are scraped at a step, of `last` steps in all. */
  up(step: number, last: number, replicas: number): readonly number[];
  /** The replica that leads; undefined in a takeover. */
  leader(step: number, last: number, replicas: number): number | undefined;
}

const first = (replicas: number) => Array.from({ length: replicas }, (_, pod) => pod);

/** Situations that change no figure: what fires without them fires with them. */
export const SITUATIONS: readonly Situation[] = [
  { name: 'steady', up: (_step, _last, replicas) => first(replicas), leader: () => 0 },
  {
    name: 'the leader changes',
    up: (_step, _last, replicas) => first(replicas),
    leader: (step, last, replicas) => (step < last - 4 ? 0 : step === last - 4 ? undefined : replicas - 1),
  },
  {
    name: 'a rollout',
    up: (step, last, replicas) =>
      first(replicas).map((pod) => (step < last - 6 + pod ? pod : pod + replicas)),
    leader: (step, last, replicas) => (step < last - 6 ? 0 : step === last - 6 ? undefined : replicas),
  },
  {
    name: 'the exporter has been down for an hour',
    up: (step, last, replicas) => (step <= last - 12 ? first(replicas) : []),
    leader: (step, last) => (step <= last - 12 ? 0 : undefined),
  },
];

/** One input series of promtool. */
export interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** What Prometheus has scraped up to the step `last` of some facts: a later fact takes the place of an equal one before it. */
export function scrape(
  facts: readonly Fact[],
  layout: Layout,
  situation: Situation,
  last: number,
): InputSeries[] {
  const { replicas, expose, blanked } = layout;
  const distinct = new Map(facts.map((fact) => [seriesName(fact.family, fact.labels), fact]));
  const pods = new Set(steps(last).flatMap((step) => situation.up(step, last, replicas)));
  const scraped = new Map<string, (number | undefined)[]>();
  for (const fact of distinct.values()) {
    for (const pod of pods) {
      const target: Record<string, string> = { ...layout.target(pod) };
      if (fact.on === 'business' && blanked) {
        delete target.pod;
        delete target.instance;
      }
      const name = seriesName(fact.family, joined(target, fact.labels, layout.honorLabels));
      const values = scraped.get(name) ?? [];
      for (const step of steps(last)) {
        if (!situation.up(step, last, replicas).includes(pod)) continue;
        const leads = situation.leader(step, last, replicas) === pod;
        const exposes = leads || expose === 'all';
        if (fact.on === 'leader' && !leads) continue;
        if (fact.on === 'business' && !exposes) continue;
        values[step] ??= fact.value({ step, last, pod, leads, exposes });
      }
      scraped.set(name, values);
    }
  }
  return [...scraped].flatMap(([series, values]) =>
    values.some((value) => value !== undefined) ? [{ series, values: notation(values, last) }] : [],
  );
}

/** The labels of a series once Prometheus has joined them with the target's. */
function joined(
  target: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
  honorLabels: boolean,
): Readonly<Record<string, string>> {
  if (honorLabels) return { ...target, ...own };
  const renamed = Object.entries(own).map(([name, value]) => [
    name in target ? `exported_${name}` : name,
    value,
  ]);
  return { ...Object.fromEntries(renamed), ...target };
}

/** promtool's notation of values: a gap begins with the marker that a scrape without the series leaves. */
function notation(values: readonly (number | undefined)[], last: number): string {
  return steps(last)
    .map((step) => {
      const value = values[step];
      if (value !== undefined) return String(value);
      return step > 0 && values[step - 1] !== undefined ? 'stale' : '_';
    })
    .join(' ');
}

function steps(last: number): number[] {
  return Array.from({ length: last + 1 }, (_, step) => step);
}

function seriesName(family: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `${family}{${sorted.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`;
}
