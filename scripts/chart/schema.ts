import { SETTING_NAMES, settingDoc } from '../../src/config/settings.ts';
import { Estimates, TargetEntry } from '../../src/config/targets-file.ts';
import type { Checks } from './checks.ts';
import type { ValueDoc } from './values-doc.ts';

type JsonSchema = Record<string, unknown>;

const SECRET_KEY: JsonSchema = {
  type: 'object',
  required: ['name', 'key'],
  additionalProperties: false,
  properties: { name: { type: 'string', minLength: 1 }, key: { type: 'string', minLength: 1 } },
};

/**
 * values.schema.json. It is strict about names and types of the chart's own values. What is under `config`, `targets` and
 * `estimates` it only describes: Helm would refuse a wrong value there before the templates can say what to write.
 */
export function schemaOf(values: readonly ValueDoc[], checks: Checks): JsonSchema {
  const schema = group(values, checks);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart aws-cost-exporter',
    ...schema,
    properties: {
      global: { type: 'object', description: 'Values of a parent chart.' },
      enabled: { type: 'boolean', description: "A parent chart's condition." },
      ...(schema.properties as JsonSchema),
    },
  };
}

function group(values: readonly ValueDoc[], checks: Checks): JsonSchema {
  const properties = Object.fromEntries(values.map((one) => [one.path.at(-1), ofValue(one, checks)]));
  const required = values.filter(isNeeded).map(({ path }) => path.at(-1));
  return { type: 'object', additionalProperties: false, required, properties };
}

/** Whether the templates need it: `null` in a file of values takes a default away. Texts have checks that say what to write. */
function isNeeded({ path, members, value, check }: ValueDoc): boolean {
  const filled =
    typeof value === 'string' ? value !== '' && !check : ['number', 'boolean'].includes(typeof value);
  // What an alert goes by stands in one mapping each.
  return members !== undefined || filled || path[1] === 'alerts';
}

function ofValue(
  { path, value, description, schema = {}, check, members }: ValueDoc,
  checks: Checks,
): JsonSchema {
  if (members) return group(members, checks);
  const { $settings, $secretSettings, $targets, $estimates, ...own } = schema;
  const special = {
    ...($settings ? { properties: settings(checks) } : {}),
    ...($secretSettings ? { additionalProperties: SECRET_KEY } : {}),
    ...($targets ? { items: { type: 'object', properties: described(TargetEntry.properties) } } : {}),
    ...($estimates ? { properties: described(Estimates.properties) } : {}),
  };
  const text = check?.expects ? `${description} Must be ${check.expects}.` : description;
  return { description: text, default: value, ...typeOf(value, path), ...own, ...special };
}

function typeOf(value: unknown, path: readonly string[]): JsonSchema {
  if (Array.isArray(value)) return { type: 'array' };
  if (Number.isInteger(value)) return { type: 'integer' };
  if (value === null || value === undefined) throw new Error(`values.yaml: ${path.join('.')} has no default`);
  return { type: typeof value };
}

function settings(checks: Checks): JsonSchema {
  const names = SETTING_NAMES.filter((name) => Object.hasOwn(checks.config, name));
  return described(Object.fromEntries(names.map((name) => [name, settingDoc(name)])));
}

function described(fields: Readonly<Record<string, { description?: string; expects?: string }>>): JsonSchema {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { description, expects }]) => [
      name,
      { description: `${description} Must be ${expects}.` },
    ]),
  );
}
