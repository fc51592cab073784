import { dashboard } from './build/dashboard.ts';
import { bars, curves, MONEY, stat, table } from './build/panels.ts';
import { figure, named } from './build/promql.ts';
import { account } from './build/variables.ts';

const SAVINGS = 'aws_optimization_savings';
const OPEN = 'aws_optimization_recommendations_open';
const DEDUPLICATED = 'aws_optimization_savings_deduplicated';
const ACCOUNT = 'account_id=~"$account"';

const savings = figure(SAVINGS, ACCOUNT);
const open = figure(OPEN, ACCOUNT);

const OVERLAP =
  'Recommendations may overlap (one buys a Savings Plan for what another stops): their sum is more than can be saved.';

/** The colours of the three priorities. */
const openOf = (priority: string, color: string) =>
  stat({
    title: `${priority[0]?.toUpperCase()}${priority.slice(1)} priority`,
    description: `Recommendations of ${priority} priority that are open now. PRIORITY_THRESHOLDS says from which saving a month on a priority counts.`,
    unit: 'short',
    decimals: 0,
    size: [4, 4],
    steps: [
      { value: null, color: 'text' },
      { value: 1, color },
    ],
    queries: [
      {
        expr: `sum(${figure(OPEN, ACCOUNT, `priority="${priority}"`)}) or 0 * sum(${open})`,
        legend: 'open',
      },
    ],
  });

const by = (label: string, title: string, width: number) =>
  bars({
    title: `Savings by ${title}`,
    description: `What the open recommendations would save a month, by ${title}, the 15 largest. ${OVERLAP}`,
    unit: MONEY,
    decimals: 2,
    size: [width, 9],
    queries: [{ expr: `sort_desc(topk(15, sum by (${label}) (${savings})))`, legend: `{{${label}}}` }],
  });

export const optimization = dashboard({
  uid: 'aws-cost-optimization',
  title: 'AWS cost / Optimization',
  description: 'What could be saved, by whom, and how much of it is open.',
  from: 'now-30d',
  variables: [account(SAVINGS)],
  sections: [
    {
      title: 'What can be saved',
      panels: [
        stat({
          title: 'Can be saved in all, a month',
          description:
            "What can be saved in all a month, overlaps counted once, by source. It is of a whole target: a payer's includes its members', and stands under the payer's account.",
          unit: MONEY,
          decimals: 2,
          size: [6, 4],
          noValue: 'Of a whole target: choose its account, or All',
          queries: [
            {
              expr: named(figure(DEDUPLICATED, ACCOUNT), DEDUPLICATED),
              legend: '{{account_name}}, {{source}}',
            },
          ],
        }),
        stat({
          title: 'Sum of recommendations, a month',
          description: `What the open recommendations would save a month, added up. ${OVERLAP}`,
          unit: MONEY,
          decimals: 2,
          size: [6, 4],
          queries: [{ expr: `sum(${savings})`, legend: 'savings' }],
        }),
        openOf('high', 'red'),
        openOf('medium', 'orange'),
        openOf('low', 'blue'),
        by('category', 'category', 8),
        by('type', 'type', 8),
        by('source', 'source', 8),
      ],
    },
    {
      title: 'Where',
      panels: [
        bars({
          title: 'Savings by account',
          description: `What the open recommendations would save a month, by linked account, the 15 largest. ${OVERLAP}`,
          unit: MONEY,
          decimals: 2,
          size: [10, 11],
          queries: [
            {
              expr: `sort_desc(${named(`topk(15, sum by (account_id) (${savings}))`, SAVINGS)})`,
              legend: '{{account_name}}',
            },
          ],
        }),
        table({
          title: 'Recommendations by type and category',
          description: `Open recommendations and what they would save a month, by AWS's own words. ${OVERLAP}`,
          unit: MONEY,
          decimals: 2,
          size: [14, 11],
          columns: { type: 'Type', category: 'Category', source: 'Source' },
          units: { Open: 'short' },
          sortBy: 'Savings',
          queries: [
            { expr: `sum by (type, category, source) (${open})`, legend: 'Open' },
            { expr: `sum by (type, category, source) (${savings})`, legend: 'Savings' },
          ],
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        curves({
          title: 'Can be saved in all',
          description:
            'What can be saved in all a month, overlaps counted once, as Prometheus has recorded it. A fall is a recommendation taken, or one that AWS no longer makes.',
          unit: MONEY,
          size: [12, 9],
          queries: [
            {
              expr: named(figure(DEDUPLICATED, ACCOUNT), DEDUPLICATED),
              legend: '{{account_name}}, {{source}}',
            },
          ],
        }),
        curves({
          title: 'Recommendations seen since the start of record',
          description:
            'How many recommendations the exporter has ever seen, by priority, each counted once. With Redis or STATE_DIR the count outlasts restarts.',
          unit: 'short',
          size: [12, 9],
          queries: [
            {
              expr: `sum by (priority) (${figure('aws_optimization_recommendations_total', ACCOUNT)})`,
              legend: '{{priority}}',
            },
          ],
        }),
      ],
    },
  ],
});
