import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';
import {
  type RequestResult,
  requestDurationBuckets,
  requestResults,
  type SelfFamily,
  type SkipReason,
  selfFamilies,
  skipReasons,
} from './self-families.ts';

/** What is known of the exporter when it starts. */
export interface SelfMetricsOptions {
  /** Version of the exporter. */
  readonly version: string;
  /** Source revision, where the build knows it. */
  readonly revision?: string;
  /** When the process started. */
  readonly startTime: Date;
  /** Cost metric in use, such as `BlendedCost`. */
  readonly costMetric: string;
  /** Every target, with the capabilities that it has, in the contract's order. */
  readonly targets: readonly { readonly name: string; readonly features: readonly string[] }[];
  /** Every collector of every target. */
  readonly collectors: readonly { readonly collector: string; readonly target: string }[];
  /** Every AWS operation that may be asked of each target. */
  readonly operations: readonly { readonly operation: string; readonly target: string }[];
  /** Whether Redis is configured. */
  readonly redis: boolean;
  /** Most US dollars that all replicas may spend in a UTC day. */
  readonly budgetUsd: number;
  /** Whether this replica collects for a target now. */
  holds(target: string): boolean;
  /** Whether it shows the business families now. */
  exposes(): boolean;
}

/** The exporter's metrics about itself: one method for each thing that can happen. */
export interface SelfMetrics {
  /** An attempt to collect has ended. `at` is when it started; `ok` is false where any part of it failed. */
  attemptEnded(
    collector: string,
    target: string,
    attempt: { readonly ok: boolean; readonly at: Date; readonly durationSeconds: number },
  ): void;
  /** A run was passed over. A run that found the bill unchanged is also `confirmed`. */
  skipped(collector: string, target: string, reason: SkipReason): void;
  /** The figures of a collector are known to be right as of `at`, without an attempt: found unchanged, or kept from before. */
  confirmed(collector: string, target: string, at: Date): void;
  /** Another replica collects from now on: how the last attempt of this one ended says nothing any more. */
  handedOver(collector: string, target: string): void;
  /** What a collector has on the page now: series, and how many were folded away. */
  series(
    collector: string,
    target: string,
    count: { readonly series: number; readonly folded: number },
  ): void;
  /** One HTTP attempt at AWS, a retry too, has ended. */
  awsRequest(operation: string, target: string, result: RequestResult, seconds: number): void;
  /** AWS charges `usd` for a request. */
  spend(target: string, usd: number): void;
  /** The bill of a target was seen to have moved. */
  billChanged(target: string, at: Date): void;
  /** Redis answers, or does not. Without Redis it does nothing. */
  cacheUp(up: boolean): void;
  /** Someone has asked for the page of metrics. */
  scraped(): void;
  /** STS has said which account a target is; its info series without an account, or with another, goes. */
  account(target: string, accountId: string): void;
}

/**
 * Declares the families of `selfFamilies` in a registry of one app, and sets the series with known labels to 0.
 * (The library tells series apart by their label values joined by `|`: at most one label of a family, the target, is the user's own
 * words, so that two series never become one.)
 */
