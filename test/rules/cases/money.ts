import type { Case } from '../case.ts';
import { ACQUIRED, dayOf, EC2, figure, highRisks, MEMBER, PAYER, settledOn } from '../facts.ts';
import { inTheLast, up } from './where.ts';

/** Money and risks, by account. */
export const MONEY: readonly Case[] = [
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
    facts: dayOf(EC2, PAYER, 20, -300),
    firing: [],
  },
  {
    alert: 'AwsCostServiceAnomaly',
    name: 'Tax, Support and upfront fees',
    facts: [
      'Tax',
      'AWS Support (Business)',
      'AWS Premium Support',
      'Savings Plans for AWS Compute usage',
    ].flatMap((service) => dayOf(service, PAYER, 5_000, 0)),
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
    facts: [
      ...dayOf(EC2, PAYER, 500, 100),
      ...settledOn(1).map((fact) => ({ ...fact, value: () => undefined })),
    ],
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
    facts: [
      figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, inTheLast(4, 0.6, 0.3)),
    ],
    hours: 8,
    firing: [],
  },
  {
    alert: 'AwsCostUntaggedShareHigh',
    name: 'it was tagged since',
    facts: [
      figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id: PAYER }, inTheLast(1.5, 0.3, 0.6)),
    ],
    hours: 8,
    firing: [],
  },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'two more than a day ago',
    facts: [highRisks('security', inTheLast(3, 4, 2))],
    hours: 26,
    firing: [{ pillar: 'security', account_id: PAYER }],
  },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'a pillar that there was not',
    facts: [highRisks('sustainability', ({ step, last }) => (step > last - 36 ? 1 : undefined))],
    hours: 26,
    firing: [{ pillar: 'sustainability', account_id: PAYER }],
  },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'the reviews with the new risks are gone',
    facts: [
      highRisks('security', ({ step, last }) => (step > last - 18 ? undefined : step > last - 36 ? 4 : 2)),
    ],
    hours: 26,
    firing: [],
  },
  {
    alert: 'AwsCostNewHighRisks',
    name: 'more medium ones',
    facts: [
      figure(
        'aws_wellarchitected_risks',
        { pillar: 'security', risk_level: 'medium', account_id: PAYER },
        inTheLast(3, 9, 5),
      ),
    ],
    hours: 26,
    firing: [],
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
