/**
 * Holds every place that names the version equal to package.json: the lock file, the chart, the image tag. Fails with a line for
 * each that differs; `--write` writes those that npm does not (`npm version` calls it). For a release, `--tag v1.2.3` asks beside that
 * whether this is the commit of that git tag, and `--image REPOSITORY` whether the chart runs the image that is pushed there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';

const CHART = 'helm/aws-cost-exporter';
/** Semantic Versioning 2.0.0 without build metadata: an image tag cannot hold a `+`. */
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
const NUMBER = String.raw`\d+\.\d+\.\d+(?:-[\w.-]*\w)?`;

/** A place in a text that names the version: what stands before it, and it. */
interface Place {
  readonly file: string;
  readonly what: string;
  readonly pattern: RegExp;
  /** Whether the file must have it. */
  readonly required: boolean;
}

const IMAGE = new RegExp(String.raw`(\baws-cost-exporter:(?:\$\{\w+:-)?v?)(${NUMBER})`, 'g');
const PLACES: readonly Place[] = [
  { file: `${CHART}/Chart.yaml`, what: 'version', pattern: /^(version: *["']?)([^\s"']+)/gm, required: true },
  {
    file: `${CHART}/Chart.yaml`,
    what: 'appVersion',
    pattern: /^(appVersion: *["']?)([^\s"']+)/gm,
    required: true,
  },
  ...[`${CHART}/Chart.yaml`, 'compose.yaml', 'compose/example.env', 'README.md'].map((file) => ({
    file,
    what: 'image tag',
    pattern: IMAGE,
    required: false,
  })),
  { file: 'Dockerfile', what: 'ARG VERSION', pattern: /^(ARG VERSION=)(\S+)/gm, required: true },
  {
    file: 'README.md',
    what: '--version',
    pattern: new RegExp(`(--version[ =])(${NUMBER})`, 'g'),
    required: false,
  },
];

function read(root: string, file: string): string | undefined {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The version in package.json of a checkout. */
export function versionOf(root: string): string {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

/** What a release is called from outside. */
interface Release {
  /** The git tag. */
  readonly tag?: string | undefined;
  /** Where the image is pushed, without its tag. */
  readonly image?: string | undefined;
}

/** What names another version than package.json, in sentences; empty where all agree. */
export function versionFaults(root: string, { tag, image }: Release = {}): string[] {
  const version = versionOf(root);
  if (!SEMVER.test(version))
    return [`package.json: version is ${version}, which no image tag and chart can have.`];
  const differs = (file: string, what: string, found: unknown) =>
    found === version ? [] : [`${file}: ${what} is ${found}, package.json says ${version}.`];
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const values = parse(read(root, `${CHART}/values.yaml`) ?? '');
  const imageTag = values?.image?.tag || version;
  return [
    ...differs('package-lock.json', 'version', lock.version),
    ...differs('package-lock.json', 'version of the package itself', lock.packages?.['']?.version),
    ...PLACES.flatMap(({ file, what, pattern, required }) => {
      const found = [...(read(root, file) ?? '').matchAll(pattern)].map(([, , one]) => one);
      if (found.length === 0 && required) return [`${file}: ${what} is missing.`];
      return found.flatMap((one) => differs(file, what, one));
    }),
    ...differs(`${CHART}/values.yaml`, 'image.tag', imageTag),
    ...(values?.image?.digest
      ? [`${CHART}/values.yaml: image.digest is set; it would win over the tag.`]
      : []),
    ...(tag === undefined ? [] : tagFaults(root, version, tag)),
    ...(image === undefined || image === values?.image?.repository
      ? []
      : [
          `${CHART}/values.yaml: image.repository is ${values?.image?.repository}, the image goes to ${image}.`,
        ]),
  ];
}

function tagFaults(root: string, version: string, tag: string): string[] {
  const heads = (read(root, 'CHANGELOG.md') ?? '').match(/^## .*$/gm) ?? [];
  const isDescribed = heads.some((head) => head === `## ${version}` || head.startsWith(`## ${version} `));
  return [
    ...(tag === `v${version}` ? [] : [`The tag is ${tag}, package.json says v${version}.`]),
    ...(isDescribed ? [] : [`CHANGELOG.md: there is no section "## ${version}".`]),
  ];
}

/** Writes the version of package.json to the other files that are not npm's. */
export function writeVersion(root: string): void {
  const version = versionOf(root);
  for (const { file, pattern } of PLACES) {
    const text = read(root, file);
    const written = text?.replaceAll(pattern, (_, before) => `${before}${version}`);
    if (written !== undefined && written !== text) writeFileSync(join(root, file), written);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { tag: { type: 'string' }, image: { type: 'string' }, write: { type: 'boolean' } },
  });
  const root = join(import.meta.dirname, '..');
  if (values.write) writeVersion(root);
  const faults = versionFaults(root, values);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log(`Package, lock file, chart and image: ${versionOf(root)}.`);
}
