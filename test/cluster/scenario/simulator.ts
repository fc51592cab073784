import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apply, createNamespace, kubectl } from './kubectl.ts';

const NAMESPACE = 'aws';
/** Where the exporters find AWS. */
export const AWS_URL = `http://simulator.${NAMESPACE}.svc.cluster.local:4566`;

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
      spec: { selector: labels, ports: [{ port: 4566 }] },
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
                readinessProbe: { tcpSocket: { port: 4566 }, periodSeconds: 1 },
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
