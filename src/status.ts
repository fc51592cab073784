import { type Static, Type } from '@sinclair/typebox';
import { COLLECTOR_STATES } from './collection/snapshot.ts';
import { type CollectorState, isStale } from './collection/state.ts';
import { CAUSES } from './errors.ts';

const time = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: `${description}, ISO 8601 UTC; null where there is none.`,
    examples: ['2026-11-22T08:00:00.000Z'],
  });

/** Why a collector stands as it does, and what the user can do. */
export const CauseBody = Type.Object(
  {
    code: Type.Union(
      CAUSES.map((code) => Type.Literal(code)),
      { description: 'The cause in one stable word.', examples: ['access_denied'] },
    ),
    message: Type.String({ description: 'What happened.', examples: ['AWS denied ce:GetCostAndUsage.'] }),
    advice: Type.String({
      description: 'What to do about it.',
      examples: ['Allow the IAM action ce:GetCostAndUsage to the credentials of this target.'],
    }),
  },
  { description: 'Why the state is not `ok`, and what to do.' },
);

const PartBody = Type.Object({
  part: Type.String({ description: 'Part of the collection.', examples: ['eu-central-1'] }),
  cause: CauseBody,
});

/** How one collector of a target stands. */
export const CollectorBody = Type.Object(
  {
    collector: Type.String({ description: 'Name of the capability.', examples: ['cost'] }),
    state: Type.Union(
      COLLECTOR_STATES.map((state) => Type.Literal(state)),
      {
        description:
          '`pending` before the first attempt has ended; `ok`; `partial` where some parts failed; `no_data` and `not_enabled` after a successful attempt that brought nothing; `no_credentials` where there were none to try with; `budget` where what may be spent today is spent; `failed`.',
        examples: ['ok'],
      },
    ),
    stale: Type.Boolean({
      description: 'The last attempt failed, or the last success is older than twice the interval.',
      examples: [false],
    }),
    cause: Type.Union([CauseBody, Type.Null()], {
      description: 'Null where the state is `ok` or `pending`.',
    }),
    failed: Type.Array(PartBody, { description: 'Parts that failed while others did not.' }),
    passedOver: Type.Array(PartBody, {
      description:
        'Parts that have nothing to show though nothing failed: a tag key that is not activated, a source that the account has not got.',
    }),
    lastSuccess: time('Start of the last successful collection'),
    lastAttempt: time('Start of the last attempt that has ended'),
    nextRun: time('When the next collection is due'),
  },
  { description: 'How one collector of a target stands.' },
);

/** How a target's collectors stand. */
export const TargetBody = Type.Object(
  {
    target: Type.String({ description: 'Name of the target.', examples: ['default'] }),
    accountId: Type.Union([Type.String(), Type.Null()], {
      description: "The target's account as STS says it; null until it has answered.",
      examples: ['111122223333'],
    }),
    collectors: Type.Array(CollectorBody, { description: 'One for each capability of the target.' }),
  },
  { description: 'One target.' },
);

export type TargetBody = Static<typeof TargetBody>;

/** What is shown of one collector. */
export function collectorBody(state: CollectorState, now: number): Static<typeof CollectorBody> {
  const { capability, status, cause, failed, passedOver, lastSuccess, lastAttempt, nextRun } = state;
  return {
    collector: capability.name,
    state: status,
    stale: isStale(state, now),
    cause,
    failed: failed.map(({ part, cause: why }) => ({ part, cause: why })),
    passedOver: passedOver.map(({ part, cause: why }) => ({ part, cause: why })),
    lastSuccess: isoOrNull(lastSuccess),
    lastAttempt: isoOrNull(lastAttempt),
    nextRun: isoOrNull(nextRun),
  };
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
