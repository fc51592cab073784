import { type CollectSettings, collectCost } from '../../../plugins/cost/collect.ts';
import { costSamples } from '../../../plugins/cost/families.ts';
import { COST_SCHEMA, type CostData, type CostSettings } from '../../../plugins/cost/model.ts';
import type { View } from '../../../src/collection/capability.ts';
import { contextAt } from '../fake-cost-explorer.ts';
import { answersOf, type Bill, DEFAULTS } from './bill.ts';
import { type Day, dayNumber } from './naive.ts';

/** Noon of a day, in milliseconds since the epoch. */
export function noonOf(day: Day): number {
  return (dayNumber(day) + 0.5) * 86_400_000;
}

/** Buys a bill through the capability's own collection. */
export async function buy(bill: Bill): Promise<CostData> {
  const { context } = contextAt<CostData>(noonOf(bill.today), answersOf(bill));
  return (await collectCost(context, hourly(bill.settings))).data;
}

/** Settings of a collection each hour. */
export function hourly(settings: CostSettings): CollectSettings {
  return { ...settings, intervalMs: 3_600_000 };
}

/** The view of some data, bought on the day on which it is shown unless `more` says otherwise. */
export function viewOf(data: CostData, today: Day, more: Partial<View<CostData>> = {}): View<CostData> {
  return {
    snapshot: {
      schema: COST_SCHEMA,
      collector: 'cost',
      target: 'default',
      accountId: '111122223333',
      collectedAt: `${today}T12:00:00.000Z`,
      requests: 1,
      fingerprint: '',
      partial: false,
      data,
    },
    today,
    overdue: false,
    hidden: new Set(),
    maxSeries: 0,
    other: () => undefined,
    ...more,
  };
}

/** The samples by family: label values as JSON to value. Throws where a label set comes twice. */
export function seriesOf(view: View<CostData>, settings: CostSettings = DEFAULTS) {
  const { samples, folded } = costSamples(view, settings);
  const families = new Map<string, Map<string, number>>();
  for (const [{ name, labels }, values] of samples) {
    if (families.has(name)) throw new Error(`${name} comes twice`);
    const series = new Map<string, number>();
    for (const [label, value] of values) {
      if (label.length !== labels.length) throw new Error(`${name}: ${label.length} label values`);
      const key = JSON.stringify(label);
      if (series.has(key)) throw new Error(`${name}${key} comes twice`);
      series.set(key, value);
    }
    families.set(name, series);
  }
  return { families, folded };
}
