import { type Static, Type } from '@sinclair/typebox';
import { Sum } from '../../src/collection/money.ts';

/** Version of `TagsData`. */
export const TAGS_SCHEMA = 3;

const textOrNull = Type.Union([Type.String(), Type.Null()]);

/** Cost of one value of a tag key by service; `value` is null for what carries no value. */
const TagValue = Type.Object({
  value: textOrNull,
  /** By service; every service that AWS lists with the value. */
  services: Type.Array(Type.Object({ service: Type.String(), cost: Type.Number() })),
});

export type TagValue = Static<typeof TagValue>;

const BucketValue = Type.Object({
  ...TagValue.properties,
  /** Whether AWS lists it with a cost other than 0: what cancels itself out has one. */
  costs: Type.Boolean(),
});

export type BucketValue = Static<typeof BucketValue>;

/** What was bought of one month, or of the part of it that is in the window. */
const TagBucket = Type.Object({
  start: Type.String(),
  /** Exclusive. */
  end: Type.String(),
  /** Start of the collection that brought it, ISO 8601 UTC. */
  collectedAt: Type.String(),
  /** As AWS says it; null where it has no row. */
  currency: textOrNull,
  /** Its share of the pages of the query that brought it, by groups. */
  pages: Type.Number({ exclusiveMinimum: 0 }),
  values: Type.Array(BucketValue),
});

export type TagBucket = Static<typeof TagBucket>;

/** What is kept of one key. */
export const TagKeyData = Type.Object({
  key: Type.String(),
  /** Start of the last collection that bought some of it, ISO 8601 UTC: the rest was known to be true then. */
  collectedAt: Type.String(),
  /** End of the window, exclusive: the day on which it was collected. */
  end: Type.String(),
  /** Why there are no figures: `not_activated`, or the cause for which the first purchase failed; null where there are. */
  reason: textOrNull,
  /** Pages that a query over its whole window has; 1 where there was none. */
  pages: Type.Integer({ minimum: 1 }),
  /** The months of the window, ascending; none where there are no figures. */
  buckets: Type.Array(TagBucket),
});

export type TagKeyData = Static<typeof TagKeyData>;

/** Tagged resources in the regions of the target, by key and value. */
export const ResourceCounts = Type.Object({
  collectedAt: Type.String(),
  /** True where the page limit cut the count. */
  cut: Type.Boolean(),
  /** Counts by key, then value. */
  counts: Type.Record(Type.String(), Type.Record(Type.String(), Type.Integer())),
});

export type ResourceCounts = Static<typeof ResourceCounts>;

/** What a tags collection keeps. */
export const TagsData = Type.Object({
  /** As AWS says it; null where no key has a row. */
  currency: textOrNull,
  keys: Type.Array(TagKeyData),
  /** `denied` where the resources cannot be counted, null where counting has never succeeded. */
  resources: Type.Union([ResourceCounts, Type.Literal('denied'), Type.Null()]),
  /** The keys that AWS calls active, and when it was asked; null where it may not be asked. */
  activation: Type.Union([
    Type.Object({ collectedAt: Type.String(), active: Type.Array(Type.String()) }),
    Type.Null(),
  ]),
});

export type TagsData = Static<typeof TagsData>;

/**
 * What each value of a key costs over the window: the compensated sum over its buckets. What costs nothing in any bucket and
 * service is left out; what cancels itself out is not.
 */
export function valuesOf({ buckets }: Pick<TagKeyData, 'buckets'>): TagValue[] {
  const sums = new Map<string | null, { services: Map<string, Sum>; costs: boolean }>();
  for (const { values } of buckets) {
    for (const { value, services, costs } of values) {
      const entry = sums.get(value) ?? { services: new Map<string, Sum>(), costs: false };
      sums.set(value, entry);
      entry.costs ||= costs;
      for (const { service, cost } of services) {
        const sum = entry.services.get(service) ?? new Sum();
        entry.services.set(service, sum);
        sum.add(cost);
      }
    }
  }
  return [...sums]
    .filter(([, { costs }]) => costs)
    .map(([value, { services }]) => ({
      value,
      services: [...services].map(([service, sum]) => ({ service, cost: sum.value })),
    }));
}
