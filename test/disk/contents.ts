import { createHash } from 'node:crypto';

/** Files that are written at the same time. */
export const NAMES = ['small', 'middle', 'large'] as const;

const SIZES: Readonly<Record<string, number>> = { small: 40, middle: 9_000, large: 400_000 };

/** A content that says which one it is, of a size that changes with it. */
export function contentOf(name: string, number: number): Buffer {
  const size = (SIZES[name] ?? 0) + (number % 7) * 11;
  const filler = createHash('sha512').update(`${name} ${number}`).digest();
  return Buffer.concat([Buffer.from(`${name} ${number}\n`), Buffer.alloc(size, filler)]);
}

/** Which content it is. @throws Error where it is none of that name, or not the whole of it. */
export function numberOf(name: string, content: Buffer): number {
  const number = Number(/^[a-z]+ (\d+)\n/.exec(content.toString('latin1', 0, 40))?.[1]);
  if (!content.equals(contentOf(name, number))) throw new Error(`not a content of ${name}`);
  return number;
}
