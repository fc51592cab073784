import { dashboard } from './build/dashboard.ts';
import { bars, curves, MONEY, stat, table } from './build/panels.ts';
import { figure, named } from './build/promql.ts';
import { account, service, tagKey } from './build/variables.ts';

const KEY = ['account_id=~"$account"', 'tag_key="$tag_key"'];

const RATIO = 'aws_cost_untagged_ratio';
const total = figure('aws_tag_cost_total', ...KEY);
const untagged = figure('aws_tag_cost_total', ...KEY, 'tag_value="untagged"');
const resources = figure('aws_tag_resource_count', ...KEY);
const ofKey = `sum by (account_id) (${total})`;
const untaggedByService = figure('aws_cost_by_tag', ...KEY, 'tag_value="untagged"', 'service=~"$service"');
const byService = figure('aws_cost_by_tag', ...KEY, 'service=~"$service"');

const WINDOW = 'over the trailing COST_WINDOW_DAYS (30) complete days (UTC)';
const PAYER =
  "Tags are bought for a whole target: a payer's figure includes its members', and stands under the payer's account.";
const COUNTED = "Resources are those of the target's own account, in its regions.";

/** Good below a tenth, bad from three tenths on. */
const SHARE = [
  { value: null, color: 'green' },
  { value: 0.1, color: 'yellow' },
  { value: 0.3, color: 'red' },
];

export const tags = dashboard({
  uid: 'aws-cost-tags',
  title: 'AWS cost / Tags and untagged cost',
  description: 'Who spends what, by cost allocation tag, and what carries no tag.',
  from: 'now-30d',
  variables: [account(RATIO), tagKey, service('aws_cost_by_tag')],
  sections: [
    {
      title: 'Untagged',
      panels: [
        stat({
          title: 'Untagged share, $tag_key',
          description: `Cost without a value for the tag key, by all cost, ${WINDOW}. ${PAYER}`,
          unit: 'percentunit',
          decimals: 1,
          size: [6, 4],
          steps: SHARE,
          queries: [{ expr: named(figure(RATIO, ...KEY), RATIO), legend: '{{account_name}}' }],
        }),
        stat({
          title: 'Untagged cost, $tag_key',
          description: `Cost without a value for the tag key ${WINDOW}. ${PAYER}`,
          unit: MONEY,
          decimals: 2,
          size: [6, 4],
          queries: [{ expr: named(untagged, 'aws_tag_cost_total'), legend: '{{account_name}}' }],
        }),
        stat({
          title: 'Tagged resources, $tag_key',
          description: `Resources that carry the tag, whatever its value. ${COUNTED}`,
          unit: 'short',
          decimals: 0,
          size: [6, 4],
          queries: [
            {
              expr: named(`sum by (account_id) (${resources})`, 'aws_tag_resource_count'),
              legend: '{{account_name}}',
            },
          ],
        }),
        stat({
          title: 'Counts that are estimates',
          description:
            '1 where the number of resources is an estimate from cost, was cut by the page limit, or the cost beside it spans more accounts than it; else 0.',
          unit: 'none',
          size: [6, 4],
          steps: [
            { value: null, color: 'green' },
            { value: 1, color: 'yellow' },
          ],
          queries: [
            {
              expr: named(
                figure('aws_tag_resource_count_estimated', ...KEY),
                'aws_tag_resource_count_estimated',
              ),
              legend: '{{account_name}}',
            },
          ],
        }),
        bars({
          title: 'Untagged share of every tag key',
          description: `Cost without a value for the key, by all cost, ${WINDOW}. ${PAYER}`,
          unit: 'percentunit',
          decimals: 1,
          min: 0,
          max: 1,
          size: [12, 8],
          steps: SHARE,
          queries: [
            {
              expr: `sort_desc(${named(figure(RATIO, 'account_id=~"$account"'), RATIO)})`,
              legend: '{{tag_key}}, {{account_name}}',
            },
          ],
        }),
        bars({
          title: 'Untagged cost by service, $tag_key',
          description: `The 10 services with most cost that has no value for the tag key, ${WINDOW}. ${PAYER}`,
          unit: MONEY,
          decimals: 2,
          size: [12, 8],
          queries: [
            {
              expr: `sort_desc(${named(`topk(10, ${untaggedByService})`, 'aws_cost_by_tag')})`,
              legend: '{{service}}, {{account_name}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'By value',
      panels: [
        bars({
          title: 'Cost by value of $tag_key',
          description: `The 20 values with most cost ${WINDOW}, "untagged" among them. ${PAYER}`,
          unit: MONEY,
          decimals: 2,
          size: [12, 12],
          queries: [
            {
              expr: `sort_desc(${named(`topk(20, ${total})`, 'aws_tag_cost_total')})`,
              legend: '{{tag_value}}, {{account_name}}',
            },
          ],
        }),
        table({
          title: 'Values of $tag_key',
          description: `Cost of each value ${WINDOW}, its share of all cost of the account's target, and the resources that carry it. ${PAYER} ${COUNTED}`,
          unit: MONEY,
          decimals: 2,
          size: [12, 12],
          columns: { tag_value: 'Value', account_id: 'Account number' },
          hidden: ['tag_key'],
          units: { Share: 'percentunit', Resources: 'short' },
          sortBy: 'Cost',
          queries: [
            { expr: total, legend: 'Cost' },
            { expr: `${total} / on (account_id) group_left () (${ofKey} > 0)`, legend: 'Share' },
            { expr: resources, legend: 'Resources' },
          ],
        }),
        table({
          title: 'Values of $tag_key by service',
          description: `The 100 pairs of value and service with most cost ${WINDOW}. ${PAYER}`,
          unit: MONEY,
          decimals: 2,
          size: [12, 11],
          columns: { tag_value: 'Value', service: 'Service', account_id: 'Account number' },
          hidden: ['tag_key'],
          sortBy: 'Cost',
          queries: [{ expr: `topk(100, ${byService})`, legend: 'Cost' }],
        }),
        curves({
          title: 'Untagged share over time',
          description: `How the untagged share of every tag key has moved, as Prometheus has recorded it. ${PAYER}`,
          unit: 'percentunit',
          min: 0,
          size: [12, 11],
          queries: [
            {
              expr: named(figure(RATIO, 'account_id=~"$account"'), RATIO),
              legend: '{{tag_key}}, {{account_name}}',
            },
          ],
        }),
      ],
    },
  ],
});
