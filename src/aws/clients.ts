import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { CostOptimizationHubClient } from '@aws-sdk/client-cost-optimization-hub';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { WellArchitectedClient } from '@aws-sdk/client-wellarchitected';
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { loadConfig as loadSharedConfig } from '@smithy/core/config';
import type { AwsCredentialIdentityProvider, MiddlewareStack } from '@smithy/types';
import type { Endpoints, Target } from '../config.ts';
import { CollectionError } from '../errors.ts';
import { type Ledger, USD_PER_PAGE } from '../spend/ledger.ts';
import { VERSION } from '../version.ts';
import { awsError, badCredentials } from './aws-errors.ts';
import type { Transport } from './http.ts';
import { meter, type OnAttempt } from './meter.ts';
import { type Partition, partitionOf } from './partitions.ts';
import { purchaseThrough } from './purchase.ts';

/** Attempts of one request, the first included. */
export const MAX_ATTEMPTS = 3;

/** What the clients of every target share. */
export interface AwsContext {
  readonly endpoints: Endpoints;
  readonly transport: Transport;
  readonly ledger: Ledger;
  /** Whether this replica may buy for a target now. */
  mayBuy(target: string): boolean;
  /** Told of what AWS charges. */
  onSpend(target: string, usd: number): void;
  /** Told of every HTTP attempt. */
  readonly onAttempt: (target: string, ...attempt: Parameters<OnAttempt>) => void;
  /** Credentials of the process; by default the SDK's own chain. */
  readonly credentials?: AwsCredentialIdentityProvider | undefined;
}

/** The clients of one collection: every paid attempt of theirs passes the door for money in that collection's name. */
export interface AwsSession {
  /** @throws {CollectionError} where the target's partition has no Cost Explorer. */
  costExplorer(): Pick<CostExplorerClient, 'send'>;
  /** @throws {CollectionError} where the target's partition has no Cost Optimization Hub. */
  costOptimizationHub(): Pick<CostOptimizationHubClient, 'send'>;
  tagging(region: string): Pick<ResourceGroupsTaggingAPIClient, 'send'>;
  /** @throws {CollectionError} where the target's partition has no Well-Architected Tool. */
  wellArchitected(region: string): Pick<WellArchitectedClient, 'send'>;
  readonly partition: Partition;
  /** Where regional services are asked: the target's regions, else its own. */
  readonly regions: readonly string[];
  /** Paid attempts so far. */
  readonly paidRequests: number;
  /**
   * Sets pages aside in the budget for one query, whole: nothing is paid that could not be paid to its end.
   *
   * @throws {CollectionError} `budget` where it does not fit.
   */
  hold(pages: number): Promise<void>;
  /** Ends a query: what it did not use is free again. */
  release(): Promise<void>;
}

/** AWS as one target sees it. The only place where SDK clients are made. */
export class TargetAws {
  #open: AwsContext | undefined;
  readonly #target: Target;
  #sts: Promise<STSClient> | undefined;

  constructor(context: AwsContext, target: Target) {
    this.#open = context;
    this.#target = target;
  }

