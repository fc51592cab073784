/** A pillar of a lens and how many questions it asks. */
export interface Pillar {
  readonly id: string;
  readonly name: string;
  readonly questions: number;
}

/** A lens that workloads are reviewed with. */
export interface Lens {
  /** AWS's short name; the ARN of a custom lens. */
  readonly alias: string;
  readonly arn: string;
  readonly name: string;
  readonly version: string;
  readonly pillars: readonly Pillar[];
}

const NAMES: Readonly<Record<string, string>> = {
  operationalExcellence: 'Operational Excellence',
  security: 'Security',
  reliability: 'Reliability',
  performance: 'Performance Efficiency',
  costOptimization: 'Cost Optimization',
  sustainability: 'Sustainability',
};

function pillars(questions: Readonly<Record<string, number>>): Pillar[] {
  return Object.entries(questions).map(([id, count]) => ({ id, name: NAMES[id] ?? id, questions: count }));
}

function official(alias: string, name: string, version: string, questions: Record<string, number>): Lens {
  return {
    alias,
    arn: `arn:aws:wellarchitected::aws:lens/${alias}`,
    name,
    version,
    pillars: pillars(questions),
  };
}

/** The lens that every workload has. */
export const FRAMEWORK = official('wellarchitected', 'AWS Well-Architected Framework', '2024-06-27', {
  operationalExcellence: 11,
  security: 11,
  reliability: 13,
  performance: 5,
  costOptimization: 11,
  sustainability: 6,
});

/** AWS's lenses beside it. */
export const OFFICIAL: readonly Lens[] = [
  official('serverless', 'Serverless Lens', '2023-02-08', {
    operationalExcellence: 2,
    security: 3,
    reliability: 2,
    performance: 1,
    costOptimization: 1,
  }),
  official('softwareasaservice', 'SaaS Lens', '2022-10-11', {
    operationalExcellence: 4,
    security: 3,
    reliability: 3,
    performance: 2,
    costOptimization: 2,
  }),
];

/** A lens that an account has made itself: AWS knows it by its ARN alone. */
export function customLens(arn: string): Lens {
  return {
    alias: arn,
    arn,
    name: 'Internal platform lens',
    version: '1.2',
    pillars: [
      ...pillars({ security: 4 }),
      { id: 'platform_standards', name: 'Platform standards', questions: 5 },
    ],
  };
}
