// A healthy exporter of two targets, as facts; a case changes some of them.
import type { Fact, Place, ValueAt } from './world.ts';

export const PAYER = '111122223333';
export const MEMBER = '222233334444';
export const ACQUIRED = '444455556666';
export const EC2 = 'Amazon Elastic Compute Cloud - Compute';
export const COLLECTORS = ['cost', 'forecast', 'tags', 'optimization', 'well-architected'];
export const TARGETS = ['payer', 'acquired'];
const DAY = 86_400;

/** Seconds since the test's midnight. */
export const seconds = ({ step }: Pick<Place, 'step'>): number => step * 300;

function constantly(value: number | ValueAt): ValueAt {
  return typeof value === 'number' ? () => value : value;
}

/** A figure that replicas show that expose. */
export function figure(family: string, labels: Fact['labels'], value: number | ValueAt): Fact {
  return { family, labels, on: 'business', value: constantly(value) };
}

/** What every replica says of itself; the prefix `aws_cost_exporter_` is added. */
export function self(family: string, labels: Fact['labels'], value: number | ValueAt): Fact {
  return { family: `aws_cost_exporter_${family}`, labels, on: 'each', value: constantly(value) };
}

/** How the last attempt of a collector has ended: said by the replica that collects. */
export function success(collector: string, target: string, value: number | ValueAt): Fact {
  return {
    family: 'aws_cost_exporter_collector_success',
    labels: { collector, target },
    on: 'leader',
    value: constantly(value),
  };
}

/** When the last attempt began that has ended, in seconds since the test's midnight: said by the replica that collects. */
export function lastAttempt(collector: string, target: string, value: number | ValueAt): Fact {
  return {
    family: 'aws_cost_exporter_collector_last_attempt_timestamp_seconds',
    labels: { collector, target },
    on: 'leader',
    value: constantly(value),
  };
}

/** When a collector last succeeded, in seconds since the test's midnight. */
export function lastSuccess(collector: string, target: string, value: number | ValueAt): Fact {
  return self('collector_last_success_timestamp_seconds', { collector, target }, value);
}

export function requests(operation: string, result: string, value: number | ValueAt, target = 'payer'): Fact {
  return self('aws_requests_total', { operation, result, target }, value);
}

/** A service's settled day and the median of the week before it. */
export function dayOf(service: string, account_id: string, cost: number | ValueAt, median: number): Fact[] {
  return [
    figure('aws_cost_settled_day', { service, account_id }, cost),
    figure('aws_cost_week_median', { service, account_id }, median),
  ];
}

/** Which day the settled one is: one of January 1970, by its number. */
export function settledOn(dayOfMonth: number | ValueAt): Fact[] {
  const at = constantly(dayOfMonth);
  const value: ValueAt = (place) => ((at(place) ?? 1) - 1) * DAY;
  return [PAYER, ACQUIRED].map((account_id) =>
    figure('aws_cost_settled_day_timestamp_seconds', { account_id }, value),
  );
}

export function highRisks(pillar: string, value: number | ValueAt, account_id = PAYER): Fact {
  return figure('aws_wellarchitected_risks', { pillar, risk_level: 'high', account_id }, value);
}

/** Everything is well. */
export function healthy(): Fact[] {
  const pairs = TARGETS.flatMap((target) => COLLECTORS.map((collector) => ({ collector, target })));
  return [
    self('build_info', { version: '0.1.0', revision: 'abc', node_version: 'v24.0.0' }, 1),
    self('exposing', {}, ({ exposes }) => (exposes ? 1 : 0)),
    self('aws_spend_budget_usd', {}, 1),
    ...TARGETS.flatMap((target) => [
      self('lease_held', { target }, ({ leads }) => (leads ? 1 : 0)),
      self('aws_spend_usd_total', { target }, ({ step }) => Math.floor(step / 12) / 100),
      requests('GetCostAndUsage', 'success', ({ step }) => step, target),
      ...['AssumeRole', 'GetCostAndUsage', 'ListRecommendations', 'GetReservationPurchaseRecommendation'].map(
        (operation) => requests(operation, 'access_denied', 0, target),
      ),
    ]),
    { family: 'process_start_time_seconds', labels: {}, on: 'each', value: () => -100_000 },
    ...pairs.flatMap(({ collector, target }) => [
      self('collector_series', { collector, target }, 100),
      self('collector_skipped_total', { collector, target, reason: 'budget' }, 0),
      success(collector, target, 1),
      lastAttempt(collector, target, (place) => Math.floor(seconds(place) / 1_800) * 1_800 + 1),
      lastSuccess(collector, target, (place) => Math.floor(seconds(place) / 1_800) * 1_800),
    ]),
    ...settledOn(15),
    ...dayOf(EC2, PAYER, 110, 100),
    ...dayOf('AWS Lambda', MEMBER, 3, 2),
    ...dayOf(EC2, ACQUIRED, 90, 100),
    ...[PAYER, MEMBER, ACQUIRED].map((account_id) =>
      figure('aws_cost_month_to_date', { service: EC2, account_id }, 1_000),
    ),
    ...[PAYER, ACQUIRED].flatMap((account_id) => [
      figure('aws_cost_forecast_month_end', { account_id }, 900),
      figure('aws_cost_currency_info', { account_id, currency: 'USD' }, 1),
      figure('aws_cost_untagged_ratio', { tag_key: 'Environment', account_id }, 0.2),
      figure('aws_cost_untagged_ratio', { tag_key: 'Team', account_id }, 0.3),
      ...['security', 'reliability'].map((pillar) => highRisks(pillar, 2, account_id)),
    ]),
  ];
}