  /**
   * The account that the credentials belong to, asked from STS (free, and allowed to everybody).
   *
   * @throws {CollectionError} with the typed cause.
   */
  async accountId(signal?: AbortSignal): Promise<string> {
    try {
      const sts = await this.#identity();
      const options = signal === undefined ? {} : { abortSignal: signal };
      const { Account } = await sts.send(new GetCallerIdentityCommand({}), options);
      if (Account === undefined || !/^\d{1,20}$/.test(Account)) {
        const named = Account ? 'something that is no account' : 'no account';
        throw new CollectionError('invalid_response', `STS named ${named}.`, 'Check AWS_ENDPOINT_URL_STS.');
      }
      return Account;
    } catch (error) {
      this.noteFailure(error);
      throw awsError(error, this.#target.roleArn ? 'sts:AssumeRole' : 'sts:GetCallerIdentity');
    }
  }

  /** Clients for one collection; `signal` ends what is under way. */
  async session(collector: string, signal: AbortSignal): Promise<AwsSession> {
    const { region, partition } = await this.#place();
    const { credentials } = (await this.#identity()).config;
    const { endpoints, ledger, mayBuy, onSpend } = this.#context;
    const { name, regions } = this.#target;
    const buyer = { target: name, collector };
    let paidRequests = 0;
    const till = {
      ledger,
      buyer,
      mayBuy: () => mayBuy(name),
      onPaid() {
        paidRequests++;
        onSpend(name, USD_PER_PAGE);
      },
    };
    const metered = <I extends object, O extends object, Client>(
      client: Client & { middlewareStack: MiddlewareStack<I, O> },
    ): Client => {
      meter(client.middlewareStack, this.#onAttempt, signal);
      return client;
    };
    const settings = (endpoint: string | undefined, at: string) => ({
      ...this.#settings(endpoint),
      region: at,
      credentials,
    });
    return {
      get paidRequests() {
        return paidRequests;
      },
      hold: (pages) => ledger.hold(buyer, pages),
      release: () => ledger.release(buyer),
      partition,
      regions: regions.length > 0 ? regions : [region],
      costExplorer() {
        const at = globalRegion(partition.costExplorerRegion, 'Cost Explorer', partition);
        const client: CostExplorerClient = metered(
          new CostExplorerClient(settings(endpoints.costExplorer, at)),
        );
        purchaseThrough(client.middlewareStack, till, signal);
        return client;
      },
      costOptimizationHub() {
        const at = globalRegion(partition.costOptimizationHubRegion, 'Cost Optimization Hub', partition);
        return metered(new CostOptimizationHubClient(settings(endpoints.costOptimizationHub, at)));
      },
      tagging: (at) => metered(new ResourceGroupsTaggingAPIClient(settings(endpoints.tagging, at))),
      wellArchitected(at) {
        if (!partition.wellArchitected) throw notIn(partition, 'Well-Architected Tool');
        return metered(new WellArchitectedClient(settings(endpoints.wellArchitected, at)));
      },
    };
  }

  /**
   * Lets go of all that it was given. The SDK keeps what it could not read of its shared files for as long as the process lives,
   * and with that error's stack whoever asked.
   */
  close(): void {
    this.#open = undefined;
    this.#sts = undefined;
  }

  get #context(): AwsContext {
    if (this.#open === undefined)
      throw new CollectionError('error', 'The exporter has stopped.', 'Start it again.');
    return this.#open;
  }

  /** Told of a failed call: credentials that AWS refused are resolved anew at the next one. */
  noteFailure(error: unknown): void {
    if (badCredentials(error)) this.#sts = undefined;
  }

  readonly #onAttempt: OnAttempt = (...attempt) => this.#open?.onAttempt(this.#target.name, ...attempt);

  #settings(endpoint: string | undefined) {
    return {
      requestHandler: this.#context.transport.handler,
      maxAttempts: MAX_ATTEMPTS,
      retryMode: 'standard',
      customUserAgent: [['aws-cost-exporter', VERSION]] as [string, string][],
      ...(endpoint === undefined ? {} : { endpoint }),
    };
  }

  async #place(): Promise<{ region: string; partition: Partition }> {
    const region = await regionOf(this.#target);
    return { region, partition: partitionOf(region) };
  }

  /** The client that holds the target's credentials: they are resolved once and renewed before they end. */
  #identity(): Promise<STSClient> {
    this.#sts ??= this.#createIdentity().catch((error) => {
      this.#sts = undefined;
      throw error;
    });
    return this.#sts;
  }

  async #createIdentity(): Promise<STSClient> {
    const { region } = await this.#place();
    const settings = { ...this.#settings(this.#context.endpoints.sts), region };
    const own =
      this.#context.credentials ?? fromNodeProviderChain({ clientConfig: { region }, ignoreCache: true });
    const client = new STSClient({ ...settings, credentials: this.#assumed(own, settings) });
    meter(client.middlewareStack, this.#onAttempt);
    return client;
  }

  #assumed(own: AwsCredentialIdentityProvider, settings: ConstructorParameters<typeof STSClient>[0]) {
    const { roleArn, externalId, name } = this.#target;
    if (roleArn === undefined) return own;
    return fromTemporaryCredentials({
      masterCredentials: own,
      params: {
        RoleArn: roleArn,
        RoleSessionName: `aws-cost-exporter-${name}`.slice(0, 64),
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
      },
      clientConfig: { ...settings },
      clientPlugins: [{ applyToStack: (stack) => meter(stack, this.#onAttempt) }],
    });
  }
}

function globalRegion(region: string | undefined, service: string, partition: Partition): string {
  if (region !== undefined) return region;
  throw notIn(
    partition,
    service,
    'Use credentials of the paying account in another partition, or switch this capability off for the target.',
  );
}

function notIn(
  { name }: Partition,
  service: string,
  advice = 'Switch this capability off for the target.',
): CollectionError {
  return new CollectionError('not_enabled', `The partition ${name} has no ${service}.`, advice);
}

const readSharedRegion = loadSharedConfig({
  environmentVariableSelector: () => undefined,
  configFileSelector: (profile) => profile.region,
  default: 'us-east-1',
});

/** A target's region: its own, else `region` of the shared AWS configuration file's profile, else us-east-1. */
export async function regionOf({ region }: Pick<Target, 'region'>): Promise<string> {
  return region ?? (await readSharedRegion());
}
