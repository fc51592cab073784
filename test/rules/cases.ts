import type { Case } from './case.ts';
import { ACQUIRED, dayOf, EC2, figure, highRisks, lastSuccess, MEMBER, PAYER, requests, seconds, self, settledOn, success } from './facts.ts';
import type { Fact, Layout, Situation, ValueAt } from './world.ts';

/** Not while the exporter is down: there is nothing to see then. */
const up = (_: Layout, { name }: Situation) => !name.includes('down');
const replicas = (layout: Layout, situation: Situation) => layout.replicas > 1 && up(layout, situation);
/** The value `later` in the last hours, before that `first`. */
const inTheLast =
  (hours: number, later: number, first: number): ValueAt =>
  ({ step, last }) => step > last - hours * 12 ? later : first;
const FAILING = [{ collector: 'cost', target: 'payer' }];

export const CASES: readonly Case[] = [
  // --- The exporter
  { alert: 'AwsCostExporterAbsent', name: 'it is there', facts: [], firing: [], where: up },
  {
    alert: 'AwsCostExporterAbsent',
    name: 'one replica is left',
    facts: [],
    firing: [],
    situations: [{ name: 'one is left', up: (step, last) => (step > last - 12 ? [0] : [0, 1, 2]), leader: () => 0 }],
  },
  {
    alert: 'AwsCostExporterAbsent',
    name: 'it could not be scraped for ten minutes',
    facts: [],
    firing: [],
    situations: [{ name: 'a gap', up: (step, last) => (step > last - 3 ? [] : [0]), leader: () => 0 }],
  },
  {
    alert: 'AwsCostNoneExposing',
    name: 'none exposes',
    facts: [self('exposing', {}, 0)],
    firing: [{}],
    where: up,
  },
  { alert: 'AwsCostNoneExposing', name: 'one does', facts: [], firing: [] },
  {
    alert: 'AwsCostNoneExposing',
    name: 'none did for five minutes',
    facts: [self('exposing', {}, ({ step, last, exposes }) => (exposes && step !== last ? 1 : 0))],
    firing: [],
  },
  {
    alert: 'AwsCostExposedTwice',
    name: 'two expose',
    facts: [self('exposing', {}, ({ exposes, pod }) => (exposes || pod % 3 === 1 ? 1 : 0))],
    firing: [{}],
    where: (layout, situation) => layout.expose === 'leader' && replicas(layout, situation) && situation.name === 'steady',
  },
  {
    alert: 'AwsCostExposedTwice',
    name: 'one exposes, or the handing over is scraped',
    facts: [self('exposing', {}, ({ step, last, exposes, pod }) => (exposes || (pod === 0 && step === last - 4) ? 1 : 0))],
    firing: [],
    where: (layout) => layout.expose === 'leader',
  },
  {
    alert: 'AwsCostCollectedTwice',
    name: 'two collect for a target',
    facts: [self('lease_held', { target: 'payer' }, 1)],
    firing: [{ target: 'payer' }],
    where: replicas,
  },
  { alert: 'AwsCostCollectedTwice', name: 'one collects for each', facts: [], firing: [] },
  {
    alert: 'AwsCostReplicasDisagree',
    name: 'one shows another month to date',
    facts: [figure('aws_cost_month_to_date', { service: EC2, account_id: PAYER }, ({ pod }) => 1_000 + pod)],
    firing: [{}],
    where: (layout, situation) => layout.expose === 'all' && replicas(layout, situation) && situation.name !== 'a rollout',
  },
  {
    alert: 'AwsCostReplicasDisagree',
    name: 'all show the same, some a scrape later',
    facts: [
      figure('aws_cost_month_to_date', { service: EC2, account_id: PAYER }, ({ step, pod }) =>
        Math.floor((step - (pod % 2)) / 12),
      ),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostReplicaBehind',
    name: 'one does not hear of the others',
    facts: [
      lastSuccess('cost', 'payer', (place) =>
        place.pod === 1 || place.pod === 4 ? 0 : Math.floor(seconds(place) / 3_600) * 3_600,
      ),
    ],
    firing: [{ collector: 'cost', target: 'payer' }],
    where: (layout, situation) => replicas(layout, situation) && situation.name !== 'a rollout',
  },
  {
    alert: 'AwsCostReplicaBehind',
    name: 'one hears of it a scrape later',
    facts: [
      lastSuccess('cost', 'payer', ({ step, pod }) => Math.max(0, Math.floor((step - (pod % 2)) / 12)) * 3_600),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'every attempt fails',
    facts: [success('cost', 'payer', 0)],
    firing: FAILING,
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'every attempt fails, and who leads is new and has not tried yet',
    facts: [
      success('cost', 'payer', ({ step, last, leads, pod }) =>
        leads && (pod === 0 || step > last) ? 0 : undefined,
      ),
    ],
    firing: FAILING,
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'it has failed for half an hour',
    facts: [success('cost', 'payer', inTheLast(0.5, 0, 1))],
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'it works again',
    facts: [success('cost', 'payer', inTheLast(1.5, 1, 0))],
    firing: [],
  },
  {
    alert: 'AwsCostCollectorFailing',
    name: 'the failing target is not configured any more',
    facts: [
      success('cost', 'payer', inTheLast(0.2, Number.NaN, 0)),
      self('collector_series', { collector: 'cost', target: 'payer' }, inTheLast(0.2, Number.NaN, 100)),
    ].map(withoutNaN),
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostNoFigures',
    name: 'there never was a success',
    facts: [lastSuccess('forecast', 'acquired', () => undefined)],
    firing: [{ collector: 'forecast', target: 'acquired' }],
  },
  {
    alert: 'AwsCostNoFigures',
    name: 'there was one, in a process that is gone',
    facts: [lastSuccess('forecast', 'acquired', ({ pod, step, last }) => (pod < 1 && step < last - 14 ? 0 : undefined))],
    firing: [],
  },
  {
    alert: 'AwsCostNoFigures',
    name: 'the first one took half an hour',
    facts: [lastSuccess('forecast', 'acquired', ({ step }) => (step < 6 ? undefined : 1_800))],
    hours: 2,
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostDataStale',
    name: 'the last success is four hours ago',
    facts: [lastSuccess('cost', 'payer', 0)],
    hours: 4,
    firing: FAILING,
  },
  {
    alert: 'AwsCostDataStale',
    name: 'four hours are not too much for optimization',
    facts: [lastSuccess('optimization', 'payer', 0)],
    hours: 4,
    firing: [],
  },
  {
    alert: 'AwsCostDataStale',
    name: 'it has just succeeded again',
    facts: [lastSuccess('cost', 'payer', (place) => (place.step > place.last - 13 ? (place.last - 13) * 300 : 0))],
    hours: 4,
    firing: [],
  },
  {
    alert: 'AwsCostDataStale',
    name: 'it is not configured any more',
    facts: [
      lastSuccess('cost', 'payer', inTheLast(0.2, Number.NaN, 0)),
      self('collector_series', { collector: 'cost', target: 'payer' }, inTheLast(0.2, Number.NaN, 100)),
    ].map(withoutNaN),
    hours: 4,
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'AWS denies it, and the collector fails',
    facts: [requests('GetCostAndUsage', 'access_denied', ({ step }) => step), success('cost', 'payer', 0)],
    firing: [{ operation: 'GetCostAndUsage', target: 'payer' }],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'once, before the first scrape',
    facts: [requests('AssumeRole', 'access_denied', ({ leads }) => (leads ? 1 : 0)), success('cost', 'payer', 0)],
    firing: [{ operation: 'AssumeRole', target: 'payer' }],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'a source of recommendations is denied and passed over, while cost fails',
    facts: [
      requests('ListRecommendations', 'access_denied', ({ step }) => step),
      requests('GetReservationPurchaseRecommendation', 'access_denied', ({ step }) => step),
      success('cost', 'payer', 0),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'a source of recommendations is denied, and there is no other',
    facts: [requests('ListRecommendations', 'access_denied', ({ step }) => step), success('optimization', 'payer', 0)],
    firing: [{ operation: 'ListRecommendations', target: 'payer' }],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'it was denied, and works again',
    facts: [
      requests('GetCostAndUsage', 'access_denied', ({ step }) => Math.min(step, 5)),
      success('cost', 'payer', inTheLast(1.5, 1, 0)),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'a collector of the other target fails, of something else',
    facts: [requests('GetCostAndUsage', 'access_denied', ({ step }) => step), success('cost', 'acquired', 0)],
    firing: [],
  },
  {
    alert: 'AwsCostAccessDenied',
    name: 'it was denied days ago, and fails of something else',
    facts: [requests('GetCostAndUsage', 'access_denied', ({ pod }) => (pod < 3 ? 7 : 0)), success('cost', 'payer', 0)],
    hours: 9,
    firing: [],
    where: (_, { name }) => name === 'steady',
  },
  {
    alert: 'AwsCostExporterBudgetExhausted',
    name: 'a collection is passed over each hour',
    facts: [
      self('collector_skipped_total', { collector: 'tags', target: 'payer', reason: 'budget' }, ({ step, leads }) =>
        leads ? Math.floor(step / 6) : 0,
      ),
    ],
    firing: [{ collector: 'tags', target: 'payer' }],
  },
  {
    alert: 'AwsCostExporterBudgetExhausted',
    name: 'others are passed over for other reasons',
    facts: [
      self('collector_skipped_total', { collector: 'tags', target: 'payer', reason: 'fresh' }, ({ step }) => step),
    ],
    firing: [],
  },
  {
    alert: 'AwsCostExporterBudgetExhausted',
    name: 'that was yesterday',
    facts: [
      self('collector_skipped_total', { collector: 'tags', target: 'payer', reason: 'budget' }, ({ step }) =>
        Math.min(step, 10),
      ),
    ],
    hours: 6,
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'most of it is spent, by two targets together',
    facts: ['payer', 'acquired'].map((target) =>
      spent(target, ({ step, leads }) => (leads ? Math.floor(step / 3) * 0.04 : 0)),
    ),
    hours: 4,
    firing: [{}],
    where: (_, { name }) => name === 'steady' || name.includes('down'),
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'half of it is spent',
    facts: [spent('payer', ({ step }) => Math.floor(step / 3) * 0.01)],
    hours: 13,
    firing: [],
    where: (layout) => layout.replicas === 1,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'all of it was spent yesterday, and little today',
    facts: [spent('payer', ({ step }) => Math.min(step, 288) / 288 + Math.max(0, step - 288) * 0.001)],
    hours: 30,
    firing: [],
    where: (layout) => layout.replicas === 1,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'a rollout buys much before it is first scraped',
    facts: [
      spent('payer', ({ pod }) => (pod === 0 ? 0.3 : 0.9)),
      { ...startedAt(({ pod, last }) => (pod < 1 ? -100_000 : (last - 6) * 300 - 60)) },
    ],
    hours: 20,
    firing: [{}],
    where: (layout, { name }) => layout.replicas === 1 && name === 'a rollout',
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'what was bought on the days before does not count where Prometheus sees the process for the first time',
    facts: [spent('payer', 30), startedAt(-1_000_000)],
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostExporterSpendNearBudget',
    name: 'the container was restarted, and counts from 0 again',
    facts: [
      spent('payer', ({ step, last }) => (step > last - 10 ? 0.05 : 0.75)),
      startedAt(({ step, last }) => (step > last - 10 ? (last - 10) * 300 : -100_000)),
    ],
    hours: 30,
    firing: [],
    where: (layout, { name }) => layout.replicas === 1 && name === 'steady',
  },
  // --- Money
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'a day of more than twice the median',
    facts: dayOf(EC2, PAYER, 260, 100),
    firing: [{ service: EC2, account_id: PAYER }],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'the same service in two accounts, one of another target',
    facts: [...dayOf(EC2, MEMBER, 60, 2), ...dayOf(EC2, ACQUIRED, 400, 100)],
    firing: [
      { service: EC2, account_id: MEMBER },
      { service: EC2, account_id: ACQUIRED },
    ],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'a service that there was not before',
    facts: dayOf('Amazon Bedrock', MEMBER, 70, 0),
    firing: [{ service: 'Amazon Bedrock', account_id: MEMBER }],
  },
  { alert: 'AwsCostServiceAnomaly', name: 'less than twice', facts: dayOf(EC2, PAYER, 190, 100), firing: [] },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'many times little',
    facts: dayOf('AWS Lambda', MEMBER, 40, 0.5),
    firing: [],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'credits end',
    facts: dayOf(EC2, PAYER, 0, -300),
    firing: [],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'Tax, Support and upfront fees',
    facts: ['Tax', 'AWS Support (Business)', 'AWS Premium Support', 'Savings Plans for AWS Compute usage'].flatMap(
      (service) => dayOf(service, PAYER, 5_000, 0),
    ),
    firing: [],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'the settled day is the first of a month, the third when it is evaluated',
    facts: [...dayOf(EC2, PAYER, 500, 100), ...settledOn(1)],
    firing: [],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'the settled day is the 30th, evaluated on the first',
    facts: [...dayOf(EC2, PAYER, 500, 100), ...settledOn(30)],
    firing: [{ service: EC2, account_id: PAYER }],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'which day it is was not said',
    facts: [...dayOf(EC2, PAYER, 500, 100), ...settledOn(1).map((fact) => ({ ...fact, value: () => undefined }))],
    firing: [],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'it was for some minutes',
    facts: dayOf(EC2, PAYER, inTheLast(0.3, 260, 100), 100),
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'the next day is as always',
    facts: dayOf(EC2, PAYER, inTheLast(1.5, 110, 260), 100),
    firing: [],
  },
  {
    alert: 'AwsCostForecastAboveBudget',
    name: 'above the budget of the account',
    facts: [],
    values: { AwsCostForecastAboveBudget: { budgets: { [PAYER]: 800, [ACQUIRED]: 1_000 } } },
    firing: [{ account_id: PAYER }],
  },
  {
    alert: 'AwsCostForecastAboveBudget',
    name: 'above the budget of all others',
    facts: [],
    values: { AwsCostForecastAboveBudget: { budgets: { [PAYER]: 1_000, default: 800 } } },
    firing: [{ account_id: ACQUIRED }],
  },
  { alert: 'AwsCostForecastAboveBudget', name: 'without a budget', facts: [], firing: [] },
  {
    alert: 'AwsCostForecastAboveBudget',
    name: 'below it again',
    facts: [figure('aws_cost_forecast_month_end', { account_id: PAYER }, inTheLast(1.5, 700, 900))],
    values: { AwsCostForecastAboveBudget: { budgets: { [PAYER]: 800 } } },
    firing: [],
  },
  {
    alert: 'AwsCostForecastAboveBudget',
    name: 'above it for half an hour',
    facts: [figure('aws_cost_forecast_month_end', { account_id: PAYER }, inTheLast(0.5, 900, 700))],
    values: { AwsCostForecastAboveBudget: { budgets: { [PAYER]: 800 } } },
    firing: [],
    where: up,
  },
  {
    alert: 'AwsCostUntaggedShareHigh',
    name: 'more than half has no tag',
    facts: [figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, 0.6)],
    hours: 8,
    firing: [{ tag_key: 'Team', account_id: PAYER }],
  },
  {
    alert: 'AwsCostUntaggedShareHigh',
    name: 'each key has a limit',
    facts: [figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, 0.6)],
    values: { AwsCostUntaggedShareHigh: { limits: { Team: 0.7, Environment: 0.1, default: null } } },
    hours: 8,
    firing: [
      { tag_key: 'Environment', account_id: PAYER },
      { tag_key: 'Environment', account_id: ACQUIRED },
    ],
  },
  { alert: 'AwsCostUntaggedShareHigh', name: 'less than half', facts: [], hours: 8, firing: [] },
  {
    alert: 'AwsCostUntaggedShareHigh',
    name: 'for some hours only',
    facts: [figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, inTheLast(4, 0.6, 0.3))],
    hours: 8,
    firing: [],
  },
  {
    alert: 'AwsCostUntaggedShareHigh',
    name: 'it was tagged since',
    facts: [figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, inTheLast(1.5, 0.3, 0.6))],
    hours: 8,
    firing: [],
  },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'two more than a day ago',
    facts: [highRisks('security', inTheLast(3, 4, 2))],
    hours: 26,
    firing: [{ pillar: 'security', risk_level: 'high', account_id: PAYER }],
  },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'a pillar that there was not',
    facts: [highRisks('sustainability', ({ step, last }) => (step > last - 36 ? 1 : undefined))],
    hours: 26,
    firing: [{ pillar: 'sustainability', risk_level: 'high', account_id: PAYER }],
  },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'fewer',
    facts: [highRisks('security', inTheLast(3, 1, 2))],
    hours: 26,
    firing: [],
  },
  { alert: 'AwsCostNewHighRisks', name: 'the first reviews that are seen', facts: [], hours: 2, firing: [] },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'that was two days ago',
    facts: [highRisks('security', inTheLast(26, 4, 2))],
    hours: 50,
    firing: [],
    where: (_, { name }) => name === 'steady',
  },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'they were mended since',
    facts: [highRisks('security', ({ step, last }) => (step > last - 36 && step < last - 18 ? 4 : 2))],
    hours: 26,
    firing: [],
  },
];

function spent(target: string, value: number | ValueAt) {
  return self('aws_spend_usd_total', { target }, value);
}

function startedAt(value: number | ValueAt): Fact {
  return {
    family: 'process_start_time_seconds',
    labels: {},
    on: 'each',
    value: typeof value === 'number' ? () => value : value,
  };
}

/** What is not a number stands for no series. */
function withoutNaN(fact: ReturnType<typeof self>): ReturnType<typeof self> {
  return {
    ...fact,
    value: (place) => {
      const value = fact.value(place);
      return Number.isNaN(value) ? undefined : value;
    },
  };
}
