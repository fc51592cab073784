import { mkdir } from 'node:fs/promises';
import { apply } from './kubectl.ts';

/** The storage class of the one volume that the cluster has. */
export const STORAGE_CLASS = 'local';
const FOLDER = '/run/volumes/one';

/** Makes a volume on the node, as an administrator without a provisioner would. */
export async function createVolume(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await apply(
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: STORAGE_CLASS },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'one' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: STORAGE_CLASS,
        local: { path: FOLDER },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] },
            ],
          },
        },
      },
    },
  );
}
