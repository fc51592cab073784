import { ofFamily, type PageSample, parsePage, valueIn } from '../../e2e/page.ts';

/** Where `kubectl proxy` listens: the API without a process for each question. */
export const API_PORT = 8001;

/** A pod of an exporter, as far as it is looked at here. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: {
    readonly podIP?: string;
    readonly phase: string;
    readonly containerStatuses?: readonly { readonly containerID: string }[];
  };
}

/** A replica and the page that it shows. */
export interface Replica {
  readonly pod: Pod;
  readonly page: readonly PageSample[];
}

/** The id of a pod's container: another one after each start. */
export function containerId({ status }: Pod): string {
  return status.containerStatuses?.[0]?.containerID.replace('containerd://', '') ?? '';
}

/** The pods of the exporter in a namespace, those that are ending too. */
export async function pods(namespace: string): Promise<Pod[]> {
  const selector = encodeURIComponent('app.kubernetes.io/component=exporter');
  const url = `http://127.0.0.1:${API_PORT}/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`;
  const { items } = (await (await fetch(url)).json()) as { items: Pod[] };
  return items;
}

/** Every replica that answers, with its page, asked all at once and past every Service. */
export async function replicas(namespace: string): Promise<Replica[]> {
  const all = await Promise.all(
    (await pods(namespace)).map(async (pod) => {
      const { status } = pod;
      if (status.podIP === undefined || status.phase !== 'Running') return [];
      const url = `http://${status.podIP}:8080/metrics`;
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(900) });
        return [{ pod, page: parsePage(await answer.text()) }];
      } catch {
        // Not up yet, or not any more.
        return [];
      }
    }),
  );
  return all.flat();
}

/** The sum of the bill over all pages of a namespace, as a Prometheus that knows no better would add it up. */
export async function sumOverReplicas(namespace: string): Promise<number | undefined> {
  const series = (await replicas(namespace)).flatMap(({ page }) => ofFamily(page, 'aws_cost_total'));
  return series.length === 0 ? undefined : series.reduce((sum, { value }) => sum + value, 0);
}

/** The pod that shows the business families. @throws Error where it is not exactly one. */
export async function leader(namespace: string): Promise<Pod> {
  const found = (await replicas(namespace)).filter(
    ({ page }) => valueIn(page, 'aws_cost_exporter_exposing') === 1,
  );
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${found.length} replicas expose`);
  return one.pod;
}
