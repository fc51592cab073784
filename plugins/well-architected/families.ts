import type { Presented, View } from '../../src/collection/capability.ts';
import type { Family, Sample } from '../../src/metrics/family.ts';
import { type RiskCounts, risksByPillar, scoreOf, type WellArchitectedData, workloadsOf } from './model.ts';

const score: Family = {
  name: 'aws_wellarchitected_score',
  type: 'gauge',
  labels: ['pillar', 'account_id'],
  help: "Score of a pillar over all workloads and lenses, 0 to 100: 100 x (none + 0.5 x medium) / (none + medium + high) of the answered, applicable questions. The formula is this exporter's: AWS gives no score.",
};
const risks: Family = {
  name: 'aws_wellarchitected_risks',
  type: 'gauge',
  labels: ['pillar', 'risk_level', 'account_id'],
  help: 'Questions of a pillar at a risk level, over all workloads and lenses.',
};

/** Every family of the Well-Architected capability, in page order. */
export const wellArchitectedFamilies: readonly Family[] = [score, risks];

const LEVELS: readonly (readonly [level: string, count: keyof RiskCounts])[] = [
  ['high', 'high'],
  ['medium', 'medium'],
  ['none', 'none'],
  ['not_applicable', 'notApplicable'],
  ['unanswered', 'unanswered'],
];

/** The samples of both families; workloads that a target before this one reports are left out. */
export function wellArchitectedSamples({
  snapshot,
  hidden,
}: View<WellArchitectedData>): Presented['samples'] {
  const { data, accountId } = snapshot;
  const byPillar = [...risksByPillar(workloadsOf(data).filter(({ arn }) => !hidden.has(arn)))];
  return [
    [
      score,
      byPillar.flatMap(([pillar, counts]): Sample[] => {
        const value = scoreOf(counts);
        return value === null ? [] : [[[pillar, accountId], value]];
      }),
    ],
    [
      risks,
      byPillar.flatMap(([pillar, counts]) =>
        LEVELS.map(([level, count]): Sample => [[pillar, level, accountId], counts[count]]),
      ),
    ],
  ];
}
