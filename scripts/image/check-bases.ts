/**
 * Run by a release before it builds: refuses bases that are not held by digest. Takes the build arguments as they go to the build:
 * `node scripts/image/check-bases.ts BUILD_IMAGE=name:tag@sha256:... RUNTIME_IMAGE=name:tag@sha256:...`.
 * Exit code 1 and a sentence for each fault.
 */

/** The build arguments that name the bases of `Dockerfile`. */
export const BASES = ['BUILD_IMAGE', 'RUNTIME_IMAGE'] as const;

const REFERENCE = /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+:[A-Za-z0-9_][\w.-]{0,127}@sha256:[0-9a-f]{64}$/;
/** A digest that someone typed to fill a place: one digit, repeated. */
const FILLER = /@sha256:(.)\1{63}$/;

/** What is wrong with the bases among build arguments (`NAME=VALUE`), in sentences; none where a release may be built. */
export function faultsOfBases(args: readonly string[]): string[] {
  return BASES.flatMap((name) => {
    const given = args.filter((arg) => arg.startsWith(`${name}=`)).map((arg) => arg.slice(name.length + 1));
    const [value = ''] = given;
    if (given.length !== 1) {
      const many = given.length === 0 ? 'is not given' : `is given ${given.length} times`;
      return `${name} ${many}: a release names each base once, as registry/name:tag@sha256:<64 digits>`;
    }
    if (!REFERENCE.test(value))
      return `${name}=${value}: must be registry/name:tag@sha256:<64 digits>, so that the release is built on these bytes and no others`;
    if (FILLER.test(value)) return `${name}=${value}: is no image's digest; ask the registry for it`;
    return [];
  });
}

if (import.meta.main) {
  const faults = faultsOfBases(process.argv.slice(2));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
