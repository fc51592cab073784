import type { TSchema } from '@sinclair/typebox';
import { SETTING_NAMES, settingDoc } from '../../src/config/settings.ts';
import { Estimates, TargetEntry } from '../../src/config/targets-file.ts';
import type { Check, ValueDoc } from './values-doc.ts';

/** Settings, and variables of the AWS SDK, that other values of the chart decide, and where. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  CONFIG_FILE: 'write targets, or targetsSecret.name',
  STATE_DIR: 'write state.kind',
  REDIS_HOST: 'write redis.external.host',
  REDIS_PORT: 'write redis.external.port',
  REDIS_DB: 'write redis.external.db',
  REDIS_URL: 'put it into a Secret and write redis.external.urlSecret.name',
  REDIS_SENTINELS: 'write redis.external.sentinels',
  REDIS_SENTINEL_NAME: 'write redis.external.sentinelName',
  AWS_ACCESS_KEY_ID: 'put it into a Secret and write aws.credentialsSecret.name',
  AWS_SECRET_ACCESS_KEY: 'put it into a Secret and write aws.credentialsSecret.name',
  AWS_SESSION_TOKEN: 'put it into a Secret and write aws.credentialsSecret.name',
  AWS_ROLE_ARN: 'write aws.roleArn',
};

const PORT = '(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})';
const BYTE = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = `${BYTE}(\\.${BYTE}){3}`;
/** A host name; one whose last part is a number would be read as an IPv4 address. */
const NAME = '([a-zA-Z0-9_-]+\\.)*([0-9]*[a-wyzA-WYZ_-]|[xX])[a-zA-Z0-9_-]*\\.?';

/**
 * Patterns of the formats of settings and targets. They let through nothing that the exporter would refuse, and no user and
 * password in a URL: those are secrets.
 */
const FORMATS: Readonly<Record<string, string>> = {
  region: '^[a-z]{2,5}(-[a-z]+)+-[0-9]+$',
  'http-url': `^https?://(${NAME}|${IPV4}|\\[[0-9a-fA-F:]+\\])(:${PORT})?(/[^\\s@?#]*)?$`,
};

/** What files/checks.json holds: all that the templates must know of the exporter. */
export interface Checks {
  /** Names of the business families, in page order. */
  readonly families: readonly string[];
  readonly config: Readonly<Record<string, Check>>;
  /** Settings that are no part of `config`: what to write. */
  readonly elsewhere: Readonly<Record<string, string>>;
  /** Settings whose values are secrets. */
  readonly secrets: readonly string[];
  readonly targets: Readonly<Record<string, Check>>;
  readonly estimates: Readonly<Record<string, Check>>;
  readonly values: readonly { readonly path: readonly string[]; readonly check: Check }[];
}

/** Everything that the templates check, from the schemas of the exporter and the comments of values.yaml. */
export function checksOf(values: readonly ValueDoc[], families: readonly string[]): Checks {
  const settings = SETTING_NAMES.filter((name) => !Object.hasOwn(ELSEWHERE, name));
  const { externalId: _secret, ...target } = TargetEntry.properties;
  return {
    families,
    config: Object.fromEntries(settings.map((name) => [name, settingCheck(name)])),
    elsewhere: ELSEWHERE,
    secrets: SETTING_NAMES.filter((name) => settingDoc(name).secret),
    targets: fieldChecks(target),
    estimates: fieldChecks(Estimates.properties),
    values: leaves(values).flatMap(({ path, check }) => (check ? { path, check } : [])),
  };
}

/** All values, groups dissolved, in the order of the file. */
export function leaves(values: readonly ValueDoc[]): ValueDoc[] {
  return values.flatMap((one) => (one.members ? leaves(one.members) : one));
}

/** What the chart asks beyond the schema: what config.ts checks by hand, and what a Service can do with a port. */
const BEYOND: Readonly<Record<string, Partial<Check>>> = {
  PORT: { min: 1, expects: 'a whole number from 1 to 65535' },
  METRICS_PORT: { min: 1, expects: 'a whole number from 1 to 65535' },
  NO_PROXY: { kind: 'list', item: { kind: 'text', pattern: '^\\S+$' } },
  PRIORITY_THRESHOLDS: { descending: true },
};

function settingCheck(name: (typeof SETTING_NAMES)[number]): Check {
  return { ...checkOf(settingDoc(name)), ...BEYOND[name] };
}

function fieldChecks(fields: Readonly<Record<string, TSchema>>): Record<string, Check> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => {
      const check = checkOf(schema);
      if (check.kind === 'list') return [name, { ...check, yaml: true }];
      return [name, { ...check, quoted: check.kind === 'text', exact: check.kind === 'number' }];
    }),
  );
}

function checkOf(schema: TSchema): Check {
  return { ...shapeOf(schema), ...docOf(schema) };
}

function docOf({ expects, example, secret }: TSchema): Pick<Check, 'expects' | 'example' | 'secret'> {
  return { ...(expects && { expects }), ...(example && { example }), ...(secret && { secret }) };
}

function shapeOf(schema: TSchema): Check {
  const { minimum, maximum, exclusiveMinimum } = schema;
  if (schema.type === 'integer') return { kind: 'integer', min: minimum ?? 0, max: maximum ?? 1e15 };
  if (schema.type === 'number') {
    // The environment's numbers have six decimals.
    const min = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1e-6);
    return {
      kind: 'number',
      ...(min !== undefined && { min }),
      ...(maximum !== undefined && { max: maximum }),
    };
  }
  if (schema.type === 'array') {
    const { minItems = 0, maxItems } = schema;
    return { kind: 'list', minItems, ...(maxItems && { maxItems }), item: checkOf(schema.items) };
  }
  if (Array.isArray(schema.anyOf))
    return { kind: 'text', enum: schema.anyOf.map((one: TSchema) => one.const) };
  return textShape(schema);
}

function textShape({ format, pattern, minLength, maxLength }: TSchema): Check {
  if (format === 'duration') return { kind: 'duration' };
  if (format !== undefined && FORMATS[format] === undefined)
    throw new Error(`no pattern for the format ${format}`);
  const length = maxLength === undefined ? undefined : `^(?s:.{${minLength ?? 0},${maxLength}})$`;
  const shape = pattern ?? (format && FORMATS[format]) ?? length;
  return { kind: 'text', ...(shape && { pattern: shape }) };
}
