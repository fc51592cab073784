import { randomInt } from 'node:crypto';

/** Tables; each grows by itself, so that none ever holds the event loop for long. */
const TABLES = 64;
const FIRST_SLOTS = 32;

/**
 * Tells whether a text was there before, in 16 to 32 bytes per text outside the heap: a `Set` of 100,000 sample lines costs the
 * garbage collector stalls of 30 ms. It remembers 64-bit hashes with a seed of their own, so that two texts of a
 * million are taken for one with a chance of 1 in 10^7, and nobody can look for such two.
 */
export class DistinctTexts {
  readonly #seed = randomInt(2 ** 32);
  /** Two words per slot, the hash; 0, 0 is a free slot. Most families are too small for all of them. */
  readonly #tables: (Int32Array | undefined)[] = Array.from({ length: TABLES });
  readonly #sizes = new Uint32Array(TABLES);

  /** Remembers a text. False where it was there already. */
  add(text: string): boolean {
    // cyrb53 by bryc (public domain), all of its 64 bits.
    let high = 0xdeadbeef ^ this.#seed;
    let low = 0x41c6ce57 ^ this.#seed;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      high = Math.imul(high ^ unit, 2654435761);
      low = Math.imul(low ^ unit, 1597334677);
    }
    high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
    low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
    return this.#addHash(high, low === 0 ? 1 : low);
  }

  #addHash(high: number, low: number): boolean {
    const index = high & (TABLES - 1);
    const table = this.#tables[index] ?? new Int32Array(2 * FIRST_SLOTS);
    this.#tables[index] = table;
    if (!put(table, high, low)) return false;
    const size = this.#sizes[index]! + 1;
    this.#sizes[index] = size;
    // Half full: `table.length` counts two words per slot.
    if (size * 4 >= table.length) this.#tables[index] = grown(table);
    return true;
  }
}

/** Open addressing; the caller keeps the table at most half full, so that a free slot is always near. */
function put(table: Int32Array, high: number, low: number): boolean {
  const mask = table.length / 2 - 1;
  for (let slot = low & mask; ; slot = (slot + 1) & mask) {
    const there = table[2 * slot + 1]!;
    if (there === 0) {
      table[2 * slot] = high;
      table[2 * slot + 1] = low;
      return true;
    }
    if (there === low && table[2 * slot] === high) return false;
  }
}

function grown(table: Int32Array): Int32Array {
  const larger = new Int32Array(table.length * 2);
  for (let word = 0; word < table.length; word += 2) {
    if (table[word + 1] !== 0) put(larger, table[word]!, table[word + 1]!);
  }
  return larger;
}
