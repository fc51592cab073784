import type { View } from '../../src/collection/capability.ts';
import { linkedAccounts } from '../../src/collection/linked-accounts.ts';
import { sumOf } from '../../src/collection/money.ts';
import { addDays, dayOf } from '../../src/collection/periods.ts';
import type { Estimates } from '../../src/config/targets-file.ts';
import { type TagKeyData, type TagsData, valuesOf } from './model.ts';

/** One value of a key as it is shown. */
export interface ValueFigures {
  /** Verbatim; null for untagged. */
  readonly value: string | null;
  readonly cost: number;
  /** Resources that carry it; null where that makes no sense (untagged) or is not known. */
  readonly resources: number | null;
  readonly services: readonly { readonly service: string; readonly cost: number }[];
}

/** One tag key as it is shown. */
export interface KeyFigures {
  readonly key: string;
  readonly reason: string | null;
  /** Untagged cost by all cost, 0..1; null where all cost is not above 0. */
  readonly untaggedShare: number | null;
  /** Whether `resources` is an estimate, was cut, or counts fewer accounts than the cost spans. */
  readonly resourcesEstimated: boolean;
  /** Greatest cost first. */
  readonly values: readonly ValueFigures[];
}

/** The figures of every key on the view's day. */
export function keyFigures(view: View<TagsData>, estimates: Estimates): KeyFigures[] {
  const { data } = view.snapshot;
  return data.keys.map((entry) => {
    // What has no figures has no period that could end.
    const reason = entry.reason ?? (hasEnded(entry, view) ? 'period_ended' : null);
    if (reason !== null) return { ...NOTHING, key: entry.key, reason };
    const resourcesOf = resourceCounter(data, entry.key, estimates);
    const values = valuesOf(entry)
      .map(({ value, services }) => {
        const cost = sumOf(services.map((service) => service.cost));
        return {
          value,
          cost,
          resources: value === null ? null : resourcesOf(value, cost),
          services: services.toSorted((one, other) => other.cost - one.cost),
        };
      })
      .toSorted((one, other) => other.cost - one.cost);
    return {
      key: entry.key,
      reason: null,
      untaggedShare: untaggedShare(values),
      resourcesEstimated: data.resources !== null && isEstimated(view),
      values,
    };
  });
}

const NOTHING = { untaggedShare: null, resourcesEstimated: false, values: [] };

/** A window that does not end today has ended; yesterday's stays until an attempt of today has brought nothing newer. */
function hasEnded({ end }: TagKeyData, { today, overdue, snapshot }: View<TagsData>): boolean {
  if (end === today) return false;
  const tried = overdue || dayOf(Date.parse(snapshot.collectedAt)) === today;
  return tried || end !== addDays(today, -1);
}

function resourceCounter({ resources }: TagsData, key: string, { costPerResource, maxResources }: Estimates) {
  if (resources === null) return () => null;
  if (resources === 'denied') {
    return (_value: string, cost: number) =>
      Math.min(maxResources, Math.max(1, Math.floor(cost / costPerResource)));
  }
  const counts = Object.hasOwn(resources.counts, key) ? resources.counts[key] : {};
  return (value: string) => (counts && Object.hasOwn(counts, value) ? (counts[value] ?? 0) : 0);
}

function isEstimated({ snapshot, other }: View<TagsData>): boolean {
  const { resources } = snapshot.data;
  if (resources === 'denied' || resources?.cut) return true;
  return linkedAccounts(other('cost')?.data).some((id) => id !== snapshot.accountId);
}

function untaggedShare(values: readonly ValueFigures[]): number | null {
  const total = sumOf(values.map(({ cost }) => cost));
  if (total <= 0) return null;
  const untagged = values.find(({ value }) => value === null)?.cost ?? 0;
  return Math.min(1, Math.max(0, untagged / total));
}
