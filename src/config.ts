import { accessSync, constants } from 'node:fs';
import { Value } from '@sinclair/typebox/value';
import {
  ConfigError,
  type Fault,
  isSet,
  readSettings,
  readTargetsFile,
  withoutUser,
} from './config/faults.ts';
import { CAPABILITIES, parseDuration, type Settings } from './config/settings.ts';
import { Estimates, type TargetEntry } from './config/targets-file.ts';
import type { Read } from './web/small-file.ts';
import { readTokens, type Token } from './web/tokens.ts';
import { readWebConfig, type WebConfig } from './web/web-config.ts';

export { ConfigError } from './config/faults.ts';

/** One set of credentials and what is collected with it. */
export interface Target {
  readonly name: string;
  /** Role to assume; without it the process's own credentials are used. */
  readonly roleArn?: string | undefined;
  readonly externalId?: string | undefined;
  /** Region of the credentials; undefined: the shared AWS configuration's, else us-east-1. */
  readonly region?: string | undefined;
  /** The account that the credentials must belong to. */
  readonly accountId?: string | undefined;
  /** Where tagged resources and Well-Architected workloads are looked for; empty: in the target's own region. */
  readonly regions: readonly string[];
  readonly tagKeys: readonly string[];
  /** Most US dollars that it may spend in one UTC day; undefined: no limit of its own. */
  readonly spendBudgetUsd?: number | undefined;
  /** Names of the capabilities, in the canonical order. */
  readonly capabilities: readonly string[];
}

/** Where Redis is. */
export interface RedisSettings {
  /** Whole address with user and password; in place of `host`, `port` and `db`. */
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port: number;
  readonly db: number;
  readonly keyPrefix: string;
  /** Sentinels that name the primary, `host:port` each; none: Redis is asked itself. */
  readonly sentinels?: readonly string[] | undefined;
  /** Name of the primary among the Sentinels. */
  readonly sentinelName?: string | undefined;
}

/** Endpoint of each AWS service; undefined: AWS's own. */
export interface Endpoints {
  readonly costExplorer?: string | undefined;
  readonly sts?: string | undefined;
  readonly costOptimizationHub?: string | undefined;
  readonly tagging?: string | undefined;
  readonly wellArchitected?: string | undefined;
}

/** How a bill that does not move saves purchases. */
export interface ChangeRules {
  /** Whether only what has changed is bought. */
  readonly detect: boolean;
  /** Least time between two purchases that follow a change, in milliseconds; for forecast and tags. */
  readonly minIntervalMs: number;
  /** Longest time for which nothing is bought anew, in milliseconds. */
  readonly maxAgeMs: number;
}

/** What the listeners ask of their clients, as the files of it were read at start. */
export interface WebSettings {
  readonly config?: Loaded<WebConfig> | undefined;
  readonly tokens?: Loaded<readonly Token[]> | undefined;
}

/** A file, and what it said. */
export interface Loaded<Value> {
  readonly path: string;
  readonly read: Read<Value>;
}

/** The program's whole configuration, resolved and frozen. Durations are milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly logLevel: string;
  readonly web: WebSettings;
  /** In file order: where two targets see one account, the first is heard. */
  readonly targets: readonly Target[];
  /** Capabilities that at least one target has, in the canonical order. */
  readonly capabilities: readonly string[];
  readonly aws: {
    readonly endpoints: Endpoints;
    /** `HTTPS_PROXY`; the proxy library reads NO_PROXY, and only that, from the environment itself. */
    readonly proxy?: string | undefined;
  };
  readonly redis?: RedisSettings | undefined;
  readonly cost: {
    readonly metric: Settings['COST_METRIC'];
    readonly windowDays: number;
    readonly dailyDays: number;
    readonly settledDays: number;
    readonly intervalMs: number;
  };
  readonly forecast: { readonly intervalMs: number };
  readonly tags: { readonly intervalMs: number };
  readonly optimization: {
    readonly intervalMs: number;
    readonly source: Settings['OPTIMIZATION_SOURCE'];
    /** Monthly savings from which a recommendation is of high, and of medium priority. */
    readonly priorities: { readonly high: number; readonly medium: number };
  };
  readonly wellArchitected: { readonly intervalMs: number };
  /** What stands in where AWS has nothing real. */
  readonly estimates: Estimates;
  readonly spend: {
    /** Most US dollars that all replicas together may spend in one UTC day. */
    readonly budgetUsd: number;
  };
  readonly changes: ChangeRules;
  /** Which replicas show the business families on /metrics. */
  readonly expose: Settings['EXPOSE'];
  /** Folder that keeps snapshots and ledger; only without Redis. */
  readonly stateDir?: string | undefined;
  /** Longest time for which a snapshot is fresh; 0: never. */
  readonly cacheTtlMs: number;
  /** Most series per collector and target; 0: no cap. */
  readonly maxSeries: number;
  /** The settings as they were read, for `check`. */
  readonly settings: Settings;
}

