import { awsError, invalidResponse } from '../../src/aws/aws-errors.ts';
import { held } from '../../src/aws/held.ts';
import type { CollectContext, Collected, FailedPart, Purchases } from '../../src/collection/capability.ts';
import { dayOf } from '../../src/collection/periods.ts';
import type { Snapshot } from '../../src/collection/snapshot.ts';
import { CollectionError, publicCause } from '../../src/errors.ts';
import { type Found, RESERVABLE, reservations, rightsizing, savingsPlans } from './cost-explorer.ts';
import { type EstimateSettings, ebsCost, ebsEstimate, estimate } from './estimate.ts';
import { findInHub } from './hub.ts';
import {
  type Findings,
  type OptimizationData,
  type PaidPart,
  type Source,
  withoutOverlaps,
} from './model.ts';
import { countNew } from './seen.ts';

/** The settings behind the recommendations. */
export interface OptimizationSettings {
  readonly source: Source | 'auto';
  readonly priorities: { readonly high: number; readonly medium: number };
  readonly estimate: EstimateSettings;
}

/**
 * Finds recommendations source by source, the best that the account has: a source that is denied or not enrolled is passed
 * over, one that fails fails the collection.
 *
 * @throws {CollectionError} what the source in force, or the one that the configuration forces, failed with.
 */
export async function collectOptimization(
  context: CollectContext<OptimizationData>,
  settings: OptimizationSettings,
): Promise<Collected<OptimizationData>> {
  const round = new Round(context);
  const forced = settings.source !== 'auto';
  const inTurn: [Source, () => Promise<Findings>][] = [
    ['cost-optimization-hub', () => findInHub(context, (part, error) => round.passOver(part, error))],
    ['cost-explorer', () => findInCostExplorer(round)],
    ['estimate', () => estimateFrom(round, settings.estimate)],
  ];
  for (const [source, find] of inTurn) {
    if (forced && source !== settings.source) continue;
    try {
      const findings = await find();
      return {
        data: {
          ...findings,
          paid: round.paid,
          seen: countNew(
            (context.previous ?? context.former)?.data.seen,
            findings.recommendations,
            settings.priorities,
          ),
        },
        failed: round.failed,
        passedOver: round.passedOver,
      };
    } catch (error) {
      if (forced || source === 'estimate' || !isAbsent(error)) throw error;
      round.passOver(source, error);
    }
  }
  throw new TypeError('no source was asked');
}

/** Queries of Cost Explorer's source, each of at least one page: rightsizing, Savings Plans, and what can be reserved. */
const CE_QUERIES = 2 + Object.keys(RESERVABLE).length;

/**
 * What an optimization collection is expected to buy: the paid parts of the source in force, once in a UTC day. Without a
 * snapshot that is what a forced source buys at most, and nothing where the source is to be found: the hub is free.
 */
export function optimizationPurchases(
  source: Source | 'auto',
  snapshot: Snapshot<OptimizationData> | undefined,
): Purchases {
  const inForce = snapshot?.data.source ?? source;
  const parts = snapshot?.data.paid.filter(({ part }) => (part === EBS) === (inForce === 'estimate'));
  const known = parts?.reduce((sum, { pages = 1 }) => sum + pages, 0);
  if (inForce === 'estimate') return { pages: 0, daily: known ?? 1 };
  return { pages: 0, daily: inForce === 'cost-explorer' ? (known ?? CE_QUERIES) : 0 };
}

/** Whether a source, or a part of one, is not to be had: nothing that waiting would mend. */
function isAbsent(error: unknown): error is CollectionError {
  return error instanceof CollectionError && ['access_denied', 'not_enabled', 'no_data'].includes(error.code);
}

/** The paid part of the estimate. */
const EBS = 'ebs';

/** One collection's paid parts, each bought at most once in a UTC day, and what became of them. */
class Round {
  readonly context: CollectContext<OptimizationData>;
  readonly failed: FailedPart[] = [];
  readonly passedOver: FailedPart[] = [];
  readonly #paid: Map<string, PaidPart>;

