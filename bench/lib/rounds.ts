/**
 * Measures several things in turns, round after round, so that all of one round are of the same minute; who is first changes from
 * round to round.
 *
 * @param rounds how many
 * @param measures what is measured, by name
 * @returns for each name the values of the rounds, in order
 */
export async function inTurns<Name extends string, Value>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<Value>>>,
): Promise<Record<Name, Value[]>> {
  const names = Object.keys(measures) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Value[]>;
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < names.length; index++) {
      const name = names[(index + round) % names.length]!;
      results[name].push(await measures[name]());
    }
  }
  return results;
}
