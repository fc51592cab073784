import { validationError } from '../../errors.ts';
import { readEnum, readList, readObject, readStrings, readText } from '../../input.ts';

/** What a recommendation is told by in a filter. */
export type Values = Readonly<Record<string, string>>;

const LONGEST_TEXT = 1024;
const OPERATORS = ['Or', 'And', 'Not', 'Dimensions', 'Tags', 'CostCategories', 'ProductAttributes'];

/**
 * Reads the Filter of a recommendation call: a condition on a dimension, or an And of such. Throws ValidationException
 * where it is anything else, or another dimension than `keys`.
 */
export function readScopeFilter(
  value: unknown,
  keys: readonly string[],
  path = 'filter',
): (values: Values) => boolean {
  if (value === undefined || value === null) return () => true;
  const input = readObject(value, path, OPERATORS);
  const [operator, second] = Object.keys(input);
  if (second !== undefined) throw validationError(`Expression at '${path}' has more than one root operator`);
  if (operator === 'And' && keys.length > 1) {
    const list = readList(input.And, `${path}.and`);
    if (list.length < 2) throw validationError('Filter: And must have at least two operands');
    const parts = list.map((item, i) => readScopeFilter(item, keys, `${path}.and.${i + 1}.member`));
    return (values) => parts.every((part) => part(values));
  }
  if (operator !== 'Dimensions') {
    throw validationError(`Filter: ${operator ?? 'nothing'} is not supported here; use Dimensions`);
  }
  const condition = readObject(input.Dimensions, `${path}.dimensions`, ['Key', 'Values', 'MatchOptions']);
  const key = readEnum(condition.Key, `${path}.dimensions.key`, keys);
  for (const option of readStrings(condition.MatchOptions, `${path}.dimensions.matchOptions`)) {
    if (option !== 'EQUALS') throw validationError(`MatchOptions '${option}' is not supported here`);
  }
  const wanted = new Set(
    readList(condition.Values, `${path}.dimensions.values`).map((item, i) =>
      readText(item, `${path}.dimensions.values.${i + 1}.member`, 0, LONGEST_TEXT),
    ),
  );
  if (wanted.size === 0) throw validationError(`${path}: Values must not be empty`);
  return (values) => wanted.has(values[key] ?? '');
}
