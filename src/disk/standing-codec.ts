import type { Standing } from '../collection/snapshot.ts';
import { isStanding } from '../collection/standing.ts';
import { type FailedPart, publicCause } from '../errors.ts';
import { UnreadableFile } from './sealed-file.ts';

/** Packs how a collector stands, as JSON; of a cause that is an error, what may be shown. */
export function encodeStanding(standing: Standing): Buffer {
  const { cause, failed, passedOver } = standing;
  return Buffer.from(
    JSON.stringify({
      ...standing,
      cause: cause && publicCause(cause),
      failed: failed.map(plain),
      passedOver: passedOver.map(plain),
    }),
  );
}

/** @throws UnreadableFile for whatever is not how a collector of this version stands. */
export function decodeStanding(bytes: Buffer): Standing {
  const value = parse(bytes.toString('utf8'));
  if (!isStanding(value)) throw new UnreadableFile('not how a collector stands');
  return value;
}

const plain = ({ part, cause }: FailedPart) => ({ part, cause: publicCause(cause) });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnreadableFile('not JSON', { cause });
  }
}
