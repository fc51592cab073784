import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Tools } from './tools/tools.ts';

/** How a cluster is started. */
export interface ClusterOptions {
  readonly tools: Tools;
  /** The folder of the run; the node's is `node` in it. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the node, and all that runs in it. */
  readonly signal: AbortSignal;
}

/**
 * Runs a command inside a one-node Kubernetes of its own, which ends with it. The command finds kubectl, helm, `KUBECONFIG`, and in
 * `WORK` the node's folder; its network is the node's.
 * @returns the command's exit code, or null where a signal has ended it.
 */
export async function inCluster(
  command: readonly string[],
  { tools, folder, env, signal }: ClusterOptions,
): Promise<number | null> {
  signal.throwIfAborted();
  // A session of its own: a Ctrl-C reaches this process alone, and the keeper cleans up after it.
  const keeper = spawn('bash', [join(import.meta.dirname, 'node/keeper.sh'), folder, ...command], {
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: {
      ...process.env,
      KUBERNETES: tools.kubernetes,
      KUBECTL: tools.kubectl,
      PAUSE: tools.pause,
      KUBE_ROUTER: tools.kubeRouter,
      PROMETHEUS: tools.prometheus,
      PROMETHEUS_OPERATOR: tools.prometheusOperator,
      ...env,
    },
  });
  const release = () => keeper.stdin?.end();
  signal.addEventListener('abort', release);
  const [code] = await once(keeper, 'exit');
  signal.removeEventListener('abort', release);
  return code;
}
