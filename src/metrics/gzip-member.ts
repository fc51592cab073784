import { promisify } from 'node:util';
import { constants, deflateRaw, deflateRawSync } from 'node:zlib';

const deflate = promisify(deflateRaw);

/** Ends a piece at a byte boundary without a final block, so that any other piece can follow. */
const PIECE = { finishFlush: constants.Z_SYNC_FLUSH };
/** How far back deflate refers, in bytes. */
const WINDOW_BYTES = 32 * 1024;
/** Longest stretch that zlib's thread pool hands back at once, in bytes. */
const CHUNK_BYTES = 128 * 1024;

/** The header of a gzip member (RFC 1952): deflate, no name, no time, unknown system. */
export const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/**
 * Deflates bytes so that the result can stand anywhere in a gzip member: it refers to nothing before it, and does not end
 * the member. On zlib's thread pool.
 *
 * @param before - bytes that always stand directly before these: it may refer to them.
 */
export function deflatePiece(bytes: Buffer, before?: Buffer): Promise<Buffer> {
  const dictionary = before?.subarray(-WINDOW_BYTES);
  const chunkSize = Math.min(CHUNK_BYTES, bytes.length + 64);
  return deflate(bytes, { ...PIECE, chunkSize, ...(dictionary?.length ? { dictionary } : {}) });
}

/** The same in this thread, for a few lines known at start: with as little memory as they need, which is most of the work. */
export function deflatePieceSync(bytes: Buffer): Buffer {
  return deflateRawSync(bytes, { ...PIECE, windowBits: 9, memLevel: 1, chunkSize: bytes.length + 64 });
}

/**
 * How the live metrics are packed: quickly rather than tightly, as they are packed anew for each answer. What zlib reserves for it is in
 * pieces of 16 KiB at most: larger ones are asked of the kernel each time (see the Dockerfile), and take five times as long as the
 * packing itself. The result, some three kilobytes, is one per cent longer for it.
 */
const END = { level: constants.Z_BEST_SPEED, windowBits: 13, memLevel: 5, chunkSize: 4 * 1024 };

/**
 * Deflates the last bytes of a gzip member. In this thread: the few kilobytes take some 30 us, the way to zlib's thread pool and back
 * costs six times that.
 */
export function deflateEnd(bytes: Buffer): Buffer {
  return deflateRawSync(bytes, END);
}

/**
 * The trailer of a gzip member.
 *
 * @param crc CRC-32 of all that was deflated
 * @param length bytes of all that was deflated
 */
export function gzipTrailer(crc: number, length: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return trailer;
}