/**
 * Reads the configuration. This is the only place of the program that looks at the environment.
 *
 * @throws {ConfigError} with every fault at once.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { settings, faults } = readSettings(env);
  const wrong = new Set(faults.map(({ where }) => where));
  if (settings.REDIS_HOST && settings.REDIS_URL) {
    faults.push({
      where: 'REDIS_HOST',
      value: withoutUser(settings.REDIS_HOST),
      reason: 'and REDIS_URL are both set: set one',
      example: 'redis.monitoring.svc',
    });
  }
  faults.push(...storeFaults(settings), ...idleFaults(env, settings));
  const pem = settings.NODE_EXTRA_CA_CERTS;
  if (pem && !readable(pem)) {
    faults.push({
      where: 'NODE_EXTRA_CA_CERTS',
      value: pem,
      reason: 'cannot be read',
      example: '/etc/ssl/certs/ca.pem',
    });
  }
  if (!wrong.has('PRIORITY_THRESHOLDS') && thresholds(settings).medium > thresholds(settings).high) {
    faults.push({
      where: 'PRIORITY_THRESHOLDS',
      value: settings.PRIORITY_THRESHOLDS.join(','),
      reason: 'must have the greater number first',
      example: '250,50',
    });
  }
  const read = settings.CONFIG_FILE ? readTargetsFile(settings.CONFIG_FILE) : { faults: [] };
  faults.push(...read.faults);
  const web = webOf(settings);
  faults.push(...(web.config?.read.faults ?? []), ...(web.tokens?.read.faults ?? []));
  if (faults.length > 0) throw new ConfigError(faults);
  const entries = read.file?.targets ?? [{ name: 'default' }];
  const targets = entries.map((entry) => resolveTarget(entry, settings));
  return deepFreeze(
    resolve(settings, targets, web, Value.Default(Estimates, { ...read.file?.estimates }) as Estimates),
  );
}

function webOf({ WEB_CONFIG_FILE: config, API_TOKENS_FILE: tokens }: Settings): WebSettings {
  return {
    config: config === undefined ? undefined : { path: config, read: readWebConfig(config) },
    tokens: tokens === undefined ? undefined : { path: tokens, read: readTokens(tokens) },
  };
}

function* storeFaults(settings: Settings): Generator<Fault> {
  const redis = settings.REDIS_HOST ?? (settings.REDIS_URL && 'REDIS_URL');
  const sentinels = settings.REDIS_SENTINELS ?? [];
  if (settings.STATE_DIR && (redis || sentinels.length > 0)) {
    yield {
      where: 'STATE_DIR',
      value: settings.STATE_DIR,
      reason: 'and Redis are both set: with Redis the state is kept there, unset one',
      example: '/var/lib/aws-cost-exporter',
    };
  }
  if (sentinels.length > 0 !== (settings.REDIS_SENTINEL_NAME !== undefined)) {
    yield {
      where: sentinels.length > 0 ? 'REDIS_SENTINEL_NAME' : 'REDIS_SENTINELS',
      reason: 'must be set too: REDIS_SENTINELS and REDIS_SENTINEL_NAME go together',
      example: sentinels.length > 0 ? 'mymaster' : 'sentinel-0:26379,sentinel-1:26379',
    };
  }
}

/** Settings of Redis that what is set beside them, or is not, leaves without effect. */
function* idleFaults(env: NodeJS.ProcessEnv, settings: Settings): Generator<Fault> {
  const { REDIS_URL: url, REDIS_HOST: host, REDIS_SENTINELS: sentinels } = settings;
  const byName = sentinels.length > 0;
  if (byName && host) {
    yield {
      where: 'REDIS_HOST',
      value: withoutUser(host),
      reason: 'has no effect beside REDIS_SENTINELS, which say where Redis is: unset one',
      example: 'redis.monitoring.svc',
    };
  }
  const withoutPort = byName && 'beside REDIS_SENTINELS, which name their ports: unset it';
  const inUrl = url !== undefined && 'beside REDIS_URL: write it there, and unset it';
  const nowhere = !host && 'without REDIS_HOST: set that too, or unset it';
  const idle = { REDIS_PORT: withoutPort || inUrl || nowhere, REDIS_DB: inUrl || (!byName && nowhere) };
  for (const [name, why] of Object.entries(idle) as [keyof typeof idle, string | false][]) {
    // A wrong value has its fault already, as have two addresses.
    if (!why || !isSet(env, name) || typeof settings[name] !== 'number' || (url && host)) continue;
    yield {
      where: name,
      value: settings[name],
      reason: `has no effect ${why}`,
      example:
        why === inUrl
          ? 'REDIS_URL=redis://redis:6379/1'
          : byName
            ? 'REDIS_SENTINELS=redis:26379'
            : 'REDIS_HOST=redis',
    };
  }
}

