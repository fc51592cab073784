import type { AwsCredentialIdentityProvider } from '@smithy/types';
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import cost from '../plugins/cost/index.ts';
import forecast from '../plugins/forecast/index.ts';
import optimization from '../plugins/optimization/index.ts';
import access from '../plugins/platform/access.ts';
import aws from '../plugins/platform/aws.ts';
import collections from '../plugins/platform/collections.ts';
import documents from '../plugins/platform/documents.ts';
import errors, { parameterError, refuseMalformed, refusePath } from '../plugins/platform/errors.ts';
import guard from '../plugins/platform/guard.ts';
import headers from '../plugins/platform/headers.ts';
import metrics from '../plugins/platform/metrics.ts';
import openapi from '../plugins/platform/openapi.ts';
import store from '../plugins/platform/store.ts';
import tags from '../plugins/tags/index.ts';
import wellArchitected from '../plugins/well-architected/index.ts';
import { healthRoute } from '../routes/health.ts';
import { homeRoute } from '../routes/home.ts';
import { metricsRoute } from '../routes/metrics.ts';
import { spendRoute } from '../routes/spend.ts';
import { readyRoute, type StatusSource, targetsRoute } from '../routes/status.ts';
import { AWS_LIMITS, type AwsLimits } from './aws/limits.ts';
import type { OnAttempt } from './aws/meter.ts';
import type { SnapshotStore } from './collection/snapshot.ts';
import type { Config } from './config.ts';
import { logDestination } from './log-destination.ts';
import type { SelfMetrics } from './metrics/self.ts';
import { keepTickObject } from './next-tick.ts';
import { sharedClock } from './replicas/shared-clock.ts';
import { compilersFactory } from './web/compilers.ts';
import { WebInForce } from './web/in-force.ts';
import { WEB_LIMITS, type WebLimits } from './web/limits.ts';
import { isOpen } from './web/open.ts';

/** The capabilities, in the canonical order. */
const CAPABILITIES = { cost, forecast, tags, optimization, 'well-architected': wellArchitected };

/** What an app is made from; all but `config` is for tests and the demo. */
export interface AppOptions {
  readonly config: Config;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: () => number;
  readonly logger?: FastifyServerOptions['logger'];
  /** Keeps the snapshots, in place of what the configuration says. */
  readonly store?: SnapshotStore;
  /** Credentials of the process; by default the SDK's own chain. */
  readonly credentials?: AwsCredentialIdentityProvider;
  /** Draws each job's phase offset: a number in [0, 1). */
  readonly random?: () => number;
  /** Redis' clock and the monotonic one, where time is simulated; milliseconds. */
  readonly serverTime?: () => number;
  /** Limits of the listeners in place of {@link WEB_LIMITS}. */
  readonly limits?: Partial<WebLimits>;
  /** Limits of what is asked of AWS in place of {@link AWS_LIMITS}. */
  readonly awsLimits?: Partial<AwsLimits>;
}

/** The two listeners of one app. */
export interface App {
  /** REST, and everything that works in the background. */
  readonly rest: FastifyInstance;
  /** The listener of /metrics: `rest` itself where both ports are the same number. */
  readonly metrics: FastifyInstance;
  /** Listens on both ports, the metrics' first; collection starts then. */
  listen(): Promise<{ restUrl: string; metricsUrl: string }>;
  /** Ends both listeners, the jobs and every run under way. */
  close(): Promise<void>;
}

