import type { Model, Shape } from './models.ts';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A pattern of a service model, which AWS holds the whole text to; undefined where it is none to JavaScript. */
function whole(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(`^(?:${pattern})$`, flags);
    } catch {}
  }
  return undefined;
}

function checkString(shape: Shape, value: unknown, path: string): string[] {
  if (typeof value !== 'string') return [`${path}: ${JSON.stringify(value)} is no string`];
  if (shape.enum !== undefined && !shape.enum.includes(value))
    return [`${path}: '${value}' is not in the enum`];
  const length = [...value].length;
  if (length < (shape.min ?? 0) || length > (shape.max ?? Number.POSITIVE_INFINITY)) {
    return [`${path}: ${length} characters`];
  }
  if (shape.pattern !== undefined && whole(shape.pattern)?.test(value) === false) {
    return [`${path}: '${value}' does not match ${shape.pattern}`];
  }
  return [];
}

function checkNumber(shape: Shape, value: unknown, path: string): string[] {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return [`${path}: ${JSON.stringify(value)} is no number`];
  }
  if (['integer', 'long'].includes(shape.type) && !Number.isInteger(value))
    return [`${path}: ${value} is no integer`];
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = shape;
  return value < min || value > max ? [`${path}: ${value} is out of range`] : [];
}

function checkTimestamp(value: unknown, path: string): string[] {
  // JSON protocols have seconds since the epoch, the query protocol ISO 8601.
  const isDate = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value);
  const seconds = typeof value === 'number' && value > 1e9 && value < 1e10;
  return isDate || seconds ? [] : [`${path}: ${JSON.stringify(value)} is no timestamp`];
}

function checkStructure(model: Model, shape: Shape, value: unknown, path: string): string[] {
  if (!isRecord(value)) return [`${path}: ${JSON.stringify(value)} is no structure`];
  const problems: string[] = [];
  for (const name of shape.required ?? []) {
    if (value[name] === undefined) problems.push(`${path}.${name}: missing`);
  }
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  if (shape.union === true && names.length !== 1)
    problems.push(`${path}: ${names.length} members of a union`);
  for (const name of names) {
    const member = shape.members?.[name];
    if (member === undefined) problems.push(`${path}.${name}: unknown member`);
    else problems.push(...checkShape(model, member.shape, value[name], `${path}.${name}`));
  }
  return problems;
}

function checkList(model: Model, shape: Shape, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) return [`${path}: ${JSON.stringify(value)} is no list`];
  const problems = value.flatMap((item, i) =>
    checkShape(model, shape.member?.shape ?? '', item, `${path}[${i}]`),
  );
  if (value.length < (shape.min ?? 0) || value.length > (shape.max ?? Number.POSITIVE_INFINITY)) {
    problems.push(`${path}: ${value.length} members`);
  }
  return problems;
}

function checkMap(model: Model, shape: Shape, value: unknown, path: string): string[] {
  if (!isRecord(value)) return [`${path}: ${JSON.stringify(value)} is no map`];
  return Object.entries(value).flatMap(([key, item]) => [
    ...checkShape(model, shape.key?.shape ?? '', key, `${path} key`),
    ...checkShape(model, shape.value?.shape ?? '', item, `${path}.${key}`),
  ]);
}

/** What of a value is not as a shape of a service model says; nothing where all is. */
export function checkShape(model: Model, name: string, value: unknown, path: string): string[] {
  const shape = model.shapes[name];
  if (shape === undefined) return [`${path}: no shape ${name}`];
  switch (shape.type) {
    case 'structure':
      return checkStructure(model, shape, value, path);
    case 'list':
      return checkList(model, shape, value, path);
    case 'map':
      return checkMap(model, shape, value, path);
    case 'string':
      return checkString(shape, value, path);
    case 'integer':
    case 'long':
    case 'double':
    case 'float':
      return checkNumber(shape, value, path);
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: ${JSON.stringify(value)} is no boolean`];
    case 'timestamp':
      return checkTimestamp(value, path);
    default:
      return [`${path}: shape type ${shape.type} is not known to the check`];
  }
}
