import { isIP } from 'node:net';
import { FormatRegistry, type SchemaOptions, type Static, type TSchema, Type } from '@sinclair/typebox';

const DURATION = /^(\d+)(ms|s|m|h|d)$/;
const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `90s` or `1h`; undefined where the text is none or not within 1s to 24d. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
  return ms >= 1_000 && ms <= 24 * 86_400_000 ? ms : undefined;
}

FormatRegistry.Set('duration', (text) => parseDuration(text) !== undefined);
FormatRegistry.Set('http-url', (text) => isUrl(text, ['http:', 'https:']));
FormatRegistry.Set('redis-url', isRedisUrl);
FormatRegistry.Set('host', (text) => isIP(text) !== 0 || /^[^\s/@:[\]?#]+$/.test(text));
FormatRegistry.Set('region', (text) => /^[a-z]{2,5}(-[a-z]+)+-\d+$/.test(text));

function isUrl(text: string, protocols: readonly string[]): boolean {
  // The parser of URLs takes more than is one: it passes over line breaks, and needs no slashes.
  if (!/^[a-z]+:\/\/[^\s/]\S*$/i.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocols.includes(protocol) && hostname !== '';
}

/** Largest number of a Redis database. */
const MAX_REDIS_DB = 1_023;

/**
 * Whether the client of Redis can make use of all of it: at most a database number as its path, user and password that can be
 * decoded, and no query, which the client would take for options.
 */
function isRedisUrl(text: string): boolean {
  if (!isUrl(text, ['redis:', 'rediss:'])) return false;
  const { pathname, username, password, search, hash } = new URL(text);
  if (search !== '' || hash !== '') return false;
  if (!/^(\/|\/\d{1,4})?$/.test(pathname) || Number(pathname.slice(1)) > MAX_REDIS_DB) return false;
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

interface Doc {
  /** What the setting does, for `docs/configuration.md` and the OpenAPI-like listing of `check`. */
  description: string;
  /** What a right value looks like, completing "must be ...". */
  expects: string;
  /** One right value, as a user would write it. */
  example: string;
  /** The value is never shown: not in errors, not by `check`. */
  secret?: boolean;
}

const integer = (minimum: number, maximum: number, fallback: number, doc: Omit<Doc, 'expects'>) =>
  Type.Integer({
    minimum,
    maximum,
    default: fallback,
    expects: `a whole number from ${minimum} to ${maximum}`,
    ...doc,
  });

const duration = (fallback: string, doc: Omit<Doc, 'expects' | 'example'>) =>
  Type.String({
    format: 'duration',
    default: fallback,
    expects: 'a duration `<n>ms|s|m|h|d` from 1s to 24d',
    example: '90m',
    ...doc,
  });

/** One of some words. */
export const oneOf = <const T extends string>(values: readonly T[], options?: SchemaOptions) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    options,
  );

const choice = <const T extends string>(
  values: readonly T[],
  fallback: T,
  doc: Omit<Doc, 'expects' | 'example'>,
) =>
  oneOf(values, {
    default: fallback,
    expects: `one of ${values.join(', ')}`,
    example: values.at(-1) ?? '',
    ...doc,
  });

const url = (format: 'http-url' | 'redis-url', doc: Omit<Doc, 'expects'>) =>
  Type.Optional(
    Type.String({
      format,
      expects:
        format === 'http-url'
          ? 'an http:// or https:// URL'
          : `a redis:// or rediss:// URL: user and password percent-encoded, after the host nothing but a database number from 0 to ${MAX_REDIS_DB}`,
      ...doc,
    }),
  );

/** The capabilities, in the order in which they are named everywhere. */
export const CAPABILITIES = ['cost', 'forecast', 'tags', 'optimization', 'well-architected'] as const;

/** Where recommendations can come from, the best first. */
export const SOURCES = ['cost-optimization-hub', 'cost-explorer', 'estimate'] as const;

/** Cost Explorer's metrics that are money. */
export const COST_METRICS = [
  'AmortizedCost',
  'BlendedCost',
  'NetAmortizedCost',
  'NetUnblendedCost',
  'UnblendedCost',
] as const;

/**
 * Every environment variable that this program reads, one property each: the only source of defaults, limits,
 * descriptions and examples. Lists are comma-separated; an empty value counts as unset.
 */
export const Settings = Type.Object({
  PORT: integer(0, 65_535, 5_000, {
    description: 'Port of the REST API. 0 takes a free one.',
    example: '5000',
  }),
  METRICS_PORT: integer(0, 65_535, 8_080, {
    description:
      'Port of `/metrics`. 0 takes a free one; the same number as `PORT` means one listener for both.',
    example: '8080',
  }),
  HOST: Type.String({
    pattern: '^[^\\s/]+$',
    default: '0.0.0.0',
    description: 'Address that both listeners bind.',
    expects: 'an address or host name of this machine',
    example: '127.0.0.1',
  }),
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info', {
    description: 'Least severe level that is logged (JSON lines on standard output).',
  }),
  CONFIG_FILE: Type.Optional(
    Type.String({
      description:
        'YAML file with several targets. Without it there is one target, `default`, from the environment.',
      expects: 'the path of a readable YAML file',
      example: '/etc/aws-cost-exporter/targets.yaml',
    }),
  ),
  WEB_CONFIG_FILE: Type.Optional(
    Type.String({
      description:
        "YAML file in the format of Prometheus' exporter-toolkit: TLS, client certificates, users with passwords and response headers, for both listeners; read again when it, or a file that it names, changes. See [security.md](security.md).",
      expects: 'the path of a readable web configuration file',
      example: '/etc/aws-cost-exporter/web.yaml',
    }),
  ),
  API_TOKENS_FILE: Type.Optional(
    Type.String({
      description:
        'Bearer tokens that REST asks for: a line for each, `name` and the SHA-256 of the token in hex; read again when it changes. See [security.md](security.md).',
      expects: 'the path of a readable file with at least one token',
      example: '/etc/aws-cost-exporter/tokens',
    }),
  ),
  CAPABILITIES: Type.Array(oneOf(CAPABILITIES), {
    default: [...CAPABILITIES],
    minItems: 1,
    description: 'What is collected, for targets that do not say it themselves in `CONFIG_FILE`.',
    expects: `a comma-separated list of ${CAPABILITIES.join(', ')}`,
    example: 'cost,forecast',
  }),
  AWS_REGIONS: Type.Array(Type.String({ format: 'region' }), {
    default: [],
    description:
      'Regions in which tagged resources and Well-Architected workloads are looked for. Unset: `AWS_REGION` alone.',
    expects: 'a comma-separated list of AWS regions',
    example: 'eu-central-1,us-east-1',
  }),
  AWS_REGION: Type.Optional(
    Type.String({
      format: 'region',
      description:
        'Region of the credentials: its partition decides where Cost Explorer is asked. Unset: `region` of the shared AWS configuration file, else `us-east-1`.',
      expects: 'an AWS region',
      example: 'eu-central-1',
    }),
  ),
  AWS_ENDPOINT_URL: url('http-url', {
    description: 'Endpoint in place of AWS for every service, e.g. a simulator.',
    example: 'http://127.0.0.1:4566',
  }),
  AWS_ENDPOINT_URL_COST_EXPLORER: url('http-url', {
    description: 'Endpoint for Cost Explorer alone; wins over `AWS_ENDPOINT_URL`.',
    example: 'https://ce.us-east-1.amazonaws.com',
  }),
  AWS_ENDPOINT_URL_STS: url('http-url', {
    description: 'Endpoint for STS alone, e.g. a VPC endpoint; wins over `AWS_ENDPOINT_URL`.',
    example: 'https://sts.eu-central-1.amazonaws.com',
  }),
  AWS_ENDPOINT_URL_COST_OPTIMIZATION_HUB: url('http-url', {
    description: 'Endpoint for the Cost Optimization Hub alone; wins over `AWS_ENDPOINT_URL`.',
    example: 'https://cost-optimization-hub.us-east-1.amazonaws.com',
  }),
  AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API: url('http-url', {
    description: 'Endpoint for the Resource Groups Tagging API alone; wins over `AWS_ENDPOINT_URL`.',
    example: 'https://tagging.eu-central-1.amazonaws.com',
  }),
  AWS_ENDPOINT_URL_WELLARCHITECTED: url('http-url', {
    description: 'Endpoint for the Well-Architected Tool alone; wins over `AWS_ENDPOINT_URL`.',
    example: 'https://wellarchitected.eu-central-1.amazonaws.com',
  }),
  HTTPS_PROXY: url('http-url', {
    description:
      'Proxy for `https://` requests to AWS, but for hosts in `NO_PROXY` (the lower-case spellings work too).',
    example: 'http://proxy.example.com:3128',
    secret: true,
  }),
  NO_PROXY: Type.Optional(
    Type.String({
      description:
        'Hosts that are asked without the proxy, comma-separated; `.example.com` is a suffix, `*` all.',
      expects: 'a comma-separated list of hosts',
      example: 'localhost,.internal.example.com',
    }),
  ),
  NODE_EXTRA_CA_CERTS: Type.Optional(
    Type.String({
      description:
        'PEM file with further certificate authorities, e.g. of a proxy; Node.js reads it at start.',
      expects: 'the path of a readable PEM file',
      example: '/etc/ssl/certs/company.pem',
    }),
  ),
  COST_METRIC: choice(COST_METRICS, 'BlendedCost', {
    description: "Cost Explorer's metric behind every cost figure.",
  }),
  COST_WINDOW_DAYS: integer(1, 365, 30, {
    description: 'Complete days in `aws_cost_total` and in the window of `/cost/current`.',
    example: '30',
  }),
  COST_DAILY_DAYS: integer(0, 365, 30, {
    description: 'Days in `aws_cost_daily` beside today. 0: the family is off.',
    example: '14',
  }),
  COST_SETTLED_DAYS: integer(1, 30, 2, {
    description: 'How many days before today the day of `aws_cost_settled_day` lies.',
    example: '3',
  }),
  TAG_KEYS: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
    default: ['Name', 'Environment', 'Project', 'Team', 'Application', 'Owner', 'CostCenter'],
    minItems: 1,
    maxItems: 100,
    description:
      'Cost allocation tags by whose values cost is split; one that is not activated is not bought.',
    expects: 'a comma-separated list of 1 to 100 tag keys of at most 128 characters',
    example: 'Environment,Team',
  }),
  OPTIMIZATION_SOURCE: choice(['auto', ...SOURCES], 'auto', {
    description:
      'Where recommendations come from. `auto`: the best that the account has: the Cost Optimization Hub, else Cost Explorer, else the estimate.',
  }),
  PRIORITY_THRESHOLDS: Type.Array(Type.Number({ minimum: 0 }), {
    default: [100, 10],
    minItems: 2,
    maxItems: 2,
    description:
      'Monthly savings, in the billing currency, from which a recommendation is of `high` and of `medium` priority.',
    expects: 'two numbers, the greater first',
    example: '250,50',
  }),
  COST_INTERVAL: duration('1h', { description: 'Time between two cost collections.' }),
  FORECAST_INTERVAL: duration('1h', { description: 'Time between two forecast collections.' }),
  TAGS_INTERVAL: duration('30m', { description: 'Time between two tag collections.' }),
  OPTIMIZATION_INTERVAL: duration('2h', {
    description:
      'Time between two optimization collections; what is paid in them is bought at most once a day.',
  }),
  WELLARCHITECTED_INTERVAL: duration('6h', { description: 'Time between two Well-Architected collections.' }),
  CACHE_TTL_SECONDS: integer(0, 2_073_600, 3_600, {
    description:
      'Longest time in seconds for which a snapshot is fresh, that is, not bought again (also after a restart with Redis); never longer than 0.9 of its interval. 0: never fresh.',
    example: '1800',
  }),
  AWS_SPEND_BUDGET_USD: Type.Number({
    minimum: 0,
    maximum: 100_000,
    default: 1,
    description:
      'Most US dollars that all replicas together may spend on AWS requests in one UTC day, at 0.01 a page. 0: no paid request.',
    expects: 'a number of US dollars from 0 to 100000',
    example: '2.50',
  }),
  CHANGE_DETECTION: choice(['on', 'off'], 'on', {
    description:
      'Whether only what has changed is bought: one page asks which days of the bill have moved. `off`: every collection buys all of it.',
  }),
  MIN_CHANGE_INTERVAL: duration('6h', {
    description:
      'Least time between two purchases of forecast and tags that follow a change of the bill (with `CHANGE_DETECTION`).',
  }),
  MAX_SNAPSHOT_AGE: duration('24h', {
    description:
      'Longest time for which nothing is bought anew while the bill does not seem to move (with `CHANGE_DETECTION`); one shorter than an interval is that interval.',
  }),
  EXPOSE: choice(['leader', 'all'], 'leader', {
    description:
      'Which replicas show the cost families on `/metrics`: the one that leads, so that no sum is doubled, or `all` where whoever scrapes them removes duplicates (with Redis: without it there is one). REST answers on all.',
  }),
  MAX_SERIES: integer(0, 10_000_000, 100_000, {
    description:
      'Most series that one collector exposes for one target; the smallest (service, account) pairs above it are folded into `__other__`. 0: no cap.',
    example: '20000',
  }),
  REDIS_HOST: Type.Optional(
    Type.String({
      format: 'host',
      description:
        'Host of the Redis that keeps the snapshots. Unset, and `REDIS_URL` too: they are kept in memory.',
      expects: 'a host name or an address alone; the port is `REDIS_PORT`',
      example: 'redis.monitoring.svc',
    }),
  ),
  REDIS_PORT: integer(1, 65_535, 6_379, {
    description: 'Port of Redis at `REDIS_HOST`; refused without it.',
    example: '6379',
  }),
  REDIS_DB: integer(0, MAX_REDIS_DB, 0, {
    description:
      'Number of the Redis database at `REDIS_HOST`, or of the primary of `REDIS_SENTINELS`; refused without either and beside `REDIS_URL`, which has its own.',
    example: '1',
  }),
  REDIS_URL: url('redis-url', {
    description: 'Redis with user and password, TLS by `rediss://`; in place of `REDIS_HOST`.',
    example: 'rediss://user:password@redis.example.com:6380/0',
    secret: true,
  }),
  REDIS_SENTINELS: Type.Array(Type.String({ pattern: '^(\\[[0-9a-fA-F:]+\\]|[^\\s:/@\\[\\]]+):\\d{1,5}$' }), {
    default: [],
    description:
      'Sentinels that know where the primary is, `host:port` each; user, password, TLS and database are those of `REDIS_URL`, whose host is not used then.',
    expects: 'a comma-separated list of host:port',
    example: 'sentinel-0:26379,sentinel-1:26379',
  }),
  REDIS_SENTINEL_NAME: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9._-]+$',
      description: 'Name under which the Sentinels watch the primary.',
      expects: 'letters, digits, `.`, `_` or `-`',
      example: 'mymaster',
    }),
  ),
  STATE_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Folder in which snapshots and the ledger of paid requests outlast a restart, where there is no Redis. One process alone may use it.',
      expects: 'the path of a folder that can be written to',
      example: '/var/lib/aws-cost-exporter',
    }),
  ),
  REDIS_KEY_PREFIX: Type.String({
    default: 'aws-cost-exporter:',
    maxLength: 128,
    description:
      'Prefix of every key in Redis. Exporters that share it must be replicas: of one configuration, with the credentials of one account.',
    expects: 'at most 128 characters',
    example: 'finops:',
  }),
});

export type Settings = Static<typeof Settings>;

/** Names of all settings, in the order of the documentation. */
export const SETTING_NAMES = Object.keys(Settings.properties) as (keyof Settings)[];

/** The schema of one setting with the documentation that it carries. */
export function settingDoc(name: keyof Settings): TSchema & Doc {
  const schema: TSchema = Settings.properties[name];
  return schema as TSchema & Doc;
}
