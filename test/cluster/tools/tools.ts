import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../servers/process.ts';
import { runContained } from '../contained.ts';
import { VERSIONS } from '../versions.ts';
import { CACHE, cached, removePartials } from './cache.ts';

/** Folders of the programs that a cluster is made of. */
export interface Tools {
  /** kubectl and helm. */
  readonly kubectl: string;
  /** The program of a pod's first container. */
  readonly pause: string;
  /** kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy. */
  readonly kubernetes: string;
  readonly kubeRouter: string;
  readonly prometheus: string;
  /** prometheus-operator, and `crds/`. */
  readonly prometheusOperator: string;
}

/** In the order of their making: what is needed first, first. */
const RECIPES: readonly { tool: keyof Tools; name: string; version: string; go: boolean }[] = [
  { tool: 'kubectl', name: 'kubectl', version: VERSIONS.kubectlLayer, go: false },
  { tool: 'pause', name: 'pause', version: '1', go: true },
  { tool: 'kubernetes', name: 'kubernetes', version: VERSIONS.kubernetes, go: true },
  { tool: 'kubeRouter', name: 'kube-router', version: VERSIONS.kubeRouter, go: true },
  { tool: 'prometheus', name: 'prometheus', version: VERSIONS.prometheus, go: true },
  { tool: 'prometheusOperator', name: 'prometheus-operator', version: VERSIONS.prometheusOperator, go: true },
];

/** Go's own caches are as large as all tools together: they live as long as the making does. */
function goEnvironment(scratch: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOMODCACHE: join(scratch, 'go-mod'),
    GOCACHE: join(scratch, 'go-build'),
    GOTMPDIR: scratch,
    GOWORK: 'off',
  };
}

/**
 * The tools of the pinned versions, made where they are not there yet: with an empty cache some ten minutes on two cores.
 * @param say told of each tool, and of how long it took.
 * @throws Error where one cannot be made.
 */
export async function ensureTools(
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<{ tools: Tools; made: readonly string[] }> {
  await removePartials();
  const made: string[] = [];
  const folders: Partial<Record<keyof Tools, string>> = {};
  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(join(CACHE, `.partial-${process.pid}-`));
  try {
    for (const { tool, name, version, go } of RECIPES) {
      const recipe = join(import.meta.dirname, `${name}.sh`);
      const start = performance.now();
      const { folder, warm } = await cached(name, version, recipe, async (out) => {
        if (go && findProgram('go') === undefined) throw new Error('go is absent: install Go 1.25 or newer');
        say(`${name} ${version}: making it ...`);
        const cwd = join(scratch, name);
        await mkdir(cwd);
        const command = ['nice', '-n', '19', 'bash', recipe, out, version];
        await runContained(command, { cwd, env: goEnvironment(scratch), signal });
      });
      folders[tool] = folder;
      if (!warm) made.push(`${name} in ${Math.round((performance.now() - start) / 1000)} s`);
    }
  } finally {
    // Go's module cache is read-only.
    await runContained(['chmod', '-R', 'u+w', scratch], { signal: AbortSignal.timeout(60_000) });
    await rm(scratch, { recursive: true, force: true });
  }
  return { tools: folders as Tools, made };
}
