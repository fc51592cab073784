import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { DistinctTexts } from './distinct.ts';
import { assertFamily, type Family, type Sample } from './family.ts';
import { deflatePiece } from './gzip-member.ts';

/** What one family of one owner looks like on the page, without its head. Immutable. */
export interface Part {
  /** Name of the family. */
  readonly family: string;
  /** Number of sample lines. */
  readonly series: number;
  /** The sample lines, UTF-8, each ended by a newline; the same in text 0.0.4 and OpenMetrics 1.0. */
  readonly bytes: Buffer;
  /** `bytes` as raw deflate that ends in a sync flush: no final block, no reference to what stands before it. */
  readonly deflated: Buffer;
  /** CRC-32 of `bytes`. */
  readonly crc: number;
}

/** How long the writer holds the event loop before it lets others run, in milliseconds; half of what is promised. */
const SLICE_MS = 4;
/** Lines written between two looks at the clock. */
const LINES_PER_LOOK = 32;

const UNSAFE = /[\\\n"\0\ud800-\udfff]/;

/**
 * A label value as it stands between the quotes of a sample line: backslash, newline and double quote escaped. What no
 * exposition can carry (NUL, which ends Prometheus' parser, and lone surrogates, which UTF-8 lacks) becomes U+FFFD.
 */
export function escapeLabelValue(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text
    .toWellFormed()
    .replaceAll('\0', '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('"', '\\"');
}

/** A sample value as Prometheus reads it: the shortest text that gives the same double back. */
export function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/**
 * Writes the sample lines of one family of one owner, once, for all scrapes to come. It holds the event loop for at most
 * 8 ms at a time, whatever else is being written in the process, and deflates on zlib's thread pool.
 *
 * @param family what `samples` are of
 * @param samples read once, in slices: a lazy iterable is asked for its next sample only when its line is due
 * @throws TypeError where a value is NaN, where label values are not as many as the family's labels, and where two samples
 *   have label values that read the same on the page. Nothing is written then.
 */
export async function writePart(family: Family, samples: Iterable<Sample>): Promise<Part> {
  assertFamily(family);
  const { series, blocks, pieces, crc } = await inTurn(() => writeLines(family, samples));
  const deflated = Buffer.concat(await Promise.all(pieces));
  return { family: family.name, series, crc, deflated, bytes: await inTurn(() => join(blocks)) };
}

let lastInTurn: Promise<void> = Promise.resolve();

/** Runs one work at a time: slices of several would follow each other without a pause and add up to one long stall. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const result = lastInTurn.then(work);
  const settled = () => {};
  lastInTurn = result.then(settled, settled);
  return result;
}

/** Lines that are written, in blocks, each of which is being deflated already. */
interface Written extends Pick<Part, 'series' | 'crc'> {
  readonly blocks: readonly Buffer<ArrayBuffer>[];
  readonly pieces: readonly Promise<Buffer>[];
}

async function writeLines(family: Family, samples: Iterable<Sample>): Promise<Written> {
  const labelsOf = labelWriter(family);
  const distinct = new DistinctTexts();
  let series = 0;
  const blocks: Buffer<ArrayBuffer>[] = [];
  const pieces: Promise<Buffer>[] = [];
  let crc = 0;
  let text = '';
  let sinceLook = 0;
  const endBlock = () => {
    // Memory of its own, never of Node's pool: `join` frees it.
    const block = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
    block.write(text);
    const piece = deflatePiece(block, blocks.at(-1));
    // Where a later line is refused nobody waits for it any more.
    piece.catch(() => {});
    pieces.push(piece);
    blocks.push(block);
    crc = crc32(block, crc);
    text = '';
  };
  let sliceEnd = performance.now() + SLICE_MS;
  for (const [values, value] of samples) {
    const labels = labelsOf(values);
    if (Number.isNaN(value)) throw new TypeError(`${family.name}${labels}: the value is NaN`);
    if (!distinct.add(labels)) throw new TypeError(`${family.name}${labels} is there twice`);
    text += `${family.name}${labels} ${formatValue(value)}\n`;
    series += 1;
    sinceLook += 1;
    if (sinceLook === LINES_PER_LOOK) {
      sinceLook = 0;
      if (performance.now() >= sliceEnd) {
        endBlock();
        await setImmediate();
        sliceEnd = performance.now() + SLICE_MS;
      }
    }
  }
  endBlock();
  return { series, blocks, pieces, crc };
}

/** Writes `{name="value",...}`, or nothing where the family has no labels. */
function labelWriter({ name, labels }: Family): (values: readonly string[]) => string {
  const openings = labels.map((label, index) => `${index === 0 ? '{' : '",'}${label}="`);
  const closing = labels.length === 0 ? '' : '"}';
  return (values) => {
    if (values.length !== openings.length) {
      throw new TypeError(`${name}: ${values.length} label values for ${openings.length} labels`);
    }
    let text = '';
    for (let index = 0; index < openings.length; index++) {
      text += openings[index]! + escapeLabelValue(values[index]!);
    }
    return text + closing;
  };
}

/**
 * Joins blocks into one buffer of their exact size, in slices too: copying 30 MB takes longer than one. Each block is freed as
 * soon as it is copied, so that the lines are in memory once, not twice until the next garbage collection.
 */
async function join(blocks: readonly Buffer<ArrayBuffer>[]): Promise<Buffer> {
  if (blocks.length === 1) return blocks[0]!;
  const whole = Buffer.allocUnsafeSlow(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  let sliceEnd = performance.now() + SLICE_MS;
  for (const block of blocks) {
    at += block.copy(whole, at);
    block.buffer.transfer(0);
    if (performance.now() >= sliceEnd) {
      await setImmediate();
      sliceEnd = performance.now() + SLICE_MS;
    }
  }
  return whole;
}