function thresholds({ PRIORITY_THRESHOLDS: [high = 0, medium = 0] }: Settings): {
  high: number;
  medium: number;
} {
  return { high, medium };
}

function resolveTarget(entry: TargetEntry, settings: Settings): Target {
  const enabled: readonly string[] = entry.capabilities ?? settings.CAPABILITIES;
  return {
    ...entry,
    region: entry.region ?? settings.AWS_REGION,
    regions: unique(entry.regions ?? settings.AWS_REGIONS),
    tagKeys: unique(entry.tagKeys ?? settings.TAG_KEYS),
    capabilities: CAPABILITIES.filter((name) => enabled.includes(name)),
  };
}

/** A list without doubles, as the environment's lists are. */
function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}

function resolve(
  settings: Settings,
  targets: readonly Target[],
  web: WebSettings,
  estimates: Estimates,
): Config {
  const { REDIS_URL: url, REDIS_HOST: host, AWS_ENDPOINT_URL: endpoint } = settings;
  return {
    host: settings.HOST,
    port: settings.PORT,
    metricsPort: settings.METRICS_PORT,
    logLevel: settings.LOG_LEVEL,
    web,
    targets,
    capabilities: CAPABILITIES.filter((name) => targets.some((target) => target.capabilities.includes(name))),
    aws: {
      endpoints: {
        costExplorer: settings.AWS_ENDPOINT_URL_COST_EXPLORER ?? endpoint,
        sts: settings.AWS_ENDPOINT_URL_STS ?? endpoint,
        costOptimizationHub: settings.AWS_ENDPOINT_URL_COST_OPTIMIZATION_HUB ?? endpoint,
        tagging: settings.AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API ?? endpoint,
        wellArchitected: settings.AWS_ENDPOINT_URL_WELLARCHITECTED ?? endpoint,
      },
      proxy: settings.HTTPS_PROXY,
    },
    redis:
      url || host || settings.REDIS_SENTINELS.length > 0
        ? {
            url,
            host,
            port: settings.REDIS_PORT,
            db: settings.REDIS_DB,
            keyPrefix: settings.REDIS_KEY_PREFIX,
            sentinels: settings.REDIS_SENTINELS,
            sentinelName: settings.REDIS_SENTINEL_NAME,
          }
        : undefined,
    cost: {
      metric: settings.COST_METRIC,
      windowDays: settings.COST_WINDOW_DAYS,
      dailyDays: settings.COST_DAILY_DAYS,
      settledDays: settings.COST_SETTLED_DAYS,
      intervalMs: milliseconds(settings.COST_INTERVAL),
    },
    forecast: { intervalMs: milliseconds(settings.FORECAST_INTERVAL) },
    tags: { intervalMs: milliseconds(settings.TAGS_INTERVAL) },
    optimization: {
      intervalMs: milliseconds(settings.OPTIMIZATION_INTERVAL),
      source: settings.OPTIMIZATION_SOURCE,
      priorities: thresholds(settings),
    },
    wellArchitected: { intervalMs: milliseconds(settings.WELLARCHITECTED_INTERVAL) },
    estimates,
    spend: { budgetUsd: settings.AWS_SPEND_BUDGET_USD },
    changes: {
      detect: settings.CHANGE_DETECTION === 'on',
      minIntervalMs: milliseconds(settings.MIN_CHANGE_INTERVAL),
      maxAgeMs: milliseconds(settings.MAX_SNAPSHOT_AGE),
    },
    expose: settings.EXPOSE,
    stateDir: settings.STATE_DIR,
    cacheTtlMs: settings.CACHE_TTL_SECONDS * 1_000,
    maxSeries: settings.MAX_SERIES,
    settings,
  };
}

function milliseconds(duration: string): number {
  const ms = parseDuration(duration);
  if (ms === undefined) throw new TypeError(`${duration} is not a duration`);
  return ms;
}

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value))
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  return Object.freeze(value);
}
