import fastifySchedule from '@fastify/schedule';
import fp from 'fastify-plugin';
import type { Capability } from '../../src/collection/capability.ts';
import type { BillSeen } from '../../src/collection/changes.ts';
import { Freshness } from '../../src/collection/freshness.ts';
import { Jobs } from '../../src/collection/jobs.ts';
import { Keeper } from '../../src/collection/keeper.ts';
import { ownerOf, type Publication, Publisher } from '../../src/collection/publisher.ts';
import { Runner, type RunnerEvents } from '../../src/collection/runner.ts';
import { type CollectorState, CollectorStates } from '../../src/collection/state.ts';
import type { Config } from '../../src/config.ts';
import { Exposition } from '../../src/metrics/exposition.ts';
import { processRegistry, renderLive } from '../../src/metrics/live.ts';
import type { Encoding, Format } from '../../src/metrics/negotiate.ts';
import { createSelfMetrics, type SelfMetrics } from '../../src/metrics/self.ts';
import { sharedWork } from '../../src/shared-work.ts';
import { setAsideFor } from '../../src/spend/set-aside.ts';
import { REVISION, VERSION } from '../../src/version.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** What is collected, how it stands and what of it is published. */
    collections: Collections;
  }
}

/** Collectors of every target: capabilities register here, routes read here. */
export interface Collections {
  readonly states: CollectorStates;
  /** Clock of the app, milliseconds since the epoch. */
  readonly now: () => number;
  /** Adds a capability for every target that has it. */
  register(capability: Capability): void;
  /** What is published of a collector and target. */
  current(collector: string, target: string): Publication | undefined;
  /** One page of /metrics. */
  page(format: Format, encoding: Encoding): ReturnType<Exposition['page']>;
  /** Runs one collector now, unless it is fresh. */
  run(state: CollectorState): ReturnType<Runner['run']>;
  /** Takes up what is kept, without collecting. */
  restore(): Promise<void>;
  /** The account that a target's kept snapshots name. */
  keptAccount(target: string): string | undefined;
  /** Publishes all anew, as at midnight UTC. */
  newDay(): Promise<void>;
  /** Set once the app begins to stop. */
  readonly stopping: boolean;
}

export interface CollectionsOptions {
  readonly config: Config;
  readonly now: () => number;
  /** Handed the self metrics once they exist. */
  readonly onSelf: (self: SelfMetrics) => void;
  readonly random?: (() => number) | undefined;
}

