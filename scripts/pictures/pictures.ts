import type { Choice } from '../../test/dashboards/grafana.ts';

/** A picture of some panels of a dashboard. */
export interface Picture {
  readonly dashboard: string;
  readonly panels: readonly string[];
  readonly choice?: Choice;
}

/** The pictures of docs/pictures that are drawn from queries, by name. */
export const PICTURES: Readonly<Record<string, Picture>> = {
  overview: {
    dashboard: 'overview',
    panels: [
      'Month to date',
      "Forecast, month's end",
      'Forecast, next 30 days',
      'Week on week',
      'Currency',
      'Cost per day',
      'Month to date by service',
      'Month to date by account',
    ],
  },
  tags: {
    dashboard: 'tags',
    choice: { tag_key: ['environment'] },
    panels: [
      'Untagged share, $tag_key',
      'Untagged cost, $tag_key',
      'Tagged resources, $tag_key',
      'Counts that are estimates',
      'Untagged share of every tag key',
      'Untagged cost by service, $tag_key',
    ],
  },
  optimization: {
    dashboard: 'optimization',
    panels: [
      'Can be saved in all, a month',
      'Sum of recommendations, a month',
      'High priority',
      'Medium priority',
      'Low priority',
      'Savings by category',
      'Savings by type',
      'Savings by source',
      'Savings by account',
      'Recommendations by type and category',
    ],
  },
};
