/** The CRC-32 polynomial of gzip (RFC 1952, section 8), bits reversed. */
const POLYNOMIAL = 0xedb88320;

/** The polynomial 1, and x, with bits reversed. */
const ONE = 0x80000000;
const X = 0x40000000;

/** a(x) * b(x) modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** x to the powers 1, 2, 4, 8 ... modulo the polynomial: enough for any length that a double counts exactly. */
const POWERS: readonly number[] = Array.from({ length: 56 }).reduce<number[]>(
  (powers) => [...powers, powers.length === 0 ? X : multiply(powers.at(-1)!, powers.at(-1)!)],
  [],
);

/**
 * The CRC-32 of two stretches of bytes one after the other, from theirs, without the bytes: zlib's `crc32_combine`, which
 * Node does not offer. It makes a page's checksum cost the same for one series and for a million.
 *
 * @param first CRC-32 of the first stretch (0 for none)
 * @param second CRC-32 of the second
 * @param length bytes in the second
 */
export function crc32Combine(first: number, second: number, length: number): number {
  let shift = ONE;
  // A byte is 2^3 bits, so the length in bytes starts at the fourth power.
  for (let rest = length, power = 3; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) shift = multiply(shift, POWERS[power]!);
  }
  return (multiply(shift, first) ^ second) >>> 0;
}
