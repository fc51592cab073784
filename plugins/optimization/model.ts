import { createHash } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { SOURCES } from '../../src/config/settings.ts';
import { CAUSES } from '../../src/errors.ts';

/** Version of `OptimizationData`. */
export const OPTIMIZATION_SCHEMA = 2;

const textOrNull = Type.Union([Type.String(), Type.Null()]);
const numberOrNull = Type.Union([Type.Number(), Type.Null()]);
const booleanOrNull = Type.Union([Type.Boolean(), Type.Null()]);

export const Source = Type.Union(SOURCES.map((source) => Type.Literal(source)));
export type Source = Static<typeof Source>;

/** One open recommendation, in the words of the Cost Optimization Hub. Money is monthly, in the billing currency. */
export const Recommendation = Type.Object({
  /** What to do: the hub's `actionType`; `Estimate` for the estimate. */
  type: Type.String(),
  /** What to do it to: the hub's `currentResourceType`. */
  category: Type.String(),
  /** ARN or id of the resource; for a commitment what to buy, in words; empty for what concerns an account as a whole. */
  resource: Type.String(),
  /** For a commitment: the instance type or family that it is for, where the source tells; else null. */
  product: textOrNull,
  region: textOrNull,
  account: Type.String(),
  savings: Type.Number(),
  cost: numberOrNull,
  effort: textOrNull,
  restart: booleanOrNull,
  rollback: booleanOrNull,
  /** When AWS made it, ISO 8601 UTC, where it says so. */
  generatedAt: textOrNull,
});

export type Recommendation = Static<typeof Recommendation>;

/** What one paid query brought, or why it brought nothing; paid for at most once in a UTC day. */
export const PaidPart = Type.Object({
  part: Type.String(),
  /** What of the settings decided its content: under others it is bought anew. */
  query: Type.String(),
  /** Start of the last collection that paid for it, ISO 8601 UTC. */
  triedAt: Type.String(),
  /** Why that purchase was refused; null where it was not. */
  failure: Type.Union([
    Type.Object({
      code: Type.Union(CAUSES.map((code) => Type.Literal(code))),
      message: Type.String(),
      advice: Type.String(),
    }),
    Type.Null(),
  ]),
  /** Start of the collection that brought what follows, ISO 8601 UTC; null where none has. */
  collectedAt: textOrNull,
  currency: textOrNull,
  /** Pages that it had; absent: one. */
  pages: Type.Optional(Type.Integer({ minimum: 1 })),
  recommendations: Type.Array(Recommendation),
});

export type PaidPart = Static<typeof PaidPart>;

/** What has been seen since the start of record. */
export const Seen = Type.Object({
  /** Identities, those seen longest ago first; bounded. */
  identities: Type.Array(Type.String()),
  /** How many were seen for the first time. */
  counts: Type.Array(
    Type.Object({
      type: Type.String(),
      priority: Type.String(),
      account: Type.String(),
      count: Type.Integer(),
    }),
  ),
});

export type Seen = Static<typeof Seen>;

/** What an optimization collection keeps. */
export const OptimizationData = Type.Object({
  source: Source,
  currency: textOrNull,
  recommendations: Type.Array(Recommendation),
  /** What can be saved in all a month, overlaps counted once. */
  deduplicated: Type.Number(),
  /** Whether AWS's savings are before or after discounts, where it says so. */
  savingsMode: textOrNull,
  paid: Type.Array(PaidPart),
  seen: Seen,
});

export type OptimizationData = Static<typeof OptimizationData>;

/** What one source has found. */
export type Findings = Pick<
  OptimizationData,
  'source' | 'currency' | 'recommendations' | 'deduplicated' | 'savingsMode'
>;

/** By what a recommendation is known over its life: AWS's own id lives a day. */
export function identityOf({ account, resource, type, category }: Recommendation): string {
  return createHash('sha256')
    .update(JSON.stringify([account, resource, type, category]))
    .digest('base64url')
    .slice(0, 22);
}

/** The priorities, the greatest first. */
export const PRIORITIES = ['high', 'medium', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** The priority of monthly savings. */
export function priorityOf(savings: number, thresholds: { high: number; medium: number }): Priority {
  if (savings >= thresholds.high) return 'high';
  return savings >= thresholds.medium ? 'medium' : 'low';
}

/** Whether it is a purchase that makes usage cheaper, not a change to a resource. */
export function isCommitment({ type }: Pick<Recommendation, 'type'>): boolean {
  return type.startsWith('Purchase');
}

/** An instant that AWS names, in ISO 8601 UTC; null where it names none that can be read. */
export function instantOf(told: string | Date | undefined): string | null {
  const instant = new Date(told ?? Number.NaN);
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString();
}
