import { crc32 } from 'node:zlib';
import { crc32Combine } from './crc32.ts';
import { assertFamily, type Family } from './family.ts';
import { deflateEnd, deflatePieceSync, gzipHeader, gzipTrailer } from './gzip-member.ts';
import type { Part } from './line-writer.ts';
import { toOpenMetrics } from './live.ts';
import type { Encoding, Format } from './negotiate.ts';

/** One answer to a scrape, ready to be sent. */
export interface Page {
  readonly contentType: string;
  /** Absent for identity. */
  readonly contentEncoding?: 'gzip';
  /** The body, in order. The buffers are shared with other pages: never written to. */
  readonly chunks: readonly Buffer[];
  /** Bytes of the body. */
  readonly length: number;
}

/** The Content-Type of each format. */
export const contentTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** A stretch of the page: its bytes, the same deflated, and the checksum of the bytes. */
type Piece = Pick<Part, 'bytes' | 'deflated' | 'crc'>;

/** What stands before the live part, in one format. */
interface Layout {
  readonly chunks: Readonly<Record<Encoding, readonly Buffer[]>>;
  /** CRC-32 of the bytes, not deflated. */
  readonly crc: number;
  /** Number of the bytes, not deflated. */
  readonly length: number;
}

/** What is on the page now. Replaced whole, never changed. */
interface State {
  readonly parts: ReadonlyMap<string, readonly Part[]>;
  readonly layouts: Partial<Record<Format, Layout>>;
}

/** Neighbours below this many bytes are joined: a socket takes few buffers faster than many. */
const JOIN_BYTES = 64 * 1024;

/**
 * The page of /metrics: parts written at publication, laid out family by family, and the live metrics after them. A page
 * joins bytes; its cost does not grow with the number of series.
 */
export class Exposition {
  readonly #families: readonly string[];
  readonly #heads: Readonly<Record<Format, ReadonlyMap<string, Piece>>>;
  /** Owners in page order. */
  readonly #owners: string[];
  #state: State = { parts: new Map(), layouts: {} };

  /**
   * @param families in page order
   * @param owners in page order (that of the configuration); an owner not named here comes after them, in the order of
   *   its first swap
   * @throws TypeError where a family is not well-formed, or where two would be one family in either format
   */
  constructor(families: readonly Family[], owners: readonly string[] = []) {
    const names = new Set<string>();
    for (const family of families) {
      assertFamily(family);
      for (const name of new Set([family.name, openMetricsName(family)])) {
        if (names.has(name)) throw new TypeError(`two metric families are named ${name}`);
        names.add(name);
      }
    }
    this.#families = families.map(({ name }) => name);
    this.#heads = { text: headsOf(families, textHead), openmetrics: headsOf(families, openMetricsHead) };
    this.#owners = [...new Set(owners)];
  }

  /**
   * Replaces all parts of each owner named, of all of them at once: no page shows some of the new and some of the old.
   * An owner is one collector of one target, such as `cost/default`; an empty list takes it off the page.
   *
   * Two owners' parts must not hold one series: who publishes decides which of them is heard.
   *
   * @throws TypeError where a part is of a family that was not declared. Nothing is replaced then.
   */
  swap(updates: ReadonlyMap<string, readonly Part[]>): void {
    const parts = new Map(this.#state.parts);
    for (const [owner, replacement] of updates) {
      for (const { family } of replacement) {
        if (!this.#heads.text.has(family)) throw new TypeError(`no metric family is named ${family}`);
      }
      parts.set(owner, [...replacement]);
    }
    for (const owner of updates.keys()) {
      if (!this.#owners.includes(owner)) this.#owners.push(owner);
    }
    this.#state = { parts, layouts: {} };
  }

  /**
   * One page, of what was published when it was asked for.
   *
   * @param live the live metrics in text 0.0.4 (`renderLive`)
   * @param business whether what was published is on it: it is not where another replica shows it
   */
  async page(format: Format, encoding: Encoding, live: string, { business = true } = {}): Promise<Page> {
    const { chunks, crc, length } = business ? this.#layout(format) : NOTHING;
    const end = Buffer.from(format === 'openmetrics' ? `${toOpenMetrics(live)}# EOF\n` : live);
    const contentType = contentTypes[format];
    if (encoding === 'identity') {
      return page({ contentType }, [...chunks.identity, end]);
    }
    const trailer = gzipTrailer(crc32(end, crc), length + end.length);
    return page({ contentType, contentEncoding: 'gzip' }, [...chunks.gzip, deflateEnd(end), trailer]);
  }

  #layout(format: Format): Layout {
    const { parts, layouts } = this.#state;
    layouts[format] ??= layoutOf(this.#pieces(format, parts));
    return layouts[format];
  }

  /** The stretches of the page in order: each family that has a series, its head and then its parts, owner by owner. */
  #pieces(format: Format, parts: State['parts']): Piece[] {
    const byFamily = Map.groupBy(
      this.#owners.flatMap((owner) => parts.get(owner) ?? []).filter(({ series }) => series > 0),
      ({ family }) => family,
    );
    return this.#families.flatMap((name) => {
      const written = byFamily.get(name);
      return written === undefined ? [] : [this.#heads[format].get(name)!, ...written];
    });
  }
}

const NOTHING = layoutOf([]);

function page(head: Pick<Page, 'contentType' | 'contentEncoding'>, chunks: readonly Buffer[]): Page {
  return { ...head, chunks, length: byteLength(chunks) };
}

function layoutOf(pieces: readonly Piece[]): Layout {
  const bytes = pieces.map((piece) => piece.bytes);
  return {
    chunks: {
      identity: joinSmall(bytes),
      gzip: joinSmall([gzipHeader, ...pieces.map(({ deflated }) => deflated)]),
    },
    crc: pieces.reduce((crc, piece) => crc32Combine(crc, piece.crc, piece.bytes.length), 0),
    length: byteLength(bytes),
  };
}

/** Joins neighbours that are small; large buffers stay as they are, neither copied nor kept twice. */
function joinSmall(buffers: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = [];
  let small: Buffer[] = [];
  const flush = () => {
    if (small.length > 0) joined.push(Buffer.concat(small));
    small = [];
  };
  for (const buffer of buffers) {
    if (buffer.length < JOIN_BYTES) {
      small.push(buffer);
    } else {
      flush();
      joined.push(buffer);
    }
  }
  flush();
  return joined;
}

function byteLength(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, buffer) => sum + buffer.length, 0);
}

function headsOf(families: readonly Family[], head: (family: Family) => string): ReadonlyMap<string, Piece> {
  return new Map(
    families.map((family) => {
      const bytes = Buffer.from(head(family));
      return [family.name, { bytes, deflated: deflatePieceSync(bytes), crc: crc32(bytes) }];
    }),
  );
}

function textHead(family: Family): string {
  return `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n`;
}

function openMetricsHead(family: Family): string {
  const name = openMetricsName(family);
  const help = escapeHelp(family.help).replaceAll('"', '\\"');
  return `# HELP ${name} ${help}\n# TYPE ${name} ${family.type}\n`;
}

/** OpenMetrics names a counter's family without the `_total` that its samples have. */
function openMetricsName({ name, type }: Family): string {
  return type === 'counter' ? name.replace(/_total$/, '') : name;
}

function escapeHelp(help: string): string {
  return help.toWellFormed().replaceAll('\0', '\ufffd').replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
