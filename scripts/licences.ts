/** One package of the lock file. */
export interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** What is read of `package-lock.json`. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Licences under which a package may be shipped with this program: each lets that be done, and asks for no more than its notice. */
export const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
]);

/** A package that is shipped. */
export interface Shipped {
  readonly name: string;
  readonly version: string;
  /** As the package itself says it, an SPDX identifier; `none` where it says nothing. */
  readonly licence: string;
}

/** Every package that comes with the program, once for each version; by name. */
export function shippedBy({ packages }: Lock): Shipped[] {
  const found = new Map<string, Shipped>();
  for (const [path, { version = '', license = 'none', dev = false }] of Object.entries(packages)) {
    if (path === '' || dev) continue;
    const name = path.replace(/^.*node_modules\//, '');
    found.set(`${name}@${version}`, { name, version, licence: license });
  }
  return [...found].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, shipped]) => shipped);
}

/** The page that lists them. @throws Error where one has a licence that is not allowed. */
export function licencesPage(
  lock: Lock,
  head: string,
  table: (head: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  const shipped = shippedBy(lock);
  const refused = shipped.filter(({ licence }) => !ALLOWED.has(licence));
  if (refused.length > 0) {
    const list = refused.map(({ name, version, licence }) => `${name}@${version} (${licence})`).join(', ');
    throw new Error(`not allowed by scripts/licences.ts: ${list}`);
  }
  const counts = [...Map.groupBy(shipped, ({ licence }) => licence)]
    .map(([licence, all]) => [licence, String(all.length)])
    .toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1));
  return `# Licences of what is shipped
${head}
The program is under the [Apache License 2.0](../LICENSE). With it, in the npm package's dependencies and in the image, come ${shipped.length} packages,
as the lock file names them. Their notices are in their own folders. Node.js and the rest of the image are in the image's SBOM.

${table(['Licence', 'Packages'], counts)}

${table(
  ['Package', 'Version', 'Licence'],
  shipped.map(({ name, version, licence }) => [`\`${name}\``, version, licence]),
)}
`;
}
