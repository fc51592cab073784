import { type Static, Type } from '@sinclair/typebox';
import { oneOf } from '../../src/config/kinds.ts';
import { SOURCES } from '../../src/config/settings.ts';
import { Currency, envelope, paging, Reason } from '../../src/documents.ts';
import { PRIORITIES } from './model.ts';
import { OVERLAP_RULE } from './overlaps.ts';

const rounded = (description: string, example: number, more = '') =>
  Type.Number({
    description: `${description}, in \`currency\`, rounded to 2 decimals.${more}`,
    examples: [example],
  });

const monthly = (description: string, example: number) =>
  Type.Number({ description: `${description}, in \`currency\`, not rounded.`, examples: [example] });

const flag = (description: string) =>
  Type.Union([Type.Boolean(), Type.Null()], {
    description: `${description}; null where the source does not say.`,
    examples: [true],
  });

const SourceWord = oneOf(SOURCES, {
  description: 'Where it comes from.',
  examples: ['cost-optimization-hub'],
});

/** One open recommendation. */
export const RecommendationBody = Type.Object(
  {
    id: Type.String({
      description:
        'Stable over the life of the recommendation: made from account, resource, type and category.',
      examples: ['kq3n8Qy0cR3kX2EiVbm0L5'],
    }),
    type: Type.String({ description: "What to do: the hub's `actionType`.", examples: ['Rightsize'] }),
    category: Type.String({
      description: "To what: the hub's `currentResourceType`.",
      examples: ['Ec2Instance'],
    }),
    resource: Type.Union([Type.String(), Type.Null()], {
      description:
        'ARN or id of the resource; what to buy in the words of the source, without the number of it; null for what concerns an account as a whole.',
      examples: ['i-0123456789abcdef0'],
    }),
    region: Type.Union([Type.String(), Type.Null()], {
      description: 'Region as the source names it; null where it does not.',
      examples: ['eu-central-1'],
    }),
    account: Type.String({ description: 'Linked account id.', examples: ['222233334444'] }),
    monthlySavings: monthly('Potential savings a month', 42.5),
    monthlyCost: Type.Union([Type.Number(), Type.Null()], {
      description: 'What it costs a month now, in `currency`; null where the source does not say.',
      examples: [85],
    }),
    effort: Type.Union([Type.String(), Type.Null()], {
      description: "Effort to implement it, the hub's word; null where the source does not say.",
      examples: ['Medium'],
    }),
    priority: oneOf(PRIORITIES, { description: 'By PRIORITY_THRESHOLDS.', examples: ['medium'] }),
    restart: flag('Whether it needs a restart'),
    rollback: flag('Whether it can be rolled back'),
    generatedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'When AWS generated it, ISO 8601 UTC; null where the source does not say.',
      examples: ['2026-11-22T03:00:00.000Z'],
    }),
    source: SourceWord,
  },
  { description: 'One open recommendation.' },
);

/** The body of `GET /recommendations`. */
export const Recommendations = Type.Object(
  {
    ...envelope,
    currency: Currency,
    source: Type.Union([...SourceWord.anyOf, Type.Null()], {
      description: 'The source in force; null where none answers.',
      examples: ['cost-optimization-hub'],
    }),
    savingsMode: Type.Union([Type.String(), Type.Null()], {
      description:
        "Whether the hub's savings are before or after discounts, in its own word; null where not known.",
      examples: ['AfterDiscounts'],
    }),
    reason: Reason,
    rightsizing: Type.Array(
      Type.Object({
        service: Type.String({ description: 'Kind of resource, short.', examples: ['EC2'] }),
        potential_savings: rounded('Potential savings a month', 120.5),
        recommendation: Type.String({
          description: 'What to do, in a sentence.',
          examples: ['3 recommendations: Rightsize 2, Stop 1.'],
        }),
      }),
      { description: 'Potential savings by kind of resource, greatest first; they may overlap.' },
    ),
    total_potential_savings: rounded(
      'What can be saved in all a month, overlaps counted once: it may be less than the sum of the parts',
      310.2,
      ` ${OVERLAP_RULE}`,
    ),
    last_updated: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'When the recommendations were collected, ISO 8601 UTC; null where there are none.',
      examples: ['2026-11-22T08:00:00.000Z'],
    }),
    recommendations: Type.Array(RecommendationBody, {
      description: 'The open recommendations that the filters leave, greatest savings first.',
    }),
  },
  { description: 'What one target could save.' },
);

/** The body without the envelope, which the machine adds. */
export type RecommendationsDocument = Omit<Static<typeof Recommendations>, keyof typeof envelope>;

/** Query parameters of `GET /recommendations`. The filters have no example: Swagger UI fills each in, and few recommendations meet all four. */
export const RecommendationsQuery = {
  type: Type.Optional(
    Type.String({ description: 'Only recommendations of this type, such as `Rightsize`; by default all.' }),
  ),
  priority: Type.Optional(oneOf(PRIORITIES, { description: 'Only those of this priority; by default all.' })),
  account: Type.Optional(
    Type.String({ description: 'Only those of this linked account, by its id; by default all.' }),
  ),
  source: Type.Optional(oneOf(SOURCES, { description: 'Only those of this source; by default all.' })),
  limit: { ...paging.limit, description: 'Most recommendations; by default all.' },
  offset: { ...paging.offset, description: 'Recommendations to skip; by default none.' },
};
