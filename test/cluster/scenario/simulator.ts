import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apply, createNamespace, kubectl } from './kubectl.ts';

const NAMESPACE = 'aws';
const PORT = 4566;
/** Where the exporters find AWS. */
export const AWS_URL = `http://simulator.${NAMESPACE}.svc.cluster.local:${PORT}`;

/** Starts the simulator as a pod of the image under test, over a bill; resolves when it serves. */
export async function startSimulator(image: string, billFile: string): Promise<void> {
  await createNamespace(NAMESPACE);
  const metadata = { name: 'simulator', namespace: NAMESPACE };
  const labels = { app: 'simulator' };
  await apply(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { 'simulator.mjs': await readFile(join(import.meta.dirname, 'simulator.mjs'), 'utf8') },
      binaryData: { 'bill.csv.gz': await readFile(billFile, 'base64') },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: PORT }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'simulator',
                image,
                command: ['/nodejs/bin/node', '/simulator/simulator.mjs'],
                readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                volumeMounts: [{ name: 'simulator', mountPath: '/simulator', readOnly: true }],
              },
            ],
            volumes: [{ name: 'simulator', configMap: { name: 'simulator' } }],
          },
        },
      },
    },
  );
  await kubectl('rollout', 'status', '--namespace', NAMESPACE, 'deployment/simulator', '--timeout=60s');
}

/** How many paid requests AWS has answered so far, of all exporters. */
export async function paidRequests(): Promise<number> {
  const path = 'jsonpath={.spec.clusterIP}';
  const address = await kubectl('get', 'service', 'simulator', '--namespace', NAMESPACE, '-o', path);
  const answer = await fetch(`http://${address}:${PORT}/_simulator/requests`);
  const requests = (await answer.json()) as { service: string; status: number }[];
  return requests.filter(({ service, status }) => service === 'ce' && status === 200).length;
}
