/** Why a state folder cannot be used, in one line for the user; the original error stays in `cause`. */
export class StateDirError extends Error {
  override readonly name = 'StateDirError';

  constructor(folder: string, what: string, cause?: unknown) {
    super(`STATE_DIR ${JSON.stringify(folder)} ${what}${cause === undefined ? '' : `: ${wordsOf(cause)}`}`, {
      cause,
    });
  }
}

/** An error's own words, in one line. */
export function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
}

/** Whether an error of the file system has one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
