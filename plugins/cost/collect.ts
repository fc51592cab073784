import { HELD } from '../../src/aws/cost-and-usage.ts';
import { held } from '../../src/aws/held.ts';
import type { CollectContext, Collected } from '../../src/collection/capability.ts';
import { endsBeforeNext } from '../../src/collection/changes.ts';
import { addDays, type Day, dayOf, daysIn, firstOfMonth } from '../../src/collection/periods.ts';
import type { Snapshot } from '../../src/collection/snapshot.ts';
import { isSameBill, movedDays } from './changed.ts';
import { type BoughtDays, mergeDays } from './merge.ts';
import type { Bill, CostData, CostSettings } from './model.ts';
import { compare, entriesAfter, entriesThatHold, standsSince, tellsNothing } from './moved.ts';
import { type Part, partsOf } from './parts.ts';
import { type Probe, sendProbe } from './probe.ts';
import { afterChangeOf } from './purchases.ts';
import { buyDays, type Period } from './query.ts';

/** The settings behind a cost collection. */
export interface CollectSettings extends CostSettings {
  /** Time between two collections, in milliseconds. */
  readonly intervalMs: number;
}

/** The days asked for: from the earliest that any figure needs to today, so far. */
export function periodOf(settings: CostSettings, today: Day): Period {
  const starts = [
    firstOfMonth(today),
    addDays(today, -settings.windowDays),
    addDays(today, -settings.dailyDays),
    addDays(today, -14),
    addDays(today, -settings.settledDays - 7),
  ];
  return { start: starts.toSorted()[0] ?? today, end: addDays(today, 1) };
}

/**
 * Buys daily cost by service and linked account. Of a bill of several pages only the days that a probe finds moved are
 * bought, and all days before they get older than `MAX_SNAPSHOT_AGE`; a bill of one page is its own probe.
 *
 * @throws {CollectionError} `budget` where a query does not fit; `invalid_response` where an answer has another shape, does
 *   not cover the days asked for (today alone may be missing) or mixes currencies; else what AWS's error means.
 */
export async function collectCost(
  context: CollectContext<CostData>,
  settings: CollectSettings,
): Promise<Collected<CostData>> {
  const { previous, changes } = context;
  if (previous === undefined || !changes.detect) return buyWhole(context, settings);
  if (previous.data.pages === 1) {
    const whole = await buyWhole(context, settings);
    const same =
      whole.data.pages === 1 && isOfToday(context, previous) && isSameBill(previous.data, whole.data);
    return same ? unchanged(previous) : whole;
  }
  if (isTooOld(context, settings, previous.data)) return buyWhole(context, settings);
  return buyMoved(context, settings, previous);
}

/** Whether the whole would get too old before the next tick. One from the future cannot vouch for its age. */
function isTooOld(
  { startedAt, changes }: CollectContext<CostData>,
  { intervalMs }: CollectSettings,
  { boughtAt }: CostData,
): boolean {
  const at = Date.parse(boughtAt);
  return endsBeforeNext(changes, Math.min(at, 2 * startedAt - at), intervalMs, startedAt);
}

function isOfToday({ startedAt }: CollectContext<CostData>, { collectedAt }: Snapshot<CostData>): boolean {
  return dayOf(Date.parse(collectedAt)) === dayOf(startedAt);
}

function unchanged({ data }: Snapshot<CostData>): Collected<CostData> {
  return { data, failed: [], unchanged: true };
}

/** Pages that the whole is likely to have: as many as before, also under another configuration, or as many as it must have. */
function pagesOfWhole({ previous, former, minPages }: CollectContext<CostData>): number {
  return Math.max((previous ?? former)?.data.pages ?? 1, minPages);
}

/**
 * @param probe - that said what has moved, where one was sent.
 * @param moved - the days that it found moved.
 */
async function buyWhole(
  context: CollectContext<CostData>,
  settings: CollectSettings,
  probe?: Probe,
  moved: readonly Day[] = [],
): Promise<Collected<CostData>> {
  const { metric } = settings;
  const { startedAt, previous } = context;
  const period = periodOf(settings, dayOf(startedAt));
  const { bill, pages } = await buyDays(context, metric, period, pagesOfWhole(context));
  const at = new Date(startedAt).toISOString();
  const kept = previous?.data;
  const movedNow = kept === undefined ? [] : [...moved, ...movedDays(kept, bill)];
  const since = standsSince(kept, bill, movedNow, at);
  const whole = { ...bill, pages, boughtAt: at, standsSince: since };
  if (kept === undefined) return { data: { ...whole, movedAt: null, probe: [] }, failed: [] };
  const all = new Set(daysIn(period.start, period.end));
  const entries = probe ? entriesAfter(probe, all, kept, bill, metric) : entriesThatHold(kept, bill);
  const movedAt = movedNow.length > 0 ? at : kept.movedAt;
  return { data: { ...whole, movedAt, probe: entries }, failed: [] };
}

async function buyMoved(
  context: CollectContext<CostData>,
  settings: CollectSettings,
  previous: Snapshot<CostData>,
): Promise<Collected<CostData>> {
  const { data: kept } = previous;
  const { metric } = settings;
  const today = dayOf(context.startedAt);
  const period = periodOf(settings, today);
  const days = daysIn(period.start, period.end);
  // A probe that finds more than can be paid for would be paid in vain.
  const probe = await sendProbe(context, period, 1 + afterChangeOf(kept));
  const { toBuy, moved } = compare(days, today, kept, probe, metric);
  const parts = inOtherCurrency(probe, kept) ? undefined : partsOf(kept, toBuy);
  if (parts === undefined) return buyWhole(context, settings, probe, moved);
  if (parts.length === 0 && isOfToday(context, previous) && tellsNothing(probe, kept)) {
    return unchanged(previous);
  }
  const bought = parts.length === 0 ? [] : await buyParts(context, metric, parts);
  const bill = mergeDays(days, kept, bought, (day) => probe.days.get(day)?.estimated);
  const boughtDays = new Set(parts.flatMap((part) => part.days));
  const entries = entriesAfter(probe, boughtDays, kept, bill, metric);
  const { pages, boughtAt } = kept;
  const at = new Date(context.startedAt).toISOString();
  const movedNow = [...moved, ...movedDays(kept, bill)];
  const movedAt = movedNow.length > 0 ? at : kept.movedAt;
  const since = standsSince(kept, bill, movedNow, at);
  return { data: { ...bill, pages, boughtAt, probe: entries, movedAt, standsSince: since }, failed: [] };
}

/** Buys some parts, all set aside before the first: none is paid and then thrown away for want of another. */
function buyParts(
  context: CollectContext<CostData>,
  metric: string,
  parts: readonly Part[],
): Promise<BoughtDays[]> {
  const pages = parts.reduce((sum, part) => sum + part.pages, 0);
  return held(context.aws, pages, async () => {
    const bought: BoughtDays[] = [];
    for (const part of parts) {
      const { bill } = await buyDays(context, metric, part, HELD);
      bought.push({ days: part.days, bill });
    }
    return bought;
  });
}

/** Kept days cannot stand beside days in another currency. */
function inOtherCurrency({ currency }: Probe, kept: Bill): boolean {
  return currency !== null && kept.currency !== null && currency !== kept.currency;
}
