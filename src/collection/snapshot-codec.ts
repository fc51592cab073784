import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { Kept } from './snapshot.ts';

/** Version of the envelope around a stored snapshot; a value of another version is not read. */
export const FORMAT = 1;

/** Largest stored value in bytes, compressed: thirty times what 100,000 series need. */
export const MAX_STORED_BYTES = 64 * 1024 * 1024;

/** Largest text in bytes that a stored value may unpack to: a small value must not fill the memory. */
const MAX_TEXT_BYTES = 512 * 1024 * 1024 - 1024;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const Instant = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$' });

const envelope = TypeCompiler.Compile(
  Type.Object({
    format: Type.Literal(FORMAT),
    confirmedAt: Instant,
    snapshot: Type.Object({
      schema: Type.Integer(),
      collector: Type.String(),
      target: Type.String(),
      accountId: Type.String(),
      collectedAt: Instant,
      requests: Type.Integer({ minimum: 0 }),
      fingerprint: Type.String(),
      partial: Type.Boolean(),
      data: Type.Unknown(),
    }),
  }),
);

/** A stored value that is not a snapshot of this version. The message says what is wrong, and quotes nothing. */
export class UnreadableSnapshot extends Error {
  override readonly name = 'UnreadableSnapshot';
}

/**
 * Packs a snapshot for a store: the gzip of a JSON text. Gzip has a checksum, and every Redis tool's user can read it.
 * @throws UnreadableSnapshot where it would be too large to be read back.
 */
export async function encode({ snapshot, confirmedAt }: Kept): Promise<Buffer> {
  const text = JSON.stringify({ format: FORMAT, confirmedAt, snapshot });
  const bytes = await compress(text);
  if (bytes.length > MAX_STORED_BYTES) throw new UnreadableSnapshot(tooLarge(bytes.length));
  return bytes;
}

/** @throws UnreadableSnapshot for whatever is not an undamaged snapshot in this version's format. */
export async function decode(bytes: Buffer): Promise<Kept> {
  if (bytes.length > MAX_STORED_BYTES) throw new UnreadableSnapshot(tooLarge(bytes.length));
  const value = parse(await unpack(bytes));
  if (!envelope.Check(value)) {
    const format =
      typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
    throw new UnreadableSnapshot(
      typeof format === 'number' && format !== FORMAT ? `format ${format}, not ${FORMAT}` : 'not a snapshot',
    );
  }
  const { snapshot, confirmedAt } = value;
  if (Number.isNaN(Date.parse(snapshot.collectedAt)) || Number.isNaN(Date.parse(confirmedAt))) {
    throw new UnreadableSnapshot('not a snapshot: no such date');
  }
  return { snapshot, confirmedAt };
}

/** Whether `a` says more recently than `b` what the bill is. */
export function isNewer(a: Kept, b: Kept): boolean {
  const collected = Date.parse(a.snapshot.collectedAt) - Date.parse(b.snapshot.collectedAt);
  return collected > 0 || (collected === 0 && Date.parse(a.confirmedAt) > Date.parse(b.confirmedAt));
}

async function unpack(bytes: Buffer): Promise<string> {
  try {
    return (await decompress(bytes, { maxOutputLength: MAX_TEXT_BYTES })).toString('utf8');
  } catch (cause) {
    throw new UnreadableSnapshot('not an undamaged gzip', { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnreadableSnapshot('not JSON', { cause });
  }
}

const tooLarge = (bytes: number) => `${bytes} bytes, more than ${MAX_STORED_BYTES}`;