export function createSelfMetrics(registry: Registry, options: SelfMetricsOptions): SelfMetrics {
  const declaration = ({ name, help, labels }: SelfFamily) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  const gauge = (family: SelfFamily) => new Gauge<string>(declaration(family));
  const counter = (family: SelfFamily) => new Counter<string>(declaration(family));

  const collectorSuccess = gauge(selfFamilies.collectorSuccess);
  const lastSuccess = gauge(selfFamilies.lastSuccess);
  const lastAttempt = gauge(selfFamilies.lastAttempt);
  const duration = gauge(selfFamilies.duration);
  const skipped = counter(selfFamilies.skipped);
  const series = gauge(selfFamilies.series);
  const seriesFolded = gauge(selfFamilies.seriesFolded);
  const requests = counter(selfFamilies.requests);
  const requestDuration = new Histogram<string>({
    ...declaration(selfFamilies.requestDuration),
    buckets: requestDurationBuckets,
  });
  const spend = spendCounter(declaration(selfFamilies.spend));
  const cacheUp = options.redis ? gauge(selfFamilies.cacheUp) : undefined;
  const billChanged = gauge(selfFamilies.billChanged);
  const scrapes = counter(selfFamilies.scrapes);
  gauge(selfFamilies.spendBudget).set(options.budgetUsd);
  new Gauge<string>({
    ...declaration(selfFamilies.leaseHeld),
    collect() {
      for (const { name } of options.targets) this.set({ target: name }, options.holds(name) ? 1 : 0);
    },
  });
  new Gauge<string>({
    ...declaration(selfFamilies.exposing),
    collect() {
      this.set(options.exposes() ? 1 : 0);
    },
  });
  const info = infoGauge(gauge(selfFamilies.info), options);

  for (const pair of options.collectors) {
    for (const reason of skipReasons) skipped.inc({ ...pair, reason }, 0);
    series.set({ ...pair }, 0);
    seriesFolded.set({ ...pair }, 0);
  }
  for (const pair of options.operations) {
    for (const result of requestResults) requests.inc({ ...pair, result }, 0);
    requestDuration.zero({ ...pair });
  }
  for (const { name } of options.targets) spend(name, 0);
  gauge(selfFamilies.buildInfo).set(
    { version: options.version, revision: options.revision ?? '', node_version: process.version },
    1,
  );

  return {
    attemptEnded(collector, target, { ok, at, durationSeconds }) {
      collectorSuccess.set({ collector, target }, ok ? 1 : 0);
      lastAttempt.set({ collector, target }, seconds(at));
      duration.set({ collector, target }, durationSeconds);
      if (ok) lastSuccess.set({ collector, target }, seconds(at));
    },
    skipped(collector, target, reason) {
      skipped.inc({ collector, target, reason });
    },
    confirmed(collector, target, at) {
      lastSuccess.set({ collector, target }, seconds(at));
    },
    handedOver(collector, target) {
      for (const ended of [collectorSuccess, lastAttempt, duration]) ended.remove({ collector, target });
    },
    series(collector, target, count) {
      series.set({ collector, target }, count.series);
      seriesFolded.set({ collector, target }, count.folded);
    },
    awsRequest(operation, target, result, durationSeconds) {
      requests.inc({ operation, result, target });
      requestDuration.observe({ operation, target }, durationSeconds);
    },
    spend,
    billChanged(target, at) {
      billChanged.set({ target }, seconds(at));
    },
    cacheUp(up) {
      cacheUp?.set(up ? 1 : 0);
    },
    scraped() {
      scrapes.inc();
    },
    account: info,
  };
}

function seconds(at: Date): number {
  return at.getTime() / 1000;
}

/** Counts in whole millionths of a dollar and publishes their quotient: a hundred cents are 1, not 1.0000000000000007. */
function spendCounter(declaration: ConstructorParameters<typeof Counter<string>>[0]) {
  const micros = new Map<string, number>();
  new Counter<string>({
    ...declaration,
    collect() {
      this.reset();
      for (const [target, amount] of micros) this.inc({ target }, amount / 1e6);
    },
  });
  return (target: string, usd: number): void => {
    micros.set(target, (micros.get(target) ?? 0) + Math.round(usd * 1e6));
  };
}

/** Shows each target once, at first without an account; gives back what replaces a target's account. */
function infoGauge(info: Gauge<string>, { version, startTime, costMetric, targets }: SelfMetricsOptions) {
  const shown = new Map(
    targets.map(({ name, features }) => [
      name,
      {
        version,
        target: name,
        account_id: '',
        start_time: startTime.toISOString(),
        features: features.join(','),
        cost_metric: costMetric,
      },
    ]),
  );
  for (const labels of shown.values()) info.set(labels, 1);
  return (target: string, accountId: string): void => {
    const before = shown.get(target);
    if (before === undefined || before.account_id === accountId) return;
    const after = { ...before, account_id: accountId };
    info.remove(before);
    info.set(after, 1);
    shown.set(target, after);
  };
}
