import { type Expectation, type Known, ofTarget, one, rows, withName } from './expected.ts';

type Item = Known['recommendations']['recommendations'][number];

const chosen = ({ recommendations, choice }: Known): readonly Item[] =>
  recommendations.recommendations.filter(({ account }) => choice.account?.includes(account) ?? true);

const savings = (list: readonly Item[]) => list.reduce((sum, { monthlySavings }) => sum + monthlySavings, 0);

/** One row for each group of recommendations. */
function grouped(
  known: Known,
  labelsOf: (item: Item) => Readonly<Record<string, string>>,
  valueFor: (list: readonly Item[]) => number,
): Map<string, number> {
  const groups = Map.groupBy(chosen(known), (item) => JSON.stringify(labelsOf(item)));
  return rows([...groups].map(([labels, list]) => [JSON.parse(labels), valueFor(list)]));
}

const by = (label: 'category' | 'type' | 'source'): Expectation[] => [
  (known) => ({ rows: grouped(known, (item) => ({ [label]: item[label] }), savings), top: 15 }),
];

const byKind = ({ type, category, source }: Item) => ({ type, category, source });

const openOf = (priority: string): Expectation[] => [
  (known) =>
    chosen(known).length === 0
      ? { rows: new Map() }
      : one(chosen(known).filter((item) => item.priority === priority).length),
];

const inAll: Expectation = (known) => ({
  rows: ofTarget(known, [
    [{ source: known.recommendations.source ?? '' }, known.recommendations.total_potential_savings],
  ]),
  // REST rounds it to cents.
  within: 0.005,
});

/** The queries of the optimization's panels, by what GET /recommendations answers. */
export const optimization: Readonly<Record<string, readonly Expectation[]>> = {
  'Can be saved in all, a month': [inAll],
  'Sum of recommendations, a month': [
    (known) => (chosen(known).length === 0 ? { rows: new Map() } : one(savings(chosen(known)))),
  ],
  'High priority': openOf('high'),
  'Medium priority': openOf('medium'),
  'Low priority': openOf('low'),
  'Savings by category': by('category'),
  'Savings by type': by('type'),
  'Savings by source': by('source'),
  'Savings by account': [
    (known) => ({ rows: grouped(known, ({ account }) => withName(known, account), savings), top: 15 }),
  ],
  'Recommendations by type and category': [
    (known) => ({ rows: grouped(known, byKind, ({ length }) => length) }),
    (known) => ({ rows: grouped(known, byKind, savings) }),
  ],
  'Can be saved in all': [inAll],
  // After the first collection all that is open has been seen.
  'Recommendations seen since the start of record': [
    (known) => ({
      rows: rows(
        chosen(known).length === 0
          ? []
          : ['high', 'medium', 'low'].map((priority) => [
              { priority },
              chosen(known).filter((item) => item.priority === priority).length,
            ]),
      ),
    }),
  ],
};

type Level = 'high' | 'medium' | 'none' | 'notApplicable' | 'unanswered';

const isChosen = ({ choice, account }: Known) => choice.account?.includes(account) ?? true;

const questions = (level: Level): Expectation[] => [
  (known) =>
    isChosen(known)
      ? one(known.wellArchitected.pillars.reduce((sum, pillar) => sum + pillar[level], 0))
      : { rows: new Map() },
];

const column =
  (level: Level): Expectation =>
  (known) => ({
    rows: rows(
      isChosen(known)
        ? known.wellArchitected.pillars.map((pillar) => [{ pillar: pillar.pillar }, pillar[level]])
        : [],
    ),
  });

const scores: Expectation = (known) => ({
  rows: ofTarget(
    known,
    known.wellArchitected.pillars.flatMap(({ pillar, high, medium, none }) => {
      const answered = high + medium + none;
      return answered === 0 ? [] : [[{ pillar }, (100 * (none + medium / 2)) / answered]];
    }),
  ),
});

/** The queries of the Well-Architected panels, by what GET /wellarchitected answers. */
export const wellArchitected: typeof optimization = {
  'High risks': questions('high'),
  'Medium risks': questions('medium'),
  'No risk': questions('none'),
  Unanswered: questions('unanswered'),
  'Score by pillar': [scores],
  'Risks by pillar': [
    column('high'),
    column('medium'),
    column('none'),
    column('notApplicable'),
    column('unanswered'),
  ],
  'Scores over time': [scores],
  'High risks over time': [column('high')],
};
