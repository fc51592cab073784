import type { Charge } from '../bill/bill-index.ts';
import { validationError } from '../errors.ts';
import { readEnum, readList, readObject, readText } from '../input.ts';
import { DIMENSIONS, type TagReader, tagValue } from './dimensions.ts';

/** One element of GroupBy. */
export interface GroupDefinition {
  readonly type: string;
  readonly key: string;
  /** The group's key that a charge falls under, as the answer writes it. */
  value(charge: Charge): string;
}

const MOST_GROUPINGS = 2;
const LONGEST_KEY = 1024;

function valueReader(type: string, key: string, tagOf: TagReader): (charge: Charge) => string {
  // Untagged and empty-valued charges are one group in Cost Explorer.
  if (type === 'TAG') return (charge) => `${key}$${tagOf(charge, key)}`;
  if (type === 'COST_CATEGORY') return () => `${key}$`;
  const dimension = DIMENSIONS.get(key);
  if (dimension === undefined || !dimension.groups) {
    const valid = [...DIMENSIONS].filter(([, { groups }]) => groups).map(([name]) => name);
    throw validationError(`Group by dimension '${key}' is not valid. Valid values: ${valid.join(', ')}`);
  }
  return (charge) => dimension.value(charge);
}

/** Reads GroupBy: at most two, no two alike. Throws ValidationException. */
export function readGroupBy(value: unknown, tagOf: TagReader = tagValue): GroupDefinition[] {
  const definitions = readList(value, 'groupBy').map((item, i) => {
    const path = `groupBy.${i + 1}.member`;
    const input = readObject(item, path, ['Type', 'Key']);
    const type = readEnum(input.Type, `${path}.type`, ['DIMENSION', 'TAG', 'COST_CATEGORY']);
    const key = readText(input.Key, `${path}.key`, 0, LONGEST_KEY);
    if (key === '') throw validationError(`Key at '${path}.key' must not be empty`);
    return { type, key, value: valueReader(type, key, tagOf) };
  });
  if (definitions.length > MOST_GROUPINGS) {
    throw validationError(`GroupBy: at most ${MOST_GROUPINGS} groupings are allowed`);
  }
  const [first, second] = definitions;
  if (first !== undefined && first.type === second?.type && first.key === second.key) {
    throw validationError(`GroupBy: '${first.key}' is there twice`);
  }
  return definitions;
}
