import { inspect } from 'node:util';
import { CollectionError, type FailedPart } from '../errors.ts';

/** What the log says of a part that failed. */
export function partForLog({ part, cause, error }: FailedPart): object {
  return {
    part,
    code: cause.code,
    advice: cause.advice,
    reason: error === undefined ? cause.message : reasonForLog(error),
  };
}

/** What the log says of an error beyond its typed cause: AWS's own words, never more than one line. */
export function reasonForLog(error: unknown): string {
  const inner = error instanceof CollectionError ? (error.cause ?? error) : error;
  const said =
    inner instanceof Error && typeof inner.message === 'string'
      ? `${inner.name}: ${inner.message || messagesIn(inner)}`
      : inspect(inner, { depth: 0 });
  return said.replaceAll(/\s+/g, ' ').slice(0, 500);
}

/** Where a name has several addresses, what went wrong at each. */
function messagesIn(error: Error): string {
  if (!(error instanceof AggregateError)) return '';
  return error.errors.map((each: unknown) => (each instanceof Error ? each.message : '')).join(', ');
}
