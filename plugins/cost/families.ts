import type { Presented, View } from '../../src/collection/capability.ts';
import { type Day, startOf } from '../../src/collection/periods.ts';
import { labelValue, OTHER } from '../../src/collection/words.ts';
import type { Family, Sample } from '../../src/metrics/family.ts';
import { type Folding, fold } from './fold.ts';
import {
  type CostData,
  type CostSettings,
  everyPair,
  figuresOn,
  type PeriodFigures,
  periodsOn,
  sumByGroup,
} from './model.ts';

const gauge = (name: string, labels: readonly string[], help: string): Family => ({
  name,
  type: 'gauge',
  help,
  labels,
});

const PAIR = ['service', 'account_id'];

/** The families with one series for each (service, linked account). */
const byPair: Readonly<Record<keyof PeriodFigures, Family>> = {
  window: gauge(
    'aws_cost_total',
    PAIR,
    'Cost over the trailing COST_WINDOW_DAYS complete days (UTC), in the billing currency.',
  ),
  monthToDate: gauge(
    'aws_cost_month_to_date',
    PAIR,
    'Cost since the 1st of the month (UTC), today so far included, in the billing currency.',
  ),
  lastCompleteDay: gauge(
    'aws_cost_last_complete_day',
    PAIR,
    'Cost of yesterday (UTC), in the billing currency; AWS still adds to it for a day or two.',
  ),
  settledDay: gauge(
    'aws_cost_settled_day',
    PAIR,
    'Cost of the day COST_SETTLED_DAYS before today (UTC), in the billing currency.',
  ),
  trailingWeek: gauge(
    'aws_cost_trailing_week',
    PAIR,
    'Cost of the last 7 complete days (UTC), in the billing currency.',
  ),
  precedingWeek: gauge(
    'aws_cost_preceding_week',
    PAIR,
    'Cost of the 7 days before the last 7 complete days (UTC), in the billing currency.',
  ),
  weekMedian: gauge(
    'aws_cost_week_median',
    PAIR,
    'Median daily cost of the 7 days before the settled day (UTC), in the billing currency.',
  ),
};

const daily = gauge(
  'aws_cost_daily',
  ['service', 'account_id', 'date'],
  'Cost of one day (UTC, YYYY-MM-DD), in the billing currency: the last COST_DAILY_DAYS days and today so far.',
);
const settledTimestamp = gauge(
  'aws_cost_settled_day_timestamp_seconds',
  ['account_id'],
  'Midnight UTC at which the day of aws_cost_settled_day starts, in seconds since the epoch.',
);
const accountInfo = gauge(
  'aws_account_info',
  ['account_id', 'account_name'],
  '1 for each linked account that AWS gives a name for.',
);
const currencyInfo = gauge(
  'aws_cost_currency_info',
  ['account_id', 'currency'],
  "1 for the currency (ISO 4217) of the target's figures, as the cost collection says it.",
);

/** Every family of the cost capability, in page order. */
export const costFamilies: readonly Family[] = [
  byPair.window,
  daily,
  byPair.monthToDate,
  byPair.lastCompleteDay,
  byPair.settledDay,
  settledTimestamp,
  byPair.trailingWeek,
  byPair.precedingWeek,
  byPair.weekMedian,
  accountInfo,
  currencyInfo,
];

/** The samples of every family on the view's day, folded to the view's cap. */
export function costSamples(
  view: View<CostData>,
  settings: CostSettings,
): Pick<Presented, 'samples' | 'folded'> {
  const { data, accountId } = view.snapshot;
  const { today, overdue } = view;
  const periods = periodsOn(today, settings);
  const dailyDays = settings.dailyDays === 0 ? [] : data.days.filter(({ date }) => isIn(periods.daily, date));
  const hidden = new Set(data.accounts.flatMap(({ id }, index) => (view.hidden.has(id) ? [index] : [])));
  const named = data.accounts.filter(({ id, name }) => name !== null && !view.hidden.has(id));
  const unfolded = figuresOn(today, data, everyPair(data), settings, overdue);
  const folding = fold(data, {
    familiesPerPair: Object.values(unfolded).filter((figure) => figure !== undefined).length,
    dailyDays,
    otherSeries: named.length + (unfolded.settledDay ? 1 : 0) + (data.currency === null ? 0 : 1),
    maxSeries: view.maxSeries,
    windowCost: unfolded.window ?? sumByGroup(data.days, everyPair(data)),
    hidden,
  });
  // With a group for each pair the groups are the pairs.
  const isWhole = folding.count === data.pairs.length;
  const figures = isWhole ? unfolded : figuresOn(today, data, folding, settings, overdue);
  const labels = labelsOf(data, folding);
  const pairSamples = (Object.keys(byPair) as (keyof PeriodFigures)[]).flatMap((figure) => {
    const amounts = figures[figure];
    return amounts
      ? [[byPair[figure], labels.map((label, index): Sample => [label, amounts[index] ?? 0])] as const]
      : [];
  });
  const samples: Presented['samples'] = [
    ...pairSamples,
    [daily, dailySamples(dailyDays, folding, labels)],
    [accountInfo, named.map(({ id, name }): Sample => [[id, name ?? ''], 1])],
    [currencyInfo, data.currency === null ? [] : [[[accountId, data.currency], 1]]],
    [settledTimestamp, figures.settledDay ? [[[accountId], startOf(periods.settledDay.start) / 1_000]] : []],
  ];
  return { samples, folded: folding.folded };
}

function isIn({ start, end }: { start: Day; end: Day }, day: Day): boolean {
  return day >= start && day < end;
}

/** The (service, account_id) of each group. */
function labelsOf(data: CostData, { groups }: Folding): readonly (readonly string[])[] {
  return groups.map(({ service, account }) => [
    service === undefined ? OTHER : labelValue(data.services[service] ?? ''),
    data.accounts[account]?.id ?? '',
  ]);
}

/** The pairs that AWS lists on each day, and no others. */
function* dailySamples(
  days: readonly CostData['days'][number][],
  folding: Folding,
  labels: readonly (readonly string[])[],
): Generator<Sample> {
  for (const day of days) {
    const sums = sumByGroup([day], folding);
    const listed = new Uint8Array(folding.count);
    for (const pair of day.pairs) {
      const group = folding.groupOf[pair] ?? -1;
      const label = labels[group];
      if (label === undefined || listed[group] === 1) continue;
      listed[group] = 1;
      yield [[...label, day.date], sums[group] ?? 0];
    }
  }
}
