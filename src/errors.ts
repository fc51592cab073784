/**
 * Why something could not be done, as `/ready`, REST and the log name it.
 *
 * - `throttled`, `access_denied`, `timeout`, `invalid_response`, `wrong_account`, `error`: the collection failed.
 * - `no_data`, `not_enabled`, `not_activated`: the collection succeeded, there is nothing to show.
 * - `no_credentials`, `budget`, `not_leader`: the collection was skipped.
 */
export const CAUSES = [
  'throttled',
  'access_denied',
  'not_enabled',
  'no_data',
  'not_activated',
  'timeout',
  'invalid_response',
  'wrong_account',
  'no_credentials',
  'budget',
  'not_leader',
  'error',
] as const;

export type CauseCode = (typeof CAUSES)[number];

/** What a user is told about a failure: no text of AWS, no ARN, no credential. */
export interface Cause {
  readonly code: CauseCode;
  /** One sentence: what happened. */
  readonly message: string;
  /** One sentence: what the user can do. */
  readonly advice: string;
}

/** A part of a collection (a tag key, a region, a source), and why it brought nothing. */
export interface FailedPart {
  readonly part: string;
  readonly cause: Cause;
  /** What was thrown; for the log alone. */
  readonly error?: unknown;
}

/** What of a collection failed, and what had nothing to show though nothing failed. */
export interface Parts {
  readonly failed: readonly FailedPart[];
  readonly passedOver: readonly FailedPart[];
}

/** A failed or empty collection with its typed cause; the original error stays in `cause` for the log. */
export class CollectionError extends Error implements Cause {
  override readonly name = 'CollectionError';
  readonly code: CauseCode;
  readonly advice: string;
  /** What became of its parts, where it has some. */
  readonly parts: Parts | undefined;

  constructor(code: CauseCode, message: string, advice: string, options?: ErrorOptions & { parts?: Parts }) {
    super(message, options);
    this.code = code;
    this.advice = advice;
    this.parts = options?.parts;
  }
}

/** Another replica collects for a target, or none can be sure to be the only one. */
export function notLeader(target: string, why: 'another' | 'unreachable' = 'another'): CollectionError {
  return why === 'another'
    ? new CollectionError(
        'not_leader',
        `Another replica collects for target ${target}.`,
        'Nothing is to be done: this replica shows what the other one has kept.',
      )
    : new CollectionError(
        'not_leader',
        `Redis cannot be reached, and this replica was not the last to collect for target ${target}.`,
        'Make Redis reachable: without it replicas cannot agree on who buys.',
      );
}

/** The part of an error that may be shown outside the process. */
export function publicCause({ code, message, advice }: Cause): Cause {
  return { code, message, advice };
}

/** A user's mistake on the command line or in the configuration: the process says it and exits 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
