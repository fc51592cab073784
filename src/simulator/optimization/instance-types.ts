/** Sizes of AWS instances, smallest first, each with its normalization factor (a `small` is 1). */
const SIZES: readonly (readonly [size: string, units: number])[] = [
  ['nano', 0.25],
  ['micro', 0.5],
  ['small', 1],
  ['medium', 2],
  ['large', 4],
  ['xlarge', 8],
  ['2xlarge', 16],
  ['3xlarge', 24],
  ['4xlarge', 32],
  ['8xlarge', 64],
  ['12xlarge', 96],
  ['16xlarge', 128],
  ['24xlarge', 192],
];

/** The Graviton family that takes a family's place. */
const GRAVITON: Readonly<Record<string, string>> = {
  t2: 't4g',
  t3: 't4g',
  t3a: 't4g',
  m4: 'm6g',
  m5: 'm6g',
  m5a: 'm6g',
  c4: 'c6g',
  c5: 'c6g',
  c5a: 'c6g',
  r4: 'r6g',
  r5: 'r6g',
};

/** The family of the next generation on the same architecture. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  t2: 't3',
  m4: 'm5',
  c4: 'c5',
  r4: 'r5',
  m6g: 'm7g',
  r6g: 'r7g',
};

interface Parts {
  /** `db.`, `cache.` or nothing. */
  readonly prefix: string;
  readonly family: string;
  readonly size: string;
}

function parts(type: string): Parts {
  const [, prefix = '', family = '', size = ''] = /^(db\.|cache\.)?([^.]+)\.(.+)$/.exec(type) ?? [];
  return { prefix, family, size };
}

/** The family of an instance type, with its service's prefix: `m5`, `db.m6g`. */
export function familyOf(type: string): string {
  const { prefix, family } = parts(type);
  return prefix + family;
}

/** The type one size smaller in the same family; undefined where there is none. */
export function smallerType(type: string): string | undefined {
  const { prefix, family, size } = parts(type);
  const smaller = SIZES[SIZES.findIndex(([name]) => name === size) - 1];
  return smaller === undefined ? undefined : `${prefix}${family}.${smaller[0]}`;
}

function replaced(type: string, families: Readonly<Record<string, string>>): string | undefined {
  const { prefix, family, size } = parts(type);
  const other = Object.hasOwn(families, family) ? families[family] : undefined;
  return other === undefined ? undefined : `${prefix}${other}.${size}`;
}

/** The Graviton type that takes a type's place; undefined where there is none. */
export function gravitonType(type: string): string | undefined {
  return replaced(type, GRAVITON);
}

/** The same size in the next generation; undefined where there is none. */
export function successorType(type: string): string | undefined {
  return replaced(type, SUCCESSORS);
}

/** The normalization factor of a type's size; 1 where the size is not known. */
export function normalizedUnits(type: string): number {
  const { size } = parts(type);
  return SIZES.find(([name]) => name === size)?.[1] ?? 1;
}

/** Virtual CPUs and memory of a type: AWS's common ratios by kind of family. */
export function capacity(type: string): { readonly vcpus: number; readonly memoryGib: number } {
  const vcpus = Math.max(2, normalizedUnits(type) / 2);
  const perCpu = { c: 2, r: 8 }[parts(type).family.charAt(0)] ?? 4;
  return { vcpus, memoryGib: vcpus * perCpu };
}
