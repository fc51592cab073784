import type { Manifest } from './helm.ts';

interface Security {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly seccompProfile?: { readonly type?: string };
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: Security;
  readonly containers: readonly { readonly name: string; readonly securityContext?: Security }[];
  readonly initContainers?: PodSpec['containers'];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
}

/** Kinds of volume that the restricted standard lets in. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** The pods of an object, if it has any. */
export function podOf({ kind, spec }: Manifest): PodSpec | undefined {
  return kind === 'Pod' ? spec : spec?.template?.spec;
}

/** What the restricted Pod Security Standard has against a pod, and what we ask beyond it: a read-only root, a user above 10000. */
export function restrictedFaults(pod: PodSpec): string[] {
  const faults: string[] = [];
  const own = pod.securityContext ?? {};
  if (pod.hostNetwork || pod.hostPID || pod.hostIPC) faults.push('host namespaces');
  for (const volume of pod.volumes ?? []) {
    for (const kind of Object.keys(volume)) {
      if (kind !== 'name' && !VOLUMES.includes(kind)) faults.push(`volume of kind ${kind}`);
    }
  }
  for (const { name, securityContext = {} } of [...pod.containers, ...(pod.initContainers ?? [])]) {
    const its = { ...own, ...securityContext };
    const drop = its.capabilities?.drop ?? [];
    const added = (its.capabilities?.add ?? []).filter((one) => one !== 'NET_BIND_SERVICE');
    if (its.privileged) faults.push(`${name}: privileged`);
    if (its.allowPrivilegeEscalation !== false) faults.push(`${name}: privilege escalation`);
    if (!drop.includes('ALL') || added.length > 0) faults.push(`${name}: capabilities`);
    if (its.runAsNonRoot !== true) faults.push(`${name}: may run as root`);
    if (!(Number(its.runAsUser) > 10_000)) faults.push(`${name}: user ${its.runAsUser}`);
    if (!['RuntimeDefault', 'Localhost'].includes(its.seccompProfile?.type ?? ''))
      faults.push(`${name}: seccomp`);
    if (its.readOnlyRootFilesystem !== true) faults.push(`${name}: root can be written to`);
  }
  return faults;
}
