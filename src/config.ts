import { accessSync, constants } from 'node:fs';
import { ConfigError, type Fault, readSettings, readTargetsFile } from './config/faults.ts';
import { CAPABILITIES, parseDuration, type Settings } from './config/settings.ts';

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
}

/** The program's whole configuration, resolved and frozen. Durations are milliseconds. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly logLevel: string;
  /** In file order: where two targets see one account, the first is heard. */
  readonly targets: readonly Target[];
  /** Capabilities that at least one target has, in the canonical order. */
  readonly capabilities: readonly string[];
  readonly aws: {
    readonly endpoints: { readonly costExplorer?: string | undefined; readonly sts?: string | undefined };
    /** Hosts are asked through `HTTPS_PROXY`, but for those in `NO_PROXY`. */
    readonly proxy?: string | undefined;
    readonly noProxy: string;
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
      value: settings.REDIS_HOST,
      reason: 'and REDIS_URL are both set: set one',
      example: 'redis.monitoring.svc',
    });
  }
  const pem = settings.NODE_EXTRA_CA_CERTS;
  if (pem && !readable(pem)) {
    faults.push({
      where: 'NODE_EXTRA_CA_CERTS',
      value: pem,
      reason: 'cannot be read',
      example: '/etc/ssl/certs/ca.pem',
    });
  }
  const targets = readTargets(
    settings,
    wrong.has('CAPABILITIES') ? [...CAPABILITIES] : settings.CAPABILITIES,
    faults,
  );
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(resolve(settings, targets));
}

function readTargets(settings: Settings, enabled: readonly string[], faults: Fault[]): Target[] {
  const canonical = (names: readonly string[]) => CAPABILITIES.filter((name) => names.includes(name));
  if (!settings.CONFIG_FILE) {
    return [{ name: 'default', region: settings.AWS_REGION, capabilities: canonical(enabled) }];
  }
  const read = readTargetsFile(settings.CONFIG_FILE);
  faults.push(...read.faults);
  return (read.file?.targets ?? []).map((entry) => ({
    ...entry,
    region: entry.region ?? settings.AWS_REGION,
    capabilities: canonical(entry.capabilities ?? enabled),
  }));
}

function resolve(settings: Settings, targets: readonly Target[]): Config {
  const { REDIS_URL: url, REDIS_HOST: host, AWS_ENDPOINT_URL: endpoint } = settings;
  return {
    host: settings.HOST,
    port: settings.PORT,
    metricsPort: settings.METRICS_PORT,
    logLevel: settings.LOG_LEVEL,
    targets,
    capabilities: CAPABILITIES.filter((name) => targets.some((target) => target.capabilities.includes(name))),
    aws: {
      endpoints: {
        costExplorer: settings.AWS_ENDPOINT_URL_COST_EXPLORER ?? endpoint,
        sts: settings.AWS_ENDPOINT_URL_STS ?? endpoint,
      },
      proxy: settings.HTTPS_PROXY,
      noProxy: settings.NO_PROXY ?? '',
    },
    redis:
      url || host
        ? {
            url,
            host,
            port: settings.REDIS_PORT,
            db: settings.REDIS_DB,
            keyPrefix: settings.REDIS_KEY_PREFIX,
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
