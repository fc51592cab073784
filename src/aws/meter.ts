import type { MiddlewareStack } from '@smithy/types';
import { awsError } from './aws-errors.ts';
import { operationOf } from './purchase.ts';

/** How one HTTP attempt ended. */
export type AttemptResult = 'success' | 'throttled' | 'access_denied' | 'timeout' | 'error';

/** Told of every HTTP attempt, retries too. */
export type OnAttempt = (operation: string, result: AttemptResult, seconds: number) => void;

/**
 * Measures every HTTP attempt of a client: it stands inside the SDK's retry loop.
 *
 * @param signal - what it has aborted is a timeout, in the middle of an answer too, where the SDK says that the connection broke.
 */
export function meter<Input extends object, Output extends object>(
  stack: MiddlewareStack<Input, Output>,
  onAttempt: OnAttempt,
  signal?: AbortSignal,
): void {
  stack.add(
    (next, context) => async (args) => {
      const started = performance.now();
      const done = (result: AttemptResult) =>
        onAttempt(operationOf(context), result, (performance.now() - started) / 1_000);
      try {
        const result = await next(args);
        done('success');
        return result;
      } catch (error) {
        done(signal?.aborted ? 'timeout' : resultOf(error));
        throw error;
      }
    },
    { step: 'deserialize', name: 'meter', priority: 'high', override: true },
  );
}

function resultOf(error: unknown): AttemptResult {
  const { code } = awsError(error, '');
  if (code === 'throttled' || code === 'timeout') return code;
  return code === 'access_denied' || code === 'not_enabled' ? 'access_denied' : 'error';
}
