import type { AwsCredentialIdentityProvider } from '@smithy/types';
import fp from 'fastify-plugin';
import { Accounts } from '../../src/aws/accounts.ts';
import { awsError } from '../../src/aws/aws-errors.ts';
import type { AwsContext, TargetAws } from '../../src/aws/clients.ts';
import type { RunnerOptions } from '../../src/collection/runner.ts';
import type { Config } from '../../src/config.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** AWS as the runner sees it. */
    aws: RunnerOptions['aws'] & {
      /** The account of a target as far as STS has said it. */
      knownAccount(target: string): string | undefined;
    };
  }
}

export interface AwsOptions {
  readonly config: Config;
  readonly now: () => number;
  /** Credentials of the process; by default the SDK's own chain. */
  readonly credentials?: AwsCredentialIdentityProvider | undefined;
  readonly onAttempt: AwsContext['onAttempt'];
  readonly onSpend: (target: string, usd: number) => void;
  readonly onAccount: (target: string, accountId: string) => void;
}

/** Clients, accounts and the ledger of every target. */
export default fp<AwsOptions>(
  async function awsPlugin(fastify, { config, now, credentials, onAttempt, onSpend, onAccount }) {
    const context: Omit<AwsContext, 'transport'> = {
      endpoints: config.aws.endpoints,
      ledger: fastify.ledger,
      mayBuy: (target) => fastify.leases.holds(target),
      onSpend,
      onAttempt,
      credentials,
    };
    let clients: ReadonlyMap<string, TargetAws> = new Map();
    let opening: Promise<void> | undefined;
    let close = () => {};
    let closed = false;

    async function open(): Promise<void> {
      const { openAws } = await import('../../src/aws/open.ts');
      const aws = openAws(config.targets, context, config.aws.proxy);
      clients = aws.clients;
      close = aws.close;
      if (closed) close();
    }

    async function clientOf(name: string): Promise<TargetAws> {
      opening ??= open();
      await opening;
      const client = clients.get(name);
      if (client === undefined) throw new RangeError(`no target ${name}`);
      return client;
    }

    const accounts = new Accounts(
      config.targets.map((target) => ({
        target,
        ask: async (signal) => (await clientOf(target.name)).accountId(signal),
      })),
      onAccount,
      now,
    );
    fastify.decorate('aws', {
      account: (target) => accounts.resolve(target.name),
      session: async (target, collector, signal) => (await clientOf(target.name)).session(collector, signal),
      classify(target, error) {
        clients.get(target.name)?.noteFailure(error);
        return awsError(error, 'ce:*');
      },
      knownAccount: (target) => accounts.known(target),
    });
    fastify.addHook('onClose', async () => {
      closed = true;
      close();
    });
  },
  { name: 'aws', fastify: '5.x', dependencies: ['store'] },
);
