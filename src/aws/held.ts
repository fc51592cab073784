import type { AwsSession } from './clients.ts';

/**
 * Runs a paid query after it was set aside in the budget as a whole, and gives back what it did not use.
 *
 * @param pages - pages that it is expected to have.
 * @throws {CollectionError} `budget` where it does not fit; then nothing is sent.
 */
export async function held<Answer>(
  aws: Pick<AwsSession, 'hold' | 'release'>,
  pages: number,
  query: () => Promise<Answer>,
): Promise<Answer> {
  await aws.hold(pages);
  try {
    return await query();
  } finally {
    await aws.release();
  }
}
