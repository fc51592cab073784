import type { AwsCredentialIdentityProvider } from '@smithy/types';
import fp from 'fastify-plugin';
import { Accounts } from '../../src/aws/accounts.ts';
import { awsError } from '../../src/aws/aws-errors.ts';
import { type AwsContext, TargetAws } from '../../src/aws/clients.ts';
import { createTransport } from '../../src/aws/http.ts';
import type { AwsLimits } from '../../src/aws/limits.ts';
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
  readonly limits: AwsLimits;
  readonly onAttempt: AwsContext['onAttempt'];
  readonly onSpend: (target: string, usd: number) => void;
  readonly onAccount: (target: string, accountId: string) => void;
}

/** Clients, accounts and the ledger of every target. */
export default fp<AwsOptions>(
  async function awsPlugin(fastify, { config, now, credentials, limits, onAttempt, onSpend, onAccount }) {
    const transport = createTransport(config.aws.proxy, limits);
    const context: AwsContext = {
      endpoints: config.aws.endpoints,
      transport,
      ledger: fastify.ledger,
      mayBuy: (target) => fastify.leases.holds(target),
      onSpend,
      onAttempt,
      credentials,
    };
    const clients = new Map(config.targets.map((target) => [target.name, new TargetAws(context, target)]));
    const clientOf = (name: string) => {
      const client = clients.get(name);
      if (client === undefined) throw new RangeError(`no target ${name}`);
      return client;
    };
    const accounts = new Accounts(
      config.targets.map((target) => ({ target, ask: (signal) => clientOf(target.name).accountId(signal) })),
      onAccount,
      now,
      limits,
    );
    fastify.decorate('aws', {
      account: (target) => accounts.resolve(target.name),
      session: (target, collector, signal) => clientOf(target.name).session(collector, signal),
      classify(target, error) {
        clientOf(target.name).noteFailure(error);
        return awsError(error, 'ce:*');
      },
      knownAccount: (target) => accounts.known(target),
    });
    fastify.addHook('onClose', () => {
      for (const client of clients.values()) client.close();
      transport.close();
    });
  },
  { name: 'aws', fastify: '5.x', dependencies: ['store'] },
);
