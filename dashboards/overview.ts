import { dashboard } from './build/dashboard.ts';
import { bars, curves, MONEY, names, stacked, stat, table } from './build/panels.ts';
import { figure, named } from './build/promql.ts';
import { account, service } from './build/variables.ts';

const MONTH = 'aws_cost_month_to_date';
const FORECAST = 'aws_cost_forecast_month_end';

const cost = (family: string) => figure(family, 'account_id=~"$account"', 'service=~"$service"');
const ofTarget = (family: string) => named(figure(family, 'account_id=~"$account"'), family);

const ONE_TARGET =
  "AWS forecasts for a whole target: a payer's figure includes its members', is not narrowed down by service, and is shown under the payer's account. Forecasts of several targets are not added up: one may include the other.";
const NO_FORECAST = "AWS forecasts for a target's own account: choose it, or All";

const daily = cost('aws_cost_daily');
const largest = `topk(8, sum by (service) (${daily}))`;
const days = [
  `sum by (date, service) (${daily}) and on (service) ${largest}`,
  `label_replace(sum by (date) (${daily} unless on (service) ${largest}), "service", "other services", "", "")`,
].join(' or ');

const week = `sum by (service) (${cost('aws_cost_trailing_week')})`;
const weekBefore = `sum by (service) (${cost('aws_cost_preceding_week')})`;

const settled = cost('aws_cost_settled_day');
const median = cost('aws_cost_week_median');
const movedMost = `topk(25, abs(${settled} - ${median}))`;

export const overview = dashboard({
  uid: 'aws-cost-overview',
  title: 'AWS cost / Overview',
  description: 'Month to date, forecast, cost by service, account and day, and what has moved.',
  from: 'now-30d',
  variables: [account(MONTH), service(MONTH)],
  sections: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Month to date',
          description:
            'Cost since the 1st of the month (UTC), today so far included, of the chosen accounts and services.',
          unit: MONEY,
          decimals: 2,
          size: [5, 4],
          queries: [{ expr: `sum(${cost(MONTH)})`, legend: 'month to date' }],
        }),
        stat({
          title: "Forecast, month's end",
          description: `Month to date without today, plus AWS's forecast from today to the month's end. ${ONE_TARGET}`,
          unit: MONEY,
          decimals: 2,
          size: [5, 4],
          noValue: NO_FORECAST,
          queries: [{ expr: ofTarget(FORECAST), legend: '{{account_name}}' }],
        }),
        stat({
          title: 'Forecast, next 30 days',
          description: `AWS's forecast for the 30 days from today, between the sums of the daily 80 % bounds; these are wider than an 80 % bound of the sum. ${ONE_TARGET}`,
          unit: MONEY,
          decimals: 2,
          size: [9, 4],
          noValue: NO_FORECAST,
          queries: [
            { expr: ofTarget('aws_cost_forecast_lower'), legend: 'lower, {{account_name}}' },
            { expr: ofTarget('aws_cost_forecast'), legend: 'expected, {{account_name}}' },
            { expr: ofTarget('aws_cost_forecast_upper'), legend: 'upper, {{account_name}}' },
          ],
        }),
        stat({
          title: 'Week on week',
          description:
            'Cost of the last 7 complete days against the 7 days before. AWS still adds to the last day or two: a fall of a few percent may be bills that are still to come.',
          unit: 'percentunit',
          decimals: 1,
          size: [3, 4],
          queries: [
            {
              expr: `sum(${cost('aws_cost_trailing_week')}) / (sum(${cost('aws_cost_preceding_week')}) > 0) - 1`,
              legend: 'change',
            },
          ],
        }),
        names({
          title: 'Currency',
          description:
            'The billing currency of the targets. Where there are several, a sum over accounts means nothing: choose the accounts of one.',
          unit: 'none',
          size: [2, 4],
          queries: [{ expr: 'max by (currency) (aws_cost_currency_info)', legend: '{{currency}}' }],
        }),
      ],
    },
    {
      title: 'Where it goes',
      panels: [
        stacked({
          title: 'Cost per day',
          description:
            'Cost of each day (UTC) that the exporter shows (COST_DAILY_DAYS and today so far): the eight services that cost most, and the others together. The days are those of the bill: the time range of the dashboard does not move them.',
          unit: MONEY,
          size: [24, 10],
          x: 'date',
          stack: 'service',
          queries: [{ expr: days }],
        }),
        bars({
          title: 'Month to date by service',
          description: 'Cost since the 1st of the month (UTC) of the 15 services that cost most.',
          unit: MONEY,
          decimals: 2,
          size: [12, 11],
          queries: [
            { expr: `sort_desc(topk(15, sum by (service) (${cost(MONTH)})))`, legend: '{{service}}' },
          ],
        }),
        bars({
          title: 'Month to date by account',
          description:
            'Cost since the 1st of the month (UTC) of the 15 linked accounts that cost most, by the names that AWS gives.',
          unit: MONEY,
          decimals: 2,
          size: [12, 11],
          queries: [
            {
              expr: `sort_desc(${named(`topk(15, sum by (account_id) (${cost(MONTH)}))`, MONTH)})`,
              legend: '{{account_name}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'What has moved',
      panels: [
        table({
          title: 'Movers: this week against last',
          description:
            'Cost by service of the last 7 complete days, of the 7 days before, and the change; what has grown most stands first.',
          unit: MONEY,
          decimals: 2,
          size: [12, 11],
          columns: { service: 'Service' },
          sortBy: 'Change',
          units: { 'Change, %': 'percentunit' },
          queries: [
            { expr: weekBefore, legend: 'Week before' },
            { expr: week, legend: 'Last 7 days' },
            { expr: `${week} - ${weekBefore}`, legend: 'Change' },
            { expr: `${week} / (${weekBefore} > 0) - 1`, legend: 'Change, %' },
          ],
        }),
        table({
          title: 'Settled day against its week',
          description:
            'The latest day whose bill has settled (COST_SETTLED_DAYS before today) against the median of its 7 days before: the 25 pairs of service and account that differ most.',
          unit: MONEY,
          decimals: 2,
          size: [12, 11],
          columns: { service: 'Service', account_name: 'Account', account_id: 'Account number' },
          sortBy: 'Difference',
          queries: [
            { expr: named(`${settled} and ${movedMost}`, 'aws_cost_settled_day'), legend: 'Settled day' },
            { expr: named(`${median} and ${movedMost}`, 'aws_cost_settled_day'), legend: 'Median' },
            {
              expr: named(`(${settled} - ${median}) and ${movedMost}`, 'aws_cost_settled_day'),
              legend: 'Difference',
            },
          ],
        }),
        curves({
          title: 'Month to date and forecast',
          description: `How the month's cost has grown, and what AWS has forecast for its end, as Prometheus has recorded them. ${ONE_TARGET}`,
          unit: MONEY,
          size: [24, 9],
          queries: [
            { expr: `sum(${cost(MONTH)})`, legend: 'month to date' },
            { expr: ofTarget(FORECAST), legend: "forecast, month's end, {{account_name}}" },
          ],
        }),
      ],
    },
  ],
});
