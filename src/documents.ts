import { Type } from '@sinclair/typebox';

/** The envelope of every data body, as TypeBox properties. */
export const envelope = {
  target: Type.String({ description: 'Name of the target.', examples: ['default'] }),
  accountId: Type.String({
    description: "The target's own AWS account id, as STS says it.",
    examples: ['111122223333'],
  }),
  collectedAt: Type.String({
    format: 'date-time',
    description: 'When the collection behind these figures started, ISO 8601 UTC.',
    examples: ['2026-11-22T08:00:00.000Z'],
  }),
  stale: Type.Boolean({
    description: 'True where the last attempt failed, or the last success is older than twice the interval.',
    examples: [false],
  }),
};

/** Why there are no (newer) figures though nothing failed; null where there are. */
export const Reason = Type.Union([Type.Literal('no_data'), Type.Literal('not_enabled'), Type.Null()], {
  description:
    'Why AWS has no figures though nothing failed: `no_data` (nothing yet), `not_enabled` (see what to do at `/ready`); null where it has.',
  examples: [null],
});

/** ISO 4217 code of every amount in a body. */
export const Currency = Type.Union([Type.String(), Type.Null()], {
  description: 'ISO 4217 code of every amount in this body, as AWS says it; null where the bill has no row.',
  examples: ['USD'],
});

/** An amount of money. */
export const money = (description: string, example: number) =>
  Type.Number({ description: `${description}, in \`currency\`, not rounded.`, examples: [example] });

/** An amount of money that may be missing. */
export const moneyOrNull = (description: string, example: number) =>
  Type.Union([Type.Number(), Type.Null()], {
    description: `${description}, in \`currency\`, not rounded; null where AWS has none, or where its period is not covered any more.`,
    examples: [example],
  });

/** A UTC day. */
export const day = (description: string, example: string) =>
  Type.String({ format: 'date', description: `${description}, UTC.`, examples: [example] });

const count = (description: string, example: string) =>
  Type.Optional(Type.String({ pattern: '^\\d{1,9}$', description, examples: [example] }));

/** Query parameters of a list that may be asked for in pages. */
export const paging = {
  limit: count('Most items of the list; by default all.', '20'),
  offset: count('Items of the list to skip; by default none.', '0'),
};

/** One page of a list. */
export function pageOf<Item>(
  items: readonly Item[],
  { limit, offset }: { readonly limit?: string | undefined; readonly offset?: string | undefined },
): Item[] {
  const start = Number(offset ?? 0);
  return items.slice(start, limit === undefined ? undefined : start + Number(limit));
}
