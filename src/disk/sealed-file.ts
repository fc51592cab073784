import { createHash } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { MAX_STORED_BYTES } from '../collection/snapshot-codec.ts';

/** Version of the header; a file of another one is not read. */
const FORMAT = 1;

/** Longest header in bytes, its line end included. */
const MAX_HEADER_BYTES = 256;

/** Largest file in bytes. */
export const MAX_FILE_BYTES = MAX_HEADER_BYTES + MAX_STORED_BYTES;

const LINE_END = 0x0a;

const header = TypeCompiler.Compile(
  Type.Object({
    format: Type.Literal(FORMAT),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    bytes: Type.Integer({ minimum: 0 }),
  }),
);

/** A file that is not, or not wholly, what was written. The message says what is wrong, and quotes nothing. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

/** The parts of a file, one after the other: one line of JSON (`format`, `sha256` and `bytes` of the payload), the payload. */
export function seal(payload: Buffer): [header: Buffer, payload: Buffer] {
  if (payload.length > MAX_STORED_BYTES) throw new RangeError(tooLarge(payload.length, MAX_STORED_BYTES));
  const line = JSON.stringify({ format: FORMAT, sha256: digestOf(payload), bytes: payload.length });
  return [Buffer.from(`${line}\n`), payload];
}

/** The payload of a file. @throws UnreadableFile for whatever {@link seal} has not made, or not so. */
export function unseal(file: Buffer): Buffer {
  if (file.length === 0) throw new UnreadableFile('empty');
  if (file.length > MAX_FILE_BYTES) throw new UnreadableFile(tooLarge(file.length, MAX_FILE_BYTES));
  const end = file.subarray(0, MAX_HEADER_BYTES).indexOf(LINE_END);
  const said = end < 0 ? undefined : parse(file.toString('utf8', 0, end));
  if (!header.Check(said)) {
    const format = typeof said === 'object' && said !== null && 'format' in said ? said.format : undefined;
    throw new UnreadableFile(
      typeof format === 'number' && format !== FORMAT
        ? `format ${format}, not ${FORMAT}`
        : 'not a file of state',
    );
  }
  const payload = file.subarray(end + 1);
  if (payload.length !== said.bytes) {
    throw new UnreadableFile(`${payload.length} bytes, not the ${said.bytes} that were written`);
  }
  if (digestOf(payload) !== said.sha256) throw new UnreadableFile('damaged: the checksum is another');
  return payload;
}

export const tooLarge = (bytes: number, most: number) => `${bytes} bytes, more than ${most}`;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
