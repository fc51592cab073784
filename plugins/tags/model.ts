import { type Static, Type } from '@sinclair/typebox';

/** Version of `TagsData`. */
export const TAGS_SCHEMA = 2;

/** Cost of one value of a tag key by service; `value` is null for what carries no value. */
export const TagValue = Type.Object({
  value: Type.Union([Type.String(), Type.Null()]),
  /** Cost over the window by service; every service that AWS lists with the value. */
  services: Type.Array(Type.Object({ service: Type.String(), cost: Type.Number() })),
});

export type TagValue = Static<typeof TagValue>;

/** What was bought for one key. */
export const TagKeyData = Type.Object({
  key: Type.String(),
  /** Start of the collection that brought these values, ISO 8601 UTC. */
  collectedAt: Type.String(),
  /** End of the window, exclusive: the day on which it was collected. */
  end: Type.String(),
  /** Why there are no values: `not_activated`, or the cause for which the first purchase failed; null where there are. */
  reason: Type.Union([Type.String(), Type.Null()]),
  /** Pages of its last query; 1 where there was none. */
  pages: Type.Integer({ minimum: 1 }),
  values: Type.Array(TagValue),
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
  currency: Type.Union([Type.String(), Type.Null()]),
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
