import type { Kept } from './snapshot.ts';
import type { CollectorState } from './state.ts';

/** What of the configuration decides what a collector buys for a target. */
export function fingerprintOf({ capability, target }: CollectorState): string {
  return JSON.stringify([target.roleArn ?? '', target.region ?? '', capability.fingerprint(target)]);
}

/**
 * Takes up the kept snapshots that can be used.
 *
 * @param found - what the store has for each state.
 * @returns the states that have a snapshot now.
 */
export function takeUp(
  states: readonly CollectorState[],
  found: readonly (Kept | undefined)[],
): readonly CollectorState[] {
  const targetOf = new Map<string, string>();
  return states.filter((state, index) => {
    const kept = found[index];
    if (kept === undefined || !isReadable(state, kept)) return false;
    if (kept.snapshot.fingerprint !== fingerprintOf(state)) {
      state.former = kept.snapshot;
      return false;
    }
    const { accountId } = kept.snapshot;
    const { name } = state.target;
    // Of two targets of one account the second is refused, here too.
    if ((targetOf.get(accountId) ?? name) !== name) return false;
    targetOf.set(accountId, name);
    state.kept = kept;
    if (!kept.snapshot.partial) state.lastSuccess = Date.parse(kept.confirmedAt);
    state.status = kept.snapshot.partial ? 'partial' : 'ok';
    return true;
  });
}

/** Whether a kept snapshot is of this version, shape and account. */
function isReadable(state: CollectorState, { snapshot }: Kept): boolean {
  const { capability, target } = state;
  return (
    snapshot.schema === capability.schema &&
    (target.accountId === undefined || target.accountId === snapshot.accountId) &&
    capability.accepts(snapshot.data)
  );
}
