import type { EmptyReason, View } from '../../src/collection/capability.ts';
import { dayOf } from '../../src/collection/periods.ts';
import { type CostData, type CostSettings, dailyTotals, figuresOn, periodsOn } from './model.ts';
import type { CostDocument } from './schema.ts';

/** The body of `GET /cost/current`: every linked account, nothing folded. */
export function costDocument(
  { snapshot, today, overdue }: View<CostData>,
  settings: CostSettings,
  reason: EmptyReason | null,
): CostDocument {
  const { data } = snapshot;
  const { window } = periodsOn(today, settings);
  const all = { groupOf: data.pairs.map(() => 0), count: 1 };
  const total = figuresOn(today, data, all, settings, overdue);
  const by = (group: 0 | 1, count: number) =>
    figuresOn(today, data, { groupOf: data.pairs.map((pair) => pair[group]), count }, settings, overdue)
      .window;
  const services = by(0, data.services.length);
  const accounts = by(1, data.accounts.length);
  return {
    currency: data.currency,
    window,
    total: total.window?.[0] ?? null,
    monthToDate: total.monthToDate?.[0] ?? null,
    byService: (services ?? [])
      .map((cost, index) => ({ service: data.services[index] ?? '', cost }))
      .toSorted(greatestFirst),
    byAccount: (accounts ?? [])
      .map((cost, index) => ({
        accountId: data.accounts[index]?.id ?? '',
        name: data.accounts[index]?.name ?? null,
        cost,
      }))
      .toSorted(greatestFirst),
    daily: dailyTotals(data).filter(({ date }) => date >= window.start && date <= today),
    reason,
  };
}

/** The body where Cost Explorer has nothing to tell. */
export function emptyCostDocument(reason: EmptyReason, now: number, settings: CostSettings): CostDocument {
  return {
    currency: null,
    window: periodsOn(dayOf(now), settings).window,
    total: null,
    monthToDate: null,
    byService: [],
    byAccount: [],
    daily: [],
    reason,
  };
}

function greatestFirst(one: { cost: number }, other: { cost: number }): number {
  return other.cost - one.cost;
}