/** How long open connections may go on after the stop signal, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;

/** Composes one exporter. Several in one process do not see each other. */
export async function buildApp(options: AppOptions): Promise<App> {
  keepTickObject();
  const { config } = options;
  const limits = { ...WEB_LIMITS, ...options.limits };
  const web: WebInForce = new WebInForce(config.web, limits, () => rest.log);
  const rest = createFastify(web, limits, {
    logger: options.logger ?? { level: config.logLevel, stream: logDestination() },
  });
  const self = selfMetricsLater();
  const clock = sharedClock(options.now ?? Date.now, (differenceMs) =>
    rest.log.warn({ differenceMs }, "this machine's clock and Redis' are far apart: one of them is wrong"),
  );
  const { now } = clock;

  await rest.register(headers, { configured: web.headers });
  await rest.register(metrics);
  // Before `errors`, which answers unknown paths: whoever looks for some is limited too.
  await rest.register(guard, { limits });
  await rest.register(errors);
  await rest.register(access, { limits, rest: true, web });
  await rest.register(openapi, { web });
  await rest.register(store, {
    config,
    now,
    store: options.store,
    onUp: self.cacheUp,
    onTime: clock.correct,
    serverTime: options.serverTime,
  });
  await rest.register(aws, {
    config,
    now,
    credentials: options.credentials,
    limits: { ...AWS_LIMITS, ...options.awsLimits },
    ...self.aws,
  });
  await rest.register(collections, { config, now, onSelf: self.ready, random: options.random });
  await rest.register(documents, { config });
  for (const [name, capability] of Object.entries(CAPABILITIES)) {
    if (config.capabilities.includes(name)) await rest.register(capability, { config });
  }

  const source: StatusSource = {
    config,
    states: rest.collections.states,
    now,
    account: (target) => rest.aws.knownAccount(target) ?? rest.collections.keptAccount(target),
    stopping: () => rest.collections.stopping,
  };
  const single = config.port === config.metricsPort && config.port !== 0;
  const scraped = single ? rest : createFastify(web, limits, { loggerInstance: rest.log });
  if (!single) {
    await scraped.register(headers, { configured: web.headers });
    await scraped.register(errors);
    await scraped.register(access, { limits, rest: false, web });
  }
  for (const listener of new Set([rest, scraped])) {
    healthRoute(listener, now);
    readyRoute(listener, source);
  }
  metricsRoute(scraped, (format, encoding) => rest.collections.page(format, encoding), self.scraped);
  targetsRoute(rest, source);
  spendRoute(rest, { config, ledger: rest.ledger, states: rest.collections.states.all(), now });
  homeRoute(rest, { ...source, ledger: rest.ledger });
  return appOf(rest, scraped, config, web);
}

function createFastify(
  { listeners, tls }: WebInForce,
  { bodyBytes }: WebLimits,
  logging: Pick<FastifyServerOptions, 'logger' | 'loggerInstance'>,
): FastifyInstance {
  return Fastify({
    ...logging,
    serverFactory: listeners.create,
    // The servers are made by the factory: this is what its addresses are named by.
    ...(tls ? { https: {} } : {}),
    bodyLimit: bodyBytes,
    // Log lines for each scrape and probe would drown the ones that matter.
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: false,
    // None is too long for the router: the schema says how long a parameter is, in the one way that the document knows.
    routerOptions: { maxParamLength: Number.MAX_SAFE_INTEGER },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    schemaController: { compilersFactory },
    schemaErrorFormatter: parameterError,
    frameworkErrors: refusePath,
    clientErrorHandler: refuseMalformed,
  });
}

function appOf(rest: FastifyInstance, scraped: FastifyInstance, config: Config, web: WebInForce): App {
  const { host, port, metricsPort } = config;
  let grace: NodeJS.Timeout | undefined;
  rest.addHook('preClose', async () => {
    grace = setTimeout(() => web.listeners.closeAllConnections(), CLOSE_GRACE_MS).unref();
  });
  rest.addHook('onClose', async () => {
    if (scraped !== rest) await scraped.close();
    // The listener of `rest` has ended before its hooks run: what is closed is not held until the timer fires.
    clearTimeout(grace);
    await web.close();
  });
  return {
    rest,
    metrics: scraped,
    async listen() {
      // Everything is composed before the first port opens; the metrics' port opens before collection starts.
      await rest.ready();
      const metricsUrl = scraped === rest ? undefined : await scraped.listen({ host, port: metricsPort });
      const restUrl = await rest.listen({ host, port });
      web.start();
      if (isOpen(config)) {
        rest.log.warn(
          { host },
          'REST is open to the network without authentication: set API_TOKENS_FILE or WEB_CONFIG_FILE, or HOST=127.0.0.1',
        );
      }
      return { restUrl, metricsUrl: metricsUrl ?? restUrl };
    },
    close: () => rest.close(),
  };
}

/** Self metrics exist once all capabilities are known; what happens before is remembered as far as it lasts. */
function selfMetricsLater() {
  let self: SelfMetrics | undefined;
  let up = false;
  return {
    cacheUp(now: boolean) {
      up = now;
      self?.cacheUp(now);
    },
    scraped() {
      self?.scraped();
    },
    ready(made: SelfMetrics) {
      self = made;
      self.cacheUp(up);
    },
    aws: {
      onAttempt: (target: string, ...[operation, result, seconds]: Parameters<OnAttempt>) =>
        self?.awsRequest(operation, target, result, seconds),
      onSpend: (target: string, usd: number) => self?.spend(target, usd),
      onAccount: (target: string, accountId: string) => self?.account(target, accountId),
    },
  };
}
