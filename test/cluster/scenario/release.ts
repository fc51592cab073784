import { writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { ExpectedBill } from '../../e2e/bill.ts';
import { eventually } from '../../servers/process.ts';
import { CHART } from '../image.ts';
import { apply, createNamespace, helm, kubectl } from './kubectl.ts';
import { cost } from './rest.ts';
import { AWS_URL } from './simulator.ts';

/** Longest time of `helm --wait`. */
const TIMEOUT = '--timeout=3m';
const CREDENTIALS = 'aws-credentials';

/** Values of the chart. */
export type Values = Readonly<Record<string, unknown>>;

/** One installation of the chart, in a namespace of its own that has the release's name. */
export class Release {
  readonly name: string;
  /** Name of its Deployment, Service and monitor. */
  readonly fullname: string;
  readonly #where: readonly string[];

  constructor(name: string) {
    this.name = name;
    this.fullname = `${name}-aws-cost-exporter`;
    this.#where = ['--namespace', name];
  }

  /** Makes the namespace, restricted, and in it the Secret with the access key. */
  async prepare(): Promise<void> {
    await createNamespace(this.name);
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: CREDENTIALS, namespace: this.name },
      stringData: { AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST', AWS_SECRET_ACCESS_KEY: 'secret' },
    });
  }

  /** `helm install --wait`, or `helm upgrade --wait` where it is there, with the chart's values but for those, and for where AWS is. */
  async put(values: Values, chart = CHART): Promise<void> {
    const file = join(process.env.WORK ?? '', `${this.name}.json`);
    const all = {
      ...values,
      config: { ...(values.config as Values | undefined), AWS_ENDPOINT_URL: AWS_URL },
      aws: { credentialsSecret: { name: CREDENTIALS } },
    };
    await writeFile(file, JSON.stringify(all));
    await helm('upgrade', '--install', this.name, chart, ...this.#where, '-f', file, '--wait', TIMEOUT);
  }

  /** `helm test`; its words. @throws Error with them where it fails. */
  test(): Promise<string> {
    return helm('test', this.name, ...this.#where, '--logs');
  }

  /** `helm rollback --wait` to a revision. */
  async rollback(revision: number): Promise<void> {
    await helm('rollback', this.name, String(revision), ...this.#where, '--wait', TIMEOUT);
  }

  /** `helm uninstall --wait`. */
  async uninstall(): Promise<void> {
    await helm('uninstall', this.name, ...this.#where, '--wait', TIMEOUT);
  }

  /** The operator's name for what scrapes it. */
  get job(): string {
    return `serviceMonitor/${this.name}/${this.fullname}/0`;
  }

  /** A selector of its series. */
  get series(): string {
    return `namespace="${this.name}"`;
  }

  /** Where REST is, by the Service's own address. */
  async restUrl(protocol = 'http'): Promise<string> {
    const path = 'jsonpath={.spec.clusterIP}';
    return `${protocol}://${await kubectl('get', 'service', this.fullname, ...this.#where, '-o', path)}:5000`;
  }

  /** The bill as it was when this installation bought it. Waits until it has. */
  async expected(billFile: string, access: RequestOptions = {}): Promise<ExpectedBill> {
    const url = await this.restUrl(access.ca === undefined ? 'http' : 'https');
    const what = `${this.name} has bought the bill`;
    const { collectedAt } = await eventually(what, () => cost(url, access), 60_000);
    return new ExpectedBill(billFile, Date.parse(collectedAt), 'BlendedCost');
  }
}
