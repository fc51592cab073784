import { type Static, Type } from '@sinclair/typebox';

/** Version of `WellArchitectedData`. */
export const WELL_ARCHITECTED_SCHEMA = 1;

/** Questions by risk. */
export const RiskCounts = Type.Object({
  high: Type.Integer(),
  medium: Type.Integer(),
  none: Type.Integer(),
  notApplicable: Type.Integer(),
  unanswered: Type.Integer(),
});

export type RiskCounts = Static<typeof RiskCounts>;

const textOrNull = Type.Union([Type.String(), Type.Null()]);

/** One workload with the lenses that it is reviewed under. */
export const Workload = Type.Object({
  id: Type.String(),
  arn: Type.String(),
  name: Type.String(),
  region: Type.String(),
  improvementStatus: textOrNull,
  /** ISO 8601 UTC. */
  updatedAt: textOrNull,
  lenses: Type.Array(
    Type.Object({
      /** ARN of the lens. */
      lens: Type.String(),
      pillars: Type.Array(Type.Object({ pillar: Type.String(), risks: RiskCounts })),
    }),
  ),
});

export type Workload = Static<typeof Workload>;

/** What was collected in one region. */
export const RegionData = Type.Object({
  region: Type.String(),
  /** Start of the collection that brought it, ISO 8601 UTC. */
  collectedAt: Type.String(),
  workloads: Type.Array(Workload),
});

export type RegionData = Static<typeof RegionData>;

/** What a Well-Architected collection keeps. */
export const WellArchitectedData = Type.Object({
  regions: Type.Array(RegionData),
  /** Host of the AWS console in the target's partition. */
  consoleHost: Type.String(),
});

export type WellArchitectedData = Static<typeof WellArchitectedData>;

/** Every workload once, by ARN: a region may name a shared one again. */
export function workloadsOf({ regions }: WellArchitectedData): Workload[] {
  const byArn = new Map<string, Workload>();
  for (const workload of regions.flatMap(({ workloads }) => workloads)) {
    if (!byArn.has(workload.arn)) byArn.set(workload.arn, workload);
  }
  return [...byArn.values()];
}

/** The counts of each pillar, over all lenses of some workloads, in the order of their first coming. */
export function risksByPillar(workloads: readonly Workload[]): Map<string, RiskCounts> {
  const byPillar = new Map<string, RiskCounts>();
  for (const { pillar, risks } of workloads
    .flatMap(({ lenses }) => lenses)
    .flatMap(({ pillars }) => pillars)) {
    byPillar.set(pillar, addRisks(byPillar.get(pillar) ?? NO_RISKS, risks));
  }
  return byPillar;
}

/** The counts of one workload, over all its lenses. */
export function risksOf({ lenses }: Workload): RiskCounts {
  return lenses.flatMap(({ pillars }) => pillars).reduce((sum, { risks }) => addRisks(sum, risks), NO_RISKS);
}

export const NO_RISKS: RiskCounts = { high: 0, medium: 0, none: 0, notApplicable: 0, unanswered: 0 };

function addRisks(one: RiskCounts, other: RiskCounts): RiskCounts {
  return {
    high: one.high + other.high,
    medium: one.medium + other.medium,
    none: one.none + other.none,
    notApplicable: one.notApplicable + other.notApplicable,
    unanswered: one.unanswered + other.unanswered,
  };
}

/**
 * The score of a pillar, 0 to 100: `100 x (none + 0.5 x medium) / (none + medium + high)` over the answered, applicable
 * questions; null where nothing is answered. AWS itself gives no score.
 */
export function scoreOf({ none, medium, high }: RiskCounts): number | null {
  const answered = none + medium + high;
  return answered === 0 ? null : (100 * (none + 0.5 * medium)) / answered;
}
