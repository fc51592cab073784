import type { GetCostAndUsageCommandInput } from '@aws-sdk/client-cost-explorer';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Amounts, costPages, HELD } from '../../src/aws/cost-and-usage.ts';
import type { CollectContext } from '../../src/collection/capability.ts';
import { Sum, sumOf } from '../../src/collection/money.ts';
import { addDays, dayOf } from '../../src/collection/periods.ts';
import type { Estimates } from '../../src/config/targets-file.ts';
import { CollectionError } from '../../src/errors.ts';
import type { Findings, OptimizationData, PaidPart, Recommendation } from './model.ts';

/** What the estimate reads of the cost snapshot. */
const Cost = TypeCompiler.Compile(
  Type.Object({
    currency: Type.Union([Type.String(), Type.Null()]),
    services: Type.Array(Type.String()),
    pairs: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()])),
    days: Type.Array(
      Type.Object({
        date: Type.String(),
        pairs: Type.Array(Type.Integer()),
        costs: Type.Array(Type.Number()),
      }),
    ),
  }),
);

/** The settings behind the estimate. */
export interface EstimateSettings {
  readonly metric: string;
  /** Complete days in the window. */
  readonly windowDays: number;
  readonly rates: Estimates;
}

/** Days of the month that savings are given for. */
const MONTH_DAYS = 30;

const EC2 = 'Amazon Elastic Compute Cloud - Compute';
const RDS = 'Amazon Relational Database Service';

/** Cost of EBS over the window: usage types of "EC2 - Other". One paid query, that the caller has set aside. @throws {CollectionError} */
export async function ebsCost(
  { aws, signal, startedAt }: CollectContext<OptimizationData>,
  { metric, windowDays }: EstimateSettings,
): Promise<{ currency: string | null; cost: number; pages: number }> {
  const end = dayOf(startedAt);
  const request = {
    TimePeriod: { Start: addDays(end, -windowDays), End: end },
    Granularity: 'MONTHLY',
    Metrics: [metric],
    Filter: { Dimensions: { Key: 'SERVICE', Values: ['EC2 - Other'] } },
    GroupBy: [{ Type: 'DIMENSION', Key: 'USAGE_TYPE' }],
  } satisfies GetCostAndUsageCommandInput;
  const amounts = new Amounts(metric);
  const sum = new Sum();
  let pages = 0;
  for await (const page of costPages(aws, request, HELD, signal)) {
    pages++;
    for (const group of page.ResultsByTime.flatMap(({ Groups }) => Groups)) {
      const amount = amounts.of(group);
      if (/(^|-)EBS:/.test(group.Keys[0] ?? '')) sum.add(amount);
    }
  }
  return { currency: amounts.currency, cost: sum.value, pages };
}

/**
 * The estimate that stands in where AWS has nothing real: fixed shares of what EC2, RDS, EBS and everything cost.
 *
 * @param ebs - what `ebsCost` brought, as a recommendation, where it could be bought.
 * @throws {CollectionError} `no_data` where there is no cost snapshot yet.
 */
export function estimate(
  { accountId, startedAt, other }: CollectContext<OptimizationData>,
  { windowDays, rates }: EstimateSettings,
  ebs: PaidPart | undefined,
): Findings {
  const cost = other('cost')?.data;
  if (!Cost.Check(cost)) {
    throw new CollectionError(
      'no_data',
      'There is nothing to estimate from: no cost snapshot.',
      'See the state of the cost collector; switch it on where it is off.',
    );
  }
  const today = dayOf(startedAt);
  const start = addDays(today, -windowDays);
  const amounts = cost.days
    .filter(({ date }) => date >= start && date < today)
    .flatMap(({ pairs, costs }) =>
      pairs.map((pair, index) => ({ service: serviceOf(cost, pair), amount: costs[index] ?? 0 })),
    );
  const costOf = (service?: string) =>
    sumOf(
      amounts.filter((row) => service === undefined || row.service === service).map(({ amount }) => amount),
    );
  const entry = (category: string, ownCost: number, rate: number) =>
    estimated(accountId, category, monthly(ownCost, windowDays), rate);
  const all = entry('All', costOf(), rates.total);
  return {
    source: 'estimate',
    currency: cost.currency,
    recommendations: [
      entry('EC2', costOf(EC2), rates.ec2),
      entry('RDS', costOf(RDS), rates.rds),
      ...(ebs?.recommendations ?? []),
      all,
    ],
    deduplicated: all.savings,
    savingsMode: null,
  };
}

/** What EBS's own cost gives as an estimate. */
export function ebsEstimate(
  cost: number,
  accountId: string,
  { windowDays, rates }: EstimateSettings,
): Recommendation {
  return estimated(accountId, 'EBS', monthly(cost, windowDays), rates.ebs);
}

function monthly(cost: number, windowDays: number): number {
  return (Math.max(0, cost) * MONTH_DAYS) / windowDays;
}

function estimated(account: string, category: string, cost: number, rate: number): Recommendation {
  const unknown = { product: null, effort: null, restart: null, rollback: null, generatedAt: null };
  return {
    type: 'Estimate',
    category,
    resource: '',
    region: null,
    account,
    savings: cost * rate,
    cost,
    ...unknown,
  };
}

function serviceOf(cost: { services: string[]; pairs: [number, number][] }, pair: number): string {
  return cost.services[cost.pairs[pair]?.[0] ?? -1] ?? '';
}
