import { run } from '../../servers/process.ts';

/** Longest time of one command, in milliseconds: `helm` has a shorter one of its own. */
const COMMAND_MS = 330_000;

/** A Kubernetes object as it is written: what the API makes of it decides. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
  };
  readonly [field: string]: unknown;
}

async function command(program: string, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, {
    timeoutMs: COMMAND_MS,
    ...(input !== undefined && { input }),
  });
  if (code === 0) return stdout.trim();
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${program} ${args.join(' ')}: ${said}`);
}

/** @returns what kubectl prints. @throws Error with its own words. */
export const kubectl = (...args: string[]) => command('kubectl', args);

/** @returns what helm prints. @throws Error with its own words. */
export const helm = (...args: string[]) => command('helm', args);

/** @returns what containerd's client prints. @throws Error with its own words. */
export const ctr = (...args: string[]) =>
  command('ctr', ['--address', '/run/containerd/containerd.sock', '--namespace', 'k8s.io', ...args]);

/** One object, or a list, as the API has it. @throws Error with kubectl's own words. */
export async function read<T>(...args: string[]): Promise<T> {
  return JSON.parse(await kubectl('get', ...args, '-o', 'json'));
}

/** Makes objects, or changes them to what is given. */
export async function apply(...objects: Manifest[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await command('kubectl', ['apply', '--server-side', '-f', '-'], JSON.stringify(list));
}

/** A namespace whose pods must keep the restricted Pod Security Standard. */
export async function createNamespace(name: string): Promise<void> {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  };
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
}
