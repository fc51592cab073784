import { type Static, Type } from '@sinclair/typebox';
import { Currency, envelope, money, paging } from '../../src/documents.ts';

/** One tag key with its values. */
export const TagKey = Type.Object(
  {
    key: Type.String({ description: 'Tag key.', examples: ['Environment'] }),
    reason: Type.Union([Type.String(), Type.Null()], {
      description:
        'Why there are no figures: `not_activated` (the key is not an active cost allocation tag), `period_ended`, or the cause for which the key could not be bought; null where there are.',
      examples: [null],
    }),
    untaggedShare: Type.Union([Type.Number(), Type.Null()], {
      description: 'Cost without a value by all cost, 0 to 1; null where all cost is not above 0.',
      examples: [0.12],
    }),
    resourcesEstimated: Type.Boolean({
      description:
        'True where `resources` is an estimate from cost, was cut by the page limit, or the cost spans more accounts than are counted.',
      examples: [false],
    }),
    values: Type.Array(
      Type.Object({
        value: Type.Union([Type.String(), Type.Null()], {
          description: 'Tag value, verbatim; null for cost without one.',
          examples: ['production'],
        }),
        cost: money('Cost over the window', 321.5),
        resources: Type.Union([Type.Integer(), Type.Null()], {
          description:
            "Resources of the target's own account that carry the value; null for cost without a value, and where it is not known.",
          examples: [12],
        }),
        services: Type.Array(
          Type.Object({
            service: Type.String({
              description: 'Service, in the words of Cost Explorer.',
              examples: ['AWS Lambda'],
            }),
            cost: money('Cost of the service with this value', 12.34),
          }),
          { description: 'Cost by service, greatest first.' },
        ),
      }),
      { description: 'The values of the key, greatest cost first.' },
    ),
  },
  { description: 'Cost by the values of one tag key.' },
);

/** The body of `GET /cost/tags`. */
export const CostTags = Type.Object(
  {
    ...envelope,
    currency: Currency,
    tags: Type.Array(TagKey, { description: 'The keys in the order of the configuration.' }),
  },
  { description: 'Cost of one target by tag.' },
);

/** The body of `GET /cost/tags/:key`. */
export const CostTag = Type.Object(
  { ...envelope, currency: Currency, ...TagKey.properties },
  { description: 'Cost of one target by the values of one tag key.' },
);

/** The body without the envelope, which the machine adds. */
export type TagsDocument = Omit<Static<typeof CostTags>, keyof typeof envelope>;

/** Path parameters of `GET /cost/tags/:key`; Swagger UI fills the example in: it must be a key that there is. */
export const tagParams = (firstKey: string) =>
  Type.Object({
    key: Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'Tag key, one of TAG_KEYS.',
      examples: [firstKey],
    }),
  });

/** Query parameters of both routes. */
export const TagQuery = {
  limit: { ...paging.limit, description: 'Most values of each key; by default all.' },
  offset: { ...paging.offset, description: 'Values of each key to skip; by default none.' },
};
