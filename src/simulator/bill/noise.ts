/** A 32-bit hash of a text (FNV-1a), the seed of a resource's noise. */
export function hashText(text: string, seed: number): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * A number in [0, 1) that depends on a hash and a counter alone (the finalizer of MurmurHash3): the same day of the same
 * resource costs the same in every bill of that seed, whatever days lie around it.
 */
export function noise(hash: number, counter: number): number {
  let x = (hash + Math.imul(counter, 0x9e3779b1)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

/** A hexadecimal text of a given length from a hash, for resource ids. */
export function hexText(hash: number, length: number): string {
  let text = '';
  for (let i = 1; text.length < length; i++) {
    text += Math.floor(noise(hash, i) * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  }
  return text.slice(0, length);
}
