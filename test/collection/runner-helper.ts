import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { awsError } from '../../src/aws/aws-errors.ts';
import type { AwsSession } from '../../src/aws/clients.ts';
import { partitionOf } from '../../src/aws/partitions.ts';
import type { Capability, CollectContext, Collected, View } from '../../src/collection/capability.ts';
import { Freshness } from '../../src/collection/freshness.ts';
import { Keeper } from '../../src/collection/keeper.ts';
import { MemoryStore } from '../../src/collection/memory-store.ts';
import { Publisher } from '../../src/collection/publisher.ts';
import { Runner, type RunnerEvents, type RunnerOptions } from '../../src/collection/runner.ts';
import type { Kept, Standing } from '../../src/collection/snapshot.ts';
import { type CollectorState, CollectorStates } from '../../src/collection/state.ts';
import type { ChangeRules, Target } from '../../src/config.ts';
import { Exposition } from '../../src/metrics/exposition.ts';
import type { Family } from '../../src/metrics/family.ts';
import { type Leases, OwnLeases } from '../../src/replicas/leases.ts';
import type { Ledger } from '../../src/spend/ledger.ts';
import { LocalLedger } from '../../src/spend/local-ledger.ts';

const Data = Type.Object({ value: Type.Number(), accounts: Type.Array(Type.String()) });
export interface TestData {
  readonly value: number;
  /** Linked accounts with a series of their own. */
  readonly accounts: readonly string[];
}

/** What a collection of the test's brings. */
export const brings = (value: number, ...accounts: string[]): Collected<TestData> => ({
  data: { value, accounts: accounts.length > 0 ? accounts : ['1'] },
  failed: [],
});

export const INTERVAL_MS = 3_600_000;

/** A capability of one family, `test_<name>`, with a series for each linked account that is not hidden. */
export function capabilityOf(
  collect: (context: CollectContext<TestData>) => Promise<Collected<TestData>>,
  more: Partial<Capability<TestData>> = {},
): Capability<TestData> {
  const name = more.name ?? 'cost';
  const family: Family = {
    name: `test_${name}`,
    type: 'gauge',
    help: 'A value.',
    labels: ['target', 'account_id'],
  };
  return {
    name,
    intervalMs: INTERVAL_MS,
    timeoutMs: 10_000,
    operations: [],
    schema: 1,
    families: [family],
    reads: [],
    accepts: (data): data is TestData => Value.Check(Data, data),
    fingerprint: () => 'f',
    collect,
    present: ({ snapshot, hidden }: View<TestData>) => {
      const { value, accounts } = snapshot.data;
      const shown = accounts.filter((account) => !hidden.has(account));
      return {
        samples: [[family, shown.map((account) => [[snapshot.target, account], value] as const)]],
        folded: 0,
        claims: accounts,
        document: () => ({ value }),
      };
    },
    empty: () => ({}),
    ...more,
  };
}

/** Clients that are never used. */
export const SESSION: AwsSession = {
  costExplorer: unused,
  costOptimizationHub: unused,
  tagging: unused,
  wellArchitected: unused,
  partition: partitionOf('us-east-1'),
  regions: ['us-east-1'],
  paidRequests: 0,
  hold: async () => {},
  release: async () => {},
};

function unused(): never {
  throw new Error('this test buys nothing');
}

export interface MachineOptions {
  readonly capabilities: readonly Capability<TestData>[];
  readonly targets?: readonly Partial<Target>[];
  readonly cacheTtlMs?: number;
  readonly store?: MemoryStore;
  readonly maxSeries?: number;
  readonly aws?: Partial<RunnerOptions['aws']>;
  readonly leases?: Leases;
  readonly ledger?: Ledger;
  /** Default: change detection is off. */
  readonly changes?: Partial<ChangeRules>;
  /** When the bill was last seen moved, where somebody looks at it. */
  readonly bill?: () => { movedAt: number | undefined } | undefined;
}

/** A budget that nothing reaches. */
export const AMPLE = {
  pages: Number.MAX_SAFE_INTEGER,
  ofTarget: () => undefined,
  setAside: () => ({ all: 0, ofTarget: 0 }),
};

export const NOON = Date.parse('2026-03-15T12:00:00Z');

