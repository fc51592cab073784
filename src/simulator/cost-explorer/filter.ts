import type { Charge } from '../bill/bill-index.ts';
import { validationError } from '../errors.ts';
import { type JsonObject, readList, readObject, readStrings, readText } from '../input.ts';
import { DIMENSIONS, type TagReader, tagValue } from './dimensions.ts';

/** Whether a charge passes a filter. */
export type Predicate = (charge: Charge) => boolean;

const OPERATORS = ['Or', 'And', 'Not', 'Dimensions', 'Tags', 'CostCategories', 'ProductAttributes'];
const LONGEST_TEXT = 1024;
/** At most 50 letters, digits, spaces, hyphens and underscores, no space at either end. */
const CATEGORY_KEY = /^(?! )[\p{L}\p{N}\p{Z}\-_]{1,50}(?<! )$/u;
const CONDITION_FIELDS = ['Key', 'Values', 'MatchOptions'];

interface Condition {
  readonly key: string;
  readonly values: ReadonlySet<string>;
  /** Whether it asks for charges without the key. */
  readonly isAbsent: boolean;
}

function readCondition(value: unknown, path: string, matchOptions: readonly string[]): Condition {
  const input = readObject(value, path, CONDITION_FIELDS);
  const options = readStrings(input.MatchOptions, `${path}.matchOptions`);
  const unknown = options.find((option) => !matchOptions.includes(option));
  if (unknown !== undefined) {
    throw validationError(`MatchOptions '${unknown}' is not valid. Valid values: ${matchOptions.join(', ')}`);
  }
  const values = readList(input.Values, `${path}.values`).map((item, i) =>
    readText(item, `${path}.values.${i + 1}.member`, 0, LONGEST_TEXT),
  );
  const isAbsent = options.includes('ABSENT');
  if (values.length === 0 && !isAbsent) throw validationError(`${path}: Values must not be empty`);
  return { key: readText(input.Key, `${path}.key`, 0, LONGEST_TEXT), values: new Set(values), isAbsent };
}

function dimension(value: unknown, path: string): Predicate {
  const { key, values } = readCondition(value, path, ['EQUALS', 'CASE_SENSITIVE']);
  const found = DIMENSIONS.get(key);
  if (found === undefined) {
    throw validationError(
      `Dimension '${key}' is not valid. Valid values: ${[...DIMENSIONS.keys()].join(', ')}`,
    );
  }
  return (charge) => values.has(found.value(charge));
}

function tag(value: unknown, path: string, tagOf: TagReader): Predicate {
  const { key, values, isAbsent } = readCondition(value, path, ['EQUALS', 'ABSENT', 'CASE_SENSITIVE']);
  return (charge) => {
    const text = tagOf(charge, key);
    return (isAbsent && text === '') || values.has(text);
  };
}

/** Cost categories and product attributes: a bill in FOCUS's columns has none. */
function uncategorised(value: unknown, path: string): Predicate {
  const { key, values, isAbsent } = readCondition(value, path, ['EQUALS', 'ABSENT', 'CASE_SENSITIVE']);
  if (path.endsWith('costCategories') && !CATEGORY_KEY.test(key)) {
    throw validationError(`'${key}' at '${path}.key' is no name of a cost category`);
  }
  const passes = isAbsent || values.has('');
  return () => passes;
}

function operands(input: JsonObject, operator: string, path: string, tagOf: TagReader): Predicate[] {
  const list = readList(input[operator], path);
  if (list.length < 2) throw validationError(`Filter: ${operator} must have at least two operands`);
  return list.map((item, i) => readFilter(item, `${path}.${i + 1}.member`, tagOf));
}

/**
 * Reads a Filter expression: exactly one operator at its root and at that of every nested expression.
 * Throws ValidationException where it is not what Cost Explorer takes.
 */
export function readFilter(value: unknown, path = 'filter', tagOf: TagReader = tagValue): Predicate {
  const input = readObject(value, path, OPERATORS);
  const [operator, second] = OPERATORS.filter((name) => input[name] !== undefined && input[name] !== null);
  if (operator === undefined) throw validationError(`Expression at '${path}' must have an operator`);
  if (second !== undefined) {
    throw validationError(
      `Expression at '${path}' has more than one root operator (${operator}, ${second}): only one is allowed`,
    );
  }
  const inner = `${path}.${operator.charAt(0).toLowerCase()}${operator.slice(1)}`;
  switch (operator) {
    case 'Or': {
      const parts = operands(input, operator, inner, tagOf);
      return (charge) => parts.some((part) => part(charge));
    }
    case 'And': {
      const parts = operands(input, operator, inner, tagOf);
      return (charge) => parts.every((part) => part(charge));
    }
    case 'Not': {
      const part = readFilter(input.Not, inner, tagOf);
      return (charge) => !part(charge);
    }
    case 'Dimensions':
      return dimension(input.Dimensions, inner);
    case 'Tags':
      return tag(input.Tags, inner, tagOf);
    default:
      return uncategorised(input[operator], inner);
  }
}
