import { invalidResponse } from '../../src/aws/aws-errors.ts';
import type { CollectContext, Collected } from '../../src/collection/capability.ts';
import { CollectionError } from '../../src/errors.ts';
import { RESERVABLE } from './commitments.ts';
import { reservations, rightsizing, savingsPlans } from './cost-explorer.ts';
import { type EstimateSettings, ebsCost, ebsEstimate, estimate } from './estimate.ts';
import { findInHub } from './hub.ts';
import type { Findings, OptimizationData, PaidPart, Source } from './model.ts';
import { withoutOverlaps } from './overlaps.ts';
import { EBS, isAbsent, type Purchased, Round } from './paid.ts';
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
 * @param purchased - what this process has paid for; added to.
 * @throws {CollectionError} what the source in force, or the one that the configuration forces, failed with, and what had
 *   become of the parts until then.
 */
export async function collectOptimization(
  context: CollectContext<OptimizationData>,
  settings: OptimizationSettings,
  purchased: Purchased = new Map(),
): Promise<Collected<OptimizationData>> {
  const round = new Round(context, settings, purchased);
  try {
    const findings = await find(round, settings);
    const seen = (context.previous ?? context.former)?.data.seen;
    return {
      data: { ...findings, paid: round.paid, seen: countNew(seen, findings, settings.priorities) },
      failed: round.failed,
      passedOver: round.passedOver,
    };
  } catch (error) {
    if (!(error instanceof CollectionError)) throw error;
    const { code, message, advice, cause } = error;
    const { failed, passedOver } = round;
    throw new CollectionError(code, message, advice, { cause, parts: { failed, passedOver } });
  }
}

async function find(round: Round, settings: OptimizationSettings): Promise<Findings> {
  const forced = settings.source !== 'auto';
  const inTurn: [Source, () => Promise<Findings>][] = [
    ['cost-optimization-hub', () => findInHub(round)],
    ['cost-explorer', () => findInCostExplorer(round)],
    ['estimate', () => estimateFrom(round, settings.estimate)],
  ];
  for (const [source, findIn] of inTurn) {
    if (forced && source !== settings.source) continue;
    try {
      return await findIn();
    } catch (error) {
      if (forced || source === 'estimate' || !isAbsent(error)) throw error;
      round.passOver(source, error);
    }
  }
  throw new TypeError('no source was asked');
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
  const bought = found.filter((part) => part !== undefined);
  const failed = round.failed.slice(before.failed);
  // What the budget refuses is skipped; a failure beside it is told.
  const told = failed.find((part) => part.cause.code !== 'budget') ?? failed[0];
  const { cause } = told ?? round.passedOver[before.passedOver] ?? {};
  if (bought.length === 0 && cause) throw new CollectionError(cause.code, cause.message, cause.advice);
  const currency = currencyOf(bought, context);
  const odd = bought.filter((part) => part.currency !== null && part.currency !== currency);
  for (const part of odd) {
    round.fail(part.part, invalidResponse(`it is in ${part.currency}, the others are in ${currency}`));
  }
  const recommendations = bought
    .filter((part) => !odd.includes(part))
    .flatMap((part) => part.recommendations);
  const deduplicated = withoutOverlaps(recommendations);
  return { source: 'cost-explorer', currency, recommendations, deduplicated, savingsMode: null };
}

/** The currency of the bill where a part is in it, else the one that most parts are in. */
function currencyOf(parts: readonly PaidPart[], { other }: CollectContext<OptimizationData>): string | null {
  const currencies = parts.flatMap(({ currency }) => currency ?? []);
  const cost = other('cost')?.data;
  const ofBill = typeof cost === 'object' && cost !== null && 'currency' in cost ? cost.currency : null;
  const [most = null] = [...Map.groupBy(currencies, (currency) => currency).values()].toSorted(
    (one, other) => other.length - one.length,
  );
  return currencies.find((currency) => currency === ofBill) ?? most?.[0] ?? null;
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
