import type { Model, Shape } from './models.ts';

/** A wrong input: what is wrong with it, and the whole of it. */
export interface Violation {
  readonly what: string;
  readonly input: Record<string, unknown>;
}

/** Longest text and list that a violation is made of. */
const LONGEST = 3000;

interface Variant {
  readonly what: string;
  readonly value: unknown;
}

function* ofString(shape: Shape, typed: boolean): Generator<Variant> {
  if (typed) yield { what: 'a number for a string', value: 7 };
  if (shape.enum !== undefined) yield { what: 'not in the enum', value: 'Bogus' };
  if ((shape.min ?? 0) > 0) yield { what: 'too short', value: 'a'.repeat((shape.min ?? 1) - 1) };
  if ((shape.max ?? LONGEST) < LONGEST) yield { what: 'too long', value: 'a'.repeat((shape.max ?? 0) + 1) };
  const isFree = shape.pattern === undefined || /^\[\\[sS]\\[sS]\]\*$/.test(shape.pattern);
  if (!isFree) yield { what: 'against the pattern', value: '~ \u0000 ~' };
}

function* ofInteger({ min, max }: Shape): Generator<Variant> {
  yield { what: 'no integer', value: 1.5 };
  yield { what: 'a string for an integer', value: 'many' };
  if (min !== undefined) yield { what: 'too small', value: min - 1 };
  if (max !== undefined) yield { what: 'too large', value: max + 1 };
}

function* ofList(model: Model, shape: Shape, value: readonly unknown[], typed: boolean): Generator<Variant> {
  yield { what: 'an object for a list', value: { 0: value[0] } };
  if ((shape.min ?? 0) > 0) yield { what: 'too few', value: [] };
  if ((shape.max ?? LONGEST) < LONGEST) {
    yield { what: 'too many', value: Array.from({ length: (shape.max ?? 0) + 1 }, () => value[0]) };
  }
  for (const [i, item] of value.entries()) {
    for (const { what, value: wrong } of variants(model, shape.member?.shape ?? '', item, typed)) {
      yield { what: `[${i}] ${what}`, value: value.with(i, wrong) };
    }
  }
}

function* ofStructure(
  model: Model,
  shape: Shape,
  value: Record<string, unknown>,
  typed: boolean,
): Generator<Variant> {
  yield { what: 'an unknown member', value: { ...value, Bogus: 'x' } };
  for (const name of shape.required ?? []) {
    const { [name]: _left, ...rest } = value;
    yield { what: `without ${name}`, value: rest };
  }
  for (const [name, item] of Object.entries(value)) {
    const member = shape.members?.[name];
    const inBody = typed && member?.location === undefined;
    for (const { what, value: wrong } of variants(model, member?.shape ?? '', item, inBody)) {
      yield { what: `${name}: ${what}`, value: { ...value, [name]: wrong } };
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function* variants(model: Model, name: string, value: unknown, typed: boolean): Generator<Variant> {
  const shape = model.shapes[name];
  if (shape === undefined) return;
  if (shape.type === 'string') yield* ofString(shape, typed);
  else if (shape.type === 'integer') yield* ofInteger(shape);
  else if (shape.type === 'boolean') yield { what: 'no boolean', value: 'perhaps' };
  else if (shape.type === 'list' && Array.isArray(value)) yield* ofList(model, shape, value, typed);
  else if (shape.type === 'structure' && isRecord(value)) yield* ofStructure(model, shape, value, typed);
}

/**
 * Inputs that differ from a good one in one thing that the operation's input shape forbids.
 * @param typed whether the protocol tells strings from numbers
 */
export function* violations(
  model: Model,
  operation: string,
  input: Record<string, unknown>,
  typed: boolean,
): Generator<Violation> {
  const shape = model.operations[operation]?.input?.shape ?? '';
  for (const { what, value } of variants(model, shape, input, typed)) {
    if (isRecord(value)) yield { what, input: value };
  }
}
