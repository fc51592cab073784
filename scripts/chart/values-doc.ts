import { isMap, isScalar, type Node, type Pair, parse, parseDocument, type YAMLMap } from 'yaml';

/** What a value must look like beyond its type, said as a sentence at template time where it does not. */
export interface Check {
  readonly kind: 'text' | 'integer' | 'number' | 'duration' | 'list';
  /** Completes "must be ...". */
  readonly expects?: string;
  /** One right value, as a user would write it. */
  readonly example?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly item?: Check;
  /** A list whose numbers fall. */
  readonly descending?: boolean;
  /** An empty value is wrong too. */
  readonly required?: boolean;
  /** Must be a string in YAML: a number would lose digits. */
  readonly quoted?: boolean;
  /** A number of any precision. */
  readonly exact?: boolean;
  /** A list must be one in YAML: in the environment it may be text with commas. */
  readonly yaml?: boolean;
  /** The value is never repeated. */
  readonly secret?: boolean;
}

/** One value of values.yaml, or a group of them. */
export interface ValueDoc {
  readonly path: readonly string[];
  readonly value: unknown;
  /** Undefined for a group. */
  readonly description?: string;
  /** What `@schema` says. */
  readonly schema?: Readonly<Record<string, unknown>>;
  readonly check?: Check;
  /** Values of a group, in the order of the file. */
  readonly members?: readonly ValueDoc[];
}

/** Checks that several values share, by the `kind` that stands for them in values.yaml. */
const SHARED: Readonly<Record<string, Omit<Check, 'kind'>>> = {
  name: {
    pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$',
    expects: 'the name of a Kubernetes object: lower-case letters, digits, `-` and `.`',
    example: 'aws-cost-exporter',
  },
  key: {
    pattern: '^[-._a-zA-Z0-9]+$',
    expects: 'a key of a Secret: letters, digits, `-`, `_` and `.`',
    example: 'REDIS_URL',
  },
  quantity: {
    pattern: '^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$',
    expects: 'a quantity of bytes of Kubernetes',
    example: '1Gi',
  },
  prometheusDuration: {
    pattern: '^(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?$',
    expects: 'a duration of Prometheus',
    example: '2m',
  },
};

/**
 * The values of a commented values.yaml.
 * @throws Error that names a value without description.
 */
export function readValues(text: string): ValueDoc[] {
  const { contents, errors } = parseDocument(text);
  if (errors[0] !== undefined || !isMap(contents)) throw errors[0] ?? new Error('values.yaml is no mapping');
  return members(contents, []);
}

function members(map: YAMLMap, path: readonly string[]): ValueDoc[] {
  return map.items.map((pair, index) => member(pair, path, index === 0 ? map.commentBefore : undefined));
}

function member({ key, value }: Pair, parent: readonly string[], ofMap?: string | null): ValueDoc {
  if (!isScalar(key)) throw new Error(`${parent.join('.')}: a key is no scalar`);
  const path = [...parent, String(key.value)];
  const comment = lastComment(key.commentBefore ?? ofMap ?? '');
  const node = value as Node | null;
  if (comment !== undefined) return { path, value: node?.toJSON(), ...tagged(comment, path) };
  if (!isMap(node) || node.items.length === 0)
    throw new Error(`values.yaml: ${path.join('.')} has no comment \`# -- ...\``);
  return { path, value: node.toJSON(), members: members(node, path) };
}

/** The last block that begins with `--`: what stands before it belongs to nothing. */
function lastComment(comment: string): string | undefined {
  const lines = comment.split('\n').map((line) => line.trim());
  const start = lines.findLastIndex((line) => /^--\s/.test(line));
  return start < 0 ? undefined : lines.slice(start).join('\n').slice(2).trim();
}

function tagged(comment: string, path: readonly string[]): Omit<ValueDoc, 'path' | 'value'> {
  const lines = comment.split('\n');
  const tag = (name: string) => {
    const line = lines.find((one) => one.startsWith(`@${name} `));
    return line === undefined ? undefined : parse(line.slice(name.length + 2));
  };
  const unknown = lines.find((line) => /^@(?!(schema|check) )/.test(line));
  if (unknown !== undefined)
    throw new Error(`values.yaml: ${path.join('.')}: ${unknown} is neither @schema nor @check`);
  const description = lines
    .filter((line) => !line.startsWith('@'))
    .join(' ')
    .trim();
  return { description, schema: tag('schema'), check: checkOf(tag('check'), path) };
}

function checkOf(raw: Record<string, unknown> | undefined, path: readonly string[]): Check | undefined {
  if (raw === undefined) return undefined;
  const { kind = 'text', ...rest } = raw;
  const shared = SHARED[String(kind)];
  const check = { kind: shared ? 'text' : kind, ...shared, ...rest } as Check;
  if (check.expects === undefined || check.example === undefined)
    throw new Error(`values.yaml: ${path.join('.')}: @check lacks expects or example`);
  if (check.kind !== 'list') return check;
  const { pattern, ...list } = check;
  return { ...list, yaml: true, item: { kind: 'text', pattern: pattern ?? '' } };
}
