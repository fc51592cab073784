import { dashboard } from './build/dashboard.ts';
import { bars, curves, stat, table } from './build/panels.ts';
import { figure, named } from './build/promql.ts';
import { account } from './build/variables.ts';

const SCORE = 'aws_wellarchitected_score';
const RISKS = 'aws_wellarchitected_risks';
const ACCOUNT = 'account_id=~"$account"';

const scores = named(figure(SCORE, ACCOUNT), SCORE);
const atRisk = (level: string) => figure(RISKS, ACCOUNT, `risk_level="${level}"`);

const FORMULA =
  "100 x (none + 0.5 x medium) / (none + medium + high) of the answered, applicable questions. The formula is the exporter's: AWS gives no score.";

const count = (level: string, title: string, color: string) =>
  stat({
    title,
    description: `Questions at risk level "${level}", over all pillars, workloads and lenses of the chosen accounts.`,
    unit: 'short',
    decimals: 0,
    size: [6, 4],
    steps: [
      { value: null, color: 'text' },
      { value: 1, color },
    ],
    queries: [{ expr: `sum(${atRisk(level)})`, legend: title }],
  });

const column = (level: string, legend: string) => ({
  expr: `sum by (pillar) (${atRisk(level)})`,
  legend,
});

export const wellArchitected = dashboard({
  uid: 'aws-cost-well-architected',
  title: 'AWS cost / Well-Architected',
  description: 'Scores and risks of the Well-Architected reviews, by pillar.',
  from: 'now-90d',
  variables: [account(RISKS)],
  sections: [
    {
      title: 'Now',
      panels: [
        count('high', 'High risks', 'red'),
        count('medium', 'Medium risks', 'orange'),
        count('none', 'No risk', 'green'),
        count('unanswered', 'Unanswered', 'blue'),
        bars({
          title: 'Score by pillar',
          description: `${FORMULA} In percent of what can be reached.`,
          unit: 'percent',
          decimals: 0,
          min: 0,
          max: 100,
          size: [12, 10],
          steps: [
            { value: null, color: 'red' },
            { value: 50, color: 'orange' },
            { value: 75, color: 'green' },
          ],
          queries: [{ expr: `sort_desc(${scores})`, legend: '{{pillar}}, {{account_name}}' }],
        }),
        table({
          title: 'Risks by pillar',
          description:
            'Questions at each risk level, over all workloads and lenses of the chosen accounts. A pillar without reviews has no row.',
          unit: 'short',
          decimals: 0,
          size: [12, 10],
          columns: { pillar: 'Pillar' },
          sortBy: 'High',
          queries: [
            column('high', 'High'),
            column('medium', 'Medium'),
            column('none', 'None'),
            column('not_applicable', 'Not applicable'),
            column('unanswered', 'Unanswered'),
          ],
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        curves({
          title: 'Scores over time',
          description: `${FORMULA} As Prometheus has recorded it.`,
          unit: 'percent',
          min: 0,
          max: 100,
          size: [12, 9],
          queries: [{ expr: scores, legend: '{{pillar}}, {{account_name}}' }],
        }),
        curves({
          title: 'High risks over time',
          description: 'Questions at high risk, by pillar, as Prometheus has recorded them.',
          unit: 'short',
          decimals: 0,
          min: 0,
          size: [12, 9],
          queries: [column('high', '{{pillar}}')],
        }),
      ],
    },
  ],
});
