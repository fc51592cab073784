import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExpectedBill } from '../../e2e/bill.ts';
import { eventually } from '../../servers/process.ts';
import { CHART } from '../image.ts';
import { helm, kubectl } from './kubectl.ts';
import { AWS_URL } from './simulator.ts';

/** Longest time of `helm --wait`. */
const TIMEOUT = '--timeout=120s';
/** What leads an exporter to the simulator; all else are the chart's own values. */
const TO_SIMULATOR = {
  config: { AWS_ENDPOINT_URL: AWS_URL, AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST', AWS_SECRET_ACCESS_KEY: 'secret' },
};

type Values = Readonly<Record<string, unknown>>;

/** One installation of the chart, in a namespace of its own. Name of release, namespace and objects: `name`. */
export class Release {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** `helm install --wait`, or `helm upgrade --wait` where it is there. */
  async put(values: Values, chart = CHART): Promise<void> {
    const file = join(process.env.WORK ?? '', `${this.name}.json`);
    const config = { ...TO_SIMULATOR.config, ...(values.config as Values | undefined) };
    await writeFile(file, JSON.stringify({ ...values, config }));
    await helm('upgrade', '--install', this.name, chart, ...this.#where, '--values', file, '--wait', TIMEOUT);
  }

  /** `helm test`; its words. */
  test(): Promise<string> {
    return helm('test', this.name, ...this.#where, '--logs', TIMEOUT);
  }

  /** `helm rollback --wait` to a revision. */
  async rollback(revision: number): Promise<void> {
    await helm('rollback', this.name, String(revision), ...this.#where, '--wait', TIMEOUT);
  }

  /** `helm uninstall --wait`. */
  async uninstall(): Promise<void> {
    await helm('uninstall', this.name, ...this.#where, '--wait', TIMEOUT);
  }

  get #where(): string[] {
    return ['--namespace', this.name];
  }

  /** The name of the exporter's Service, which is the Deployment's too. */
  async service(): Promise<string> {
    const selector = `app.kubernetes.io/instance=${this.name},app.kubernetes.io/component=exporter`;
    return kubectl('get', 'deployment', ...this.#where, '-l', selector, '-o', 'jsonpath={.items[0].metadata.name}');
  }

  /** Where REST is, by the Service's own address. */
  async restUrl(): Promise<string> {
    const address = await kubectl(
      ...['get', 'service', await this.service(), ...this.#where, '-o', 'jsonpath={.spec.clusterIP}'],
    );
    return `http://${address}:5000`;
  }

  /** The bill as it was when this installation bought it. Waits until it has. */
  async expected(billFile: string): Promise<ExpectedBill> {
    const url = `${await this.restUrl()}/cost/current`;
    const { collectedAt } = await eventually(
      `${this.name} has bought the bill`,
      async () => {
        const answer = await fetch(url);
        return answer.ok ? ((await answer.json()) as { collectedAt: string }) : undefined;
      },
      60_000,
    );
    return new ExpectedBill(billFile, Date.parse(collectedAt), 'BlendedCost');
  }
}
