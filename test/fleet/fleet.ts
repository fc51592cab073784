import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { type Served, startServe } from '../e2e/command.ts';
import { numberedBill } from '../e2e/numbered-bill.ts';
import { ofFamily, scrape, total, valueIn } from '../e2e/page.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { startTcpProxy, type TcpProxy } from '../servers/tcp-proxy.ts';

const PROGRAM = fileURLToPath(new URL('replica.ts', import.meta.url));
const WINDOW_DAYS = 30;
const SERVICES = 2;

/** What one replica shows at one moment. */
export interface View {
  /** Whether the cost families are on its page. */
  readonly exposes: boolean;
  /** The number of the bill that its page shows; undefined where it shows none. */
  readonly bill: number | undefined;
  readonly cacheUp: boolean;
  readonly holds: boolean;
}

/** One exporter of a fleet: a process, with a network of its own between it and Redis. */
export interface Replica {
  readonly name: string;
  /** Undefined while it is killed. */
  served: Served | undefined;
  paused: boolean;
  isCut: boolean;
  readonly proxy: TcpProxy;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** Nothing passes between it and Redis, and new connections are refused. */
  cut(): void;
  heal(): void;
  /** Its page; undefined where it does not answer in a second. */
  view(): Promise<View | undefined>;
  /** The number of the bill in its /cost/current; undefined where there is none. */
  rest(): Promise<number | undefined>;
}

export interface FleetOptions {
  readonly replicas: number;
  readonly env?: NodeJS.ProcessEnv;
  /** How far the clock of each replica is off, in milliseconds. */
  readonly skews?: readonly number[];
}

/** Some exporters that share one Redis and one AWS. */
export interface Fleet {
  readonly redis: RedisServer;
  readonly simulator: Simulator;
  readonly replicas: readonly Replica[];
  /** Changes the bill: every figure is then of that number. */
  setBill(number: number): void;
  /** When Cost Explorer has answered the cost query, in milliseconds since the epoch. */
  bought(): number[];
}

/** Starts a fleet whose processes end with the test; undefined, with a visible skip, where Redis is absent. */
export async function startFleet(t: Test, options: FleetOptions): Promise<Fleet | undefined> {
  const redis = await startRedis(t);
  if (redis === undefined) return undefined;
  const bill = (number: number) =>
    numberedBill({ number, today: new Date(), days: WINDOW_DAYS + 35, services: SERVICES, accounts: 1 });
  const simulator = await startSimulator({ bill: bill(1) });
  t.teardown(() => simulator.close());
  const replicas: Replica[] = [];
  for (let index = 0; index < options.replicas; index++) {
    const proxy = await startTcpProxy(t, redis.port);
    const env = {
      AWS_ENDPOINT_URL: simulator.url,
      REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
      CAPABILITIES: 'cost',
      AWS_SPEND_BUDGET_USD: '100000',
      CLOCK_SKEW_MS: String(options.skews?.[index] ?? 0),
      ...options.env,
    };
    replicas.push(replicaOf(t, `replica ${index}`, env, proxy, redis.port));
  }
  await Promise.all(replicas.map((replica) => replica.start()));
  return {
    redis,
    simulator,
    replicas,
    setBill: (number) => simulator.setBill(bill(number)),
    bought: () =>
      simulator.requests
        .filter(({ operation, status }) => operation === 'GetCostAndUsage' && status === 200)
        .map(({ time }) => Date.parse(time)),
  };
}

function replicaOf(
  t: Test,
  name: string,
  env: NodeJS.ProcessEnv,
  proxy: TcpProxy,
  redisPort: number,
): Replica {
  const replica: Replica = {
    name,
    served: undefined,
    paused: false,
    isCut: false,
    proxy,
    async start() {
      replica.served = await startServe(t, env, { args: [PROGRAM] });
    },
    async kill() {
      const { served } = replica;
      replica.served = undefined;
      replica.paused = false;
      await served?.end('SIGKILL');
    },
    pause() {
      replica.served?.signal('SIGSTOP');
      replica.paused = true;
    },
    resume() {
      replica.served?.signal('SIGCONT');
      replica.paused = false;
    },
    cut() {
      replica.isCut = true;
      proxy.target = 1;
      proxy.cut();
    },
    heal() {
      replica.isCut = false;
      proxy.target = redisPort;
    },
    async view() {
      const { served } = replica;
      if (served === undefined || replica.paused) return undefined;
      const page = await within(scrape(served.metricsUrl));
      if (page === undefined) return undefined;
      const exposes = ofFamily(page, 'aws_cost_total').length > 0;
      return {
        exposes,
        bill: exposes ? numberOf(total(page, 'aws_cost_total')) : undefined,
        cacheUp: valueIn(page, 'aws_cost_exporter_cache_up') === 1,
        holds: valueIn(page, 'aws_cost_exporter_lease_held') === 1,
      };
    },
    async rest() {
      const { served } = replica;
      if (served === undefined || replica.paused) return undefined;
      const answer = await within(fetch(`${served.restUrl}/cost/current`));
      if (answer?.status !== 200) return undefined;
      const body = (await answer.json()) as { total: number };
      return numberOf(body.total);
    },
  };
  return replica;
}

/** The number of a bill whose window sums to a total. */
function numberOf(sum: number): number {
  return sum / (WINDOW_DAYS * SERVICES);
}

async function within<T>(answer: Promise<T>, ms = 1_000): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([answer.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