/** Runner, publisher, page and store of some capabilities, with a clock that stands, and all that they tell. */
export function machineOf(options: MachineOptions) {
  const clock = { now: NOON };
  const told: string[] = [];
  const states = new CollectorStates();
  const targets = (options.targets ?? [{}]).map(
    (target, index): Target => ({
      name: index === 0 ? 'default' : `target${index}`,
      capabilities: options.capabilities.map(({ name }) => name),
      regions: [],
      tagKeys: [],
      ...target,
    }),
  );
  for (const capability of options.capabilities) states.add(capability, targets);
  const exposition = new Exposition(options.capabilities.flatMap(({ families }) => families));
  const publisher = new Publisher({
    states,
    exposition,
    maxSeries: options.maxSeries ?? 0,
    now: () => clock.now,
    events: {
      onSeries: (collector, target, { series }) => told.push(`series ${collector}/${target} ${series}`),
      onExceeded: (collector, target, series) => told.push(`exceeded ${collector}/${target} ${series}`),
      onHidden: (collector, target, claims) => told.push(`hidden ${collector}/${target} ${claims}`),
    },
  });
  const store = options.store ?? new MemoryStore();
  const leases = options.leases ?? new OwnLeases(targets.map(({ name }) => name));
  const ledger = options.ledger ?? new LocalLedger(AMPLE, () => clock.now);
  const freshness = new Freshness({
    cacheTtlMs: options.cacheTtlMs ?? INTERVAL_MS,
    changes: {
      detect: false,
      minIntervalMs: 6 * INTERVAL_MS,
      maxAgeMs: 24 * INTERVAL_MS,
      ...options.changes,
    },
    bill: () => options.bill?.(),
    now: () => clock.now,
  });
  const events: RunnerEvents = {
    onSkip: (collector, target, reason) => told.push(`skip ${collector}/${target} ${reason}`),
    onAttempt: (collector, target, { ok, at }) =>
      told.push(`attempt ${collector}/${target} ${ok ? 'ok' : 'failed'} ${at - NOON}`),
    onConfirmed: (collector, target, at, account) =>
      told.push(`confirmed ${collector}/${target} ${at === undefined ? 'in part' : at - NOON} ${account}`),
    onMoved: (target, at) => told.push(`moved ${target} ${at - NOON}`),
    onLog: (level, _details, message) => told.push(`${level} ${message}`),
  };
  const keeper = new Keeper({ store, leases, ledger, publisher, events, now: () => clock.now });
  const runner = new Runner({
    keeper,
    leases,
    ledger,
    freshness,
    aws: {
      account: async () => '111122223333',
      session: async () => SESSION,
      classify: (_target, error) => awsError(error, 'ce:Test'),
      ...options.aws,
    },
    seer: (target) => states.ofTarget(target.name).find(({ capability }) => capability.movedAt !== undefined),
    other: (target, collector) => states.get(collector, target.name)?.kept?.snapshot,
    now: () => clock.now,
    events,
  });
  return {
    clock,
    told,
    states,
    store,
    leases,
    ledger,
    freshness,
    keeper,
    runner,
    publisher,
    exposition,
    /** The state of a collector. */
    state(collector = 'cost', target = 'default'): CollectorState {
      const state = states.get(collector, target);
      if (state === undefined) throw new Error(`no ${collector}/${target}`);
      return state;
    },
    /** The sample lines of the page. */
    async lines(): Promise<string[]> {
      const { chunks } = await exposition.page('text', 'identity', '');
      const text = Buffer.concat(chunks).toString();
      return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    },
  };
}

/** A sample line of `test_cost`. */
export const line = (value: number, target = 'default', account = '1', name = 'cost') =>
  `test_${name}{target="${target}",account_id="${account}"} ${value}`;

/** A kept snapshot as the runner of this test would have written it. */
export function keptOf(data: unknown, more: Partial<Kept['snapshot']> = {}, at = NOON): Kept {
  const collectedAt = new Date(at).toISOString();
  const snapshot = {
    schema: 1,
    collector: 'cost',
    target: 'default',
    accountId: '111122223333',
    collectedAt,
    requests: 1,
    fingerprint: '["","","f"]',
    partial: false,
    data,
    ...more,
  };
  return { snapshot, confirmedAt: collectedAt };
}

/** How a collector stands that has collected such a snapshot. */
export function standingFor({ snapshot, confirmedAt }: Kept, more: Partial<Standing> = {}): Standing {
  const { collector, target, collectedAt, partial, fingerprint } = snapshot;
  const at = Date.parse(confirmedAt);
  return {
    collector,
    target,
    fingerprint,
    collectedAt,
    confirmedAt,
    status: partial ? 'partial' : 'ok',
    cause: null,
    failed: [],
    passedOver: [],
    lastAttempt: at,
    lastSuccess: partial ? null : at,
    emptyHandedAt: null,
    notBefore: null,
    interruptions: 0,
    minPages: 0,
    ...more,
  };
}