/** Composes the machine: states, publisher, runner and jobs. Collection starts once the app listens. */
export default fp<CollectionsOptions>(
  async function collectionsPlugin(fastify, { config, now, onSelf, random }) {
    await fastify.register(fastifySchedule);
    const states = new CollectorStates();
    let machine: ReturnType<typeof build> | undefined;
    let stopping = false;
    const built = () => {
      if (machine === undefined) throw new Error('the app is not ready yet');
      return machine;
    };
    // Scrapes by the thousand at once cost no more than one after the other.
    const pageOf = (format: Format, encoding: Encoding) =>
      sharedWork(async () =>
        built().exposition.page(format, encoding, await renderLive([fastify.registry, processRegistry()]), {
          business: fastify.leases.exposes(),
        }),
      );
    const pages = {
      text: { gzip: pageOf('text', 'gzip'), identity: pageOf('text', 'identity') },
      openmetrics: { gzip: pageOf('openmetrics', 'gzip'), identity: pageOf('openmetrics', 'identity') },
    };
    fastify.decorate('collections', {
      states,
      now,
      register: (capability) => states.add(capability, config.targets),
      current: (collector, target) => machine?.publisher.current(collector, target),
      page: (format, encoding) => pages[format][encoding](),
      run: (state) => built().runner.run(state),
      restore: () => built().keeper.restore(states.all()),
      keptAccount: (target) =>
        states.ofTarget(target).find(({ kept }) => kept !== undefined)?.kept?.snapshot.accountId,
      newDay: () => built().keeper.newDay(states.all()),
      get stopping() {
        return stopping;
      },
    });

    function build() {
      const self = selfMetrics();
      onSelf(self);
      const families = [
        ...new Map(states.all().map(({ capability }) => [capability.name, capability.families])).values(),
      ];
      const owners = states.all().map(({ capability, target }) => ownerOf(capability.name, target.name));
      const exposition = new Exposition(families.flat(), owners);
      const publisher = new Publisher({
        states,
        exposition,
        maxSeries: config.maxSeries,
        now,
        events: {
          onSeries: (collector, target, count) => self.series(collector, target, count),
          onExceeded: (collector, target, series) =>
            fastify.log.warn(
              { collector, target, series, maxSeries: config.maxSeries },
              'MAX_SERIES is exceeded: one __other__ per account and date is the least',
            ),
          onHidden: (collector, target, claims) =>
            fastify.log.info(
              { collector, target, claims },
              'what a target before this one reports is left out of its metrics',
            ),
        },
      });
      const freshness = new Freshness({
        cacheTtlMs: config.cacheTtlMs,
        changes: config.changes,
        bill: (follower) => billSeen(states.ofTarget(follower.target.name), follower, now()),
        now,
      });
      fastify.budget.setAside = (buyer) => setAsideFor(buyer, states.all(), config.changes, now());
      const events: RunnerEvents = {
        onSkip: (collector, target, reason) => self.skipped(collector, target, reason),
        onAttempt: (collector, target, { ok, at, durationMs }) =>
          self.attemptEnded(collector, target, { ok, at: new Date(at), durationSeconds: durationMs / 1_000 }),
        onConfirmed: (collector, target, at, accountId) => {
          if (at !== undefined) self.confirmed(collector, target, new Date(at));
          self.account(target, accountId);
        },
        onMoved: (target, at) => self.billChanged(target, new Date(at)),
        onLog: (level, details, message) => fastify.log[level](details, message),
      };
      const { store, leases, ledger } = fastify;
      const keeper = new Keeper({ store, leases, ledger, publisher, events, now });
      const runner = new Runner({
        keeper,
        leases,
        ledger,
        freshness,
        aws: fastify.aws,
        now,
        seer: (target) => seerOf(states.ofTarget(target.name)),
        other: (target, collector) => states.get(collector, target.name)?.kept?.snapshot,
        events,
      });
      store.onNews((collector, target) => {
        const state = states.get(collector, target);
        if (state === undefined) return false;
        runner.adopt(state).catch((err) => fastify.log.error({ err }, 'news are lost'));
        return true;
      });
      const jobs = new Jobs({
        scheduler: fastify.scheduler,
        runner,
        keeper,
        leases,
        states: states.all(),
        now,
        ...(random === undefined ? {} : { random }),
        onError: (err) => fastify.log.error({ err }, 'a job failed'),
        onLost(target) {
          fastify.log.info({ target }, 'another replica collects for the target now');
          for (const { capability } of states.ofTarget(target)) self.handedOver(capability.name, target);
        },
      });
      return { publisher, exposition, keeper, runner, jobs };
    }

    function selfMetrics(): SelfMetrics {
      return createSelfMetrics(fastify.registry, {
        version: VERSION,
        revision: REVISION,
        startTime: new Date(now()),
        costMetric: config.cost.metric,
        targets: config.targets.map(({ name, capabilities }) => ({ name, features: capabilities })),
        collectors: states
          .all()
          .map(({ capability, target }) => ({ collector: capability.name, target: target.name })),
        operations: [
          ...config.targets.flatMap(({ name, roleArn }) =>
            ['GetCallerIdentity', ...(roleArn ? ['AssumeRole'] : [])].map((operation) => ({
              operation,
              target: name,
            })),
          ),
          ...states
            .all()
            .flatMap(({ capability, target }) =>
              capability.operations.map((operation) => ({ operation, target: target.name })),
            ),
        ],
        redis: config.redis !== undefined,
        budgetUsd: config.spend.budgetUsd,
        holds: (target) => fastify.leases.holds(target),
        exposes: () => fastify.leases.exposes(),
      });
    }

    fastify.addHook('onReady', async () => {
      machine = build();
    });
    fastify.addHook('onListen', async () => {
      await built().jobs.start();
    });
    fastify.addHook('preClose', async () => {
      stopping = true;
      await machine?.jobs.stop();
    });
  },
  { name: 'collections', fastify: '5.x', dependencies: ['store', 'aws', 'metrics'] },
);

/**
 * What the collector that sees the bill of a target knows; undefined where it has not looked for two of its intervals, or sees
 * that of another account.
 */
function billSeen(
  states: readonly CollectorState[],
  { kept }: CollectorState,
  now: number,
): BillSeen | undefined {
  const seer = seerOf(states);
  if (seer?.kept === undefined || seer.lastSuccess === undefined) return undefined;
  if (now - seer.lastSuccess > 2 * seer.capability.intervalMs) return undefined;
  const { accountId, data } = seer.kept.snapshot;
  if (kept !== undefined && kept.snapshot.accountId !== accountId) return undefined;
  return { movedAt: seer.capability.movedAt?.(data), standsSince: seer.capability.standsSince?.(data) };
}

/** Of a target's collectors the one that sees its bill move. */
function seerOf(states: readonly CollectorState[]): CollectorState | undefined {
  return states.find(({ capability }) => capability.movedAt !== undefined);
}
