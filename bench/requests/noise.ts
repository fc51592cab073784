/** A number in [0, 1) that depends on its arguments alone: the same ones always give the same number. */
export function noise(seed: number, ...parts: readonly number[]): number {
  let x = seed >>> 0;
  for (const part of parts) {
    x = (x + Math.imul(part + 1, 0x9e3779b1)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x = (x ^ (x >>> 16)) >>> 0;
  }
  return x / 2 ** 32;
}
