import type { Selection } from '../bill/bill-index.ts';
import type { Caller } from '../credentials.ts';
import type { Predicate } from './filter.ts';
import type { GroupDefinition } from './group-by.ts';

/**
 * The charges of a query: those that the caller sees and the filter lets pass, under the keys of its groupings.
 * @param id what tells this filter and these groupings from others
 */
export function selection(
  id: string,
  { sees }: Caller,
  filter: Predicate | undefined,
  definitions: readonly GroupDefinition[],
): Selection {
  const scope = sees === 'all' ? 'all' : [...sees].sort().join();
  return {
    id: `${scope} ${id}`,
    matches: (charge) => (sees === 'all' || sees.has(charge.account)) && (filter?.(charge) ?? true),
    keys: (charge) => definitions.map((definition) => definition.value(charge)),
  };
}