  constructor(context: CollectContext<OptimizationData>) {
    this.context = context;
    this.#paid = new Map(context.previous?.data.paid.map((part) => [part.part, part]));
  }

  get paid(): PaidPart[] {
    return [...this.#paid.values()];
  }

  passOver(part: string, error: unknown): void {
    this.passedOver.push({ part, cause: causeOf(error), error });
  }

  /** A paid part: today's where there is one, else bought; where that fails the last one stays. */
  async part(name: string, buy: () => Promise<Found>): Promise<PaidPart | undefined> {
    const kept = this.#paid.get(name);
    const { startedAt, signal, aws } = this.context;
    if (kept && dayOf(Date.parse(kept.collectedAt)) === dayOf(startedAt)) return kept;
    try {
      const { currency, pages, recommendations } = await held(aws, kept?.pages ?? 1, buy);
      const collectedAt = new Date(startedAt).toISOString();
      const part = { part: name, collectedAt, currency, pages, recommendations };
      this.#paid.set(name, part);
      return part;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!isAbsent(error)) {
        this.failed.push({ part: name, cause: causeOf(error), error });
        return kept;
      }
      this.#paid.delete(name);
      this.passOver(name, error);
      return undefined;
    }
  }
}

function causeOf(error: unknown): FailedPart['cause'] {
  return publicCause(error instanceof CollectionError ? error : awsError(error, 'ce:*'));
}

/** @throws {CollectionError} where no part of it is to be had, or where none is and one failed. */
async function findInCostExplorer(round: Round): Promise<Findings> {
  const { context } = round;
  const reservable = Object.keys(RESERVABLE).filter((service) => servicesOf(context).has(service));
  const before = { failed: round.failed.length, passedOver: round.passedOver.length };
  const found: (PaidPart | undefined)[] = [];
  found.push(await round.part('rightsizing', () => rightsizing(context)));
  found.push(await round.part('savings-plans', () => savingsPlans(context)));
  for (const service of reservable) {
    found.push(await round.part(`reservations: ${service}`, () => reservations(context, service)));
  }
  const parts = found.filter((part) => part !== undefined);
  const failed = round.failed.slice(before.failed);
  // What the budget refuses is skipped; a failure beside it is told.
  const told = failed.find((part) => part.cause.code !== 'budget') ?? failed[0];
  const { cause } = told ?? round.passedOver[before.passedOver] ?? {};
  if (parts.length === 0 && cause) throw new CollectionError(cause.code, cause.message, cause.advice);
  const currencies = new Set(parts.flatMap(({ currency }) => currency ?? []));
  if (currencies.size > 1) throw invalidResponse(`the recommendations mix ${[...currencies].join(' and ')}`);
  const [currency = null] = currencies;
  const recommendations = parts.flatMap((part) => part.recommendations);
  const deduplicated = withoutOverlaps(recommendations);
  return { source: 'cost-explorer', currency, recommendations, deduplicated, savingsMode: null };
}

async function estimateFrom(round: Round, settings: EstimateSettings): Promise<Findings> {
  const { context } = round;
  // Looked at first: without a cost snapshot there is no estimate, and nothing is paid for it.
  estimate(context, settings, undefined);
  const ebs = await round.part(EBS, async () => {
    const { currency, cost, pages } = await ebsCost(context, settings);
    return { currency, pages, recommendations: [ebsEstimate(cost, context.accountId, settings)] };
  });
  return estimate(context, settings, ebs);
}

/** Services that the bill shows, read from the cost snapshot without trusting its shape. */
function servicesOf({ other }: CollectContext<OptimizationData>): ReadonlySet<unknown> {
  const cost = other('cost')?.data;
  const services = typeof cost === 'object' && cost !== null && 'services' in cost ? cost.services : [];
  return new Set(Array.isArray(services) ? services : []);
}
