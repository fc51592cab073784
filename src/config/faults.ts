import { readFileSync } from 'node:fs';
import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { UsageError } from '../errors.ts';
import { SETTING_NAMES, Settings, settingDoc } from './settings.ts';
import { TargetEntry, TargetsFile } from './targets-file.ts';

/** One wrong value: where it stands, what it is (never a secret), what is wrong, and a right one. */
export interface Fault {
  readonly where: string;
  readonly value?: unknown;
  readonly reason: string;
  readonly example?: string;
}

/** All faults of a configuration at once; the process prints them and exits 2. */
export class ConfigError extends UsageError {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(['The configuration is wrong:', ...faults.map(line)].join('\n'));
    this.faults = faults;
  }
}

function line({ where, value, reason, example }: Fault): string {
  const shown =
    value === undefined ? '' : `=${JSON.stringify(typeof value === 'string' ? withoutUser(value) : value)}`;
  return `  ${where}${shown}: ${reason}${example === undefined ? '' : ` (example: ${example})`}`;
}

/** The environment's settings, with defaults, and what is wrong with them. */
export function readSettings(env: NodeJS.ProcessEnv): { settings: Settings; faults: Fault[] } {
  const raw: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const text = textOf(env, name);
    raw[name] = text ? fromText(settingDoc(name), text) : structuredClone(settingDoc(name).default);
    if (raw[name] === undefined) delete raw[name];
  }
  const faults = SETTING_NAMES.filter(
    (name) => name in raw && !Value.Check(Settings.properties[name], raw[name]),
  ).map((name) => fault(name, settingDoc(name), textOf(env, name)));
  return { settings: raw as Settings, faults };
}

const NUMBER = /^\d{1,12}(\.\d{1,6})?$/;

/** What the environment says of a setting; an empty value counts as unset. */
function textOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] || (name.endsWith('_PROXY') ? env[name.toLowerCase()] : undefined) || undefined;
}

/** A text without user and password, wherever in it such a pair may stand: before an `@`. Any other text as it is. */
export function withoutUser(text: string): string {
  return text.replace(/^(\w+:\/\/)[^/@]*@/, '$1***@').replace(/[^\s,/:@]*:(?!\/\/).*@/s, '***@');
}

function fromText(schema: TSchema, text: string): unknown {
  const trimmed = text.trim();
  if (schema.type === 'integer') return /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : text;
  if (schema.type === 'number') return NUMBER.test(trimmed) ? Number(trimmed) : text;
  if (schema.type !== 'array') return trimmed;
  const items = trimmed
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (schema.items.type === 'number') return items.map((item) => (NUMBER.test(item) ? Number(item) : item));
  return [...new Set(items)];
}

/** Whether the environment says anything of a setting. */
export function isSet(env: NodeJS.ProcessEnv, name: keyof Settings): boolean {
  return textOf(env, name) !== undefined;
}

function fault(where: string, doc: TSchema, value: unknown): Fault {
  return {
    where,
    ...(doc.secret || value === undefined ? {} : { value }),
    reason: `must be ${doc.expects}`,
    example: doc.example,
  };
}

/** A list or a mapping in the wrong place may hold an ExternalId: only single values are shown. */
function leaf(value: unknown): unknown {
  return typeof value === 'object' ? undefined : value;
}

/** What is documented at a place of a file: an item of a list is documented with the list. */
function docAt(file: TSchema, path: string): TSchema {
  let doc: TSchema = file;
  let schema: TSchema | undefined = file;
  for (const key of path.split('/').slice(1)) {
    schema = schema?.type === 'array' ? schema.items : schema?.properties?.[key];
    if (schema?.expects !== undefined) doc = schema;
  }
  return doc;
}

/** Where and what, but no text of the file: the YAML library quotes it, and that may be an ExternalId. */
function whyUnreadable(error: unknown): string {
  if (!(error instanceof Error)) return 'it is not YAML';
  if (!(error instanceof YAMLParseError)) return 'code' in error ? String(error.code) : 'it is not YAML';
  const [start] = error.linePos ?? [];
  return `${error.code}${start ? ` at line ${start.line}, column ${start.col}` : ''}`;
}

/** The content of a YAML file that a setting names, by its schema, or every fault of it; no text of a secret is shown. */
export function readYaml<Schema extends TSchema>(
  setting: keyof Settings,
  path: string,
  schema: Schema,
  read: (path: string) => string,
): { file?: Static<Schema>; faults: Fault[] } {
  let content: unknown;
  try {
    // Its warnings would be printed, with text of the file.
    content = parseYaml(read(path), { logLevel: 'error' });
  } catch (error) {
    const reason = `cannot be read: ${whyUnreadable(error)}`;
    return { faults: [{ where: setting, value: path, reason, example: settingDoc(setting).example }] };
  }
  const faults = new Map<string, Fault>();
  for (const error of Value.Errors(schema, content)) {
    const where = `${setting} ${error.path.slice(1).replaceAll('/', '.') || '(the whole file)'}`;
    if (faults.has(where)) continue;
    const unknown = error.message.startsWith('Unexpected property');
    faults.set(
      where,
      unknown
        ? { where, reason: 'is not a key of this file', example: schema.example }
        : fault(where, docAt(schema, error.path), leaf(error.value)),
    );
  }
  return faults.size > 0 ? { faults: [...faults.values()] } : { file: content as Static<Schema>, faults: [] };
}

/** The targets of a `CONFIG_FILE`, or what is wrong with it. */
export function readTargetsFile(path: string): { file?: TargetsFile; faults: Fault[] } {
  const { file, faults } = readYaml('CONFIG_FILE', path, TargetsFile, (name) => readFileSync(name, 'utf8'));
  if (file === undefined) return { faults };
  const names = file.targets.map(({ name }) => name);
  const twins = names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => ({
      where: `CONFIG_FILE targets.${names.lastIndexOf(name)}.name`,
      value: name,
      reason: 'stands twice; names are unique',
      example: `${name}-2`,
    }));
  const idle = file.targets.flatMap(({ externalId, roleArn }, index) =>
    externalId === undefined || roleArn !== undefined
      ? []
      : {
          where: `CONFIG_FILE targets.${index}.externalId`,
          reason: 'has no effect without roleArn',
          example: TargetEntry.properties.roleArn.example,
        },
  );
  return { file, faults: [...twins, ...idle] };
}
