import { fingerprintOf } from './fingerprint.ts';
import type { Kept, Standing, Stored } from './snapshot.ts';
import { adoptStanding } from './standing.ts';
import type { CollectorState } from './state.ts';

/**
 * Takes up the kept snapshots that can be used.
 *
 * @param found - what the store has for each state.
 * @returns the states that have a snapshot now.
 */
export function takeUp(
  states: readonly CollectorState[],
  found: readonly Stored[],
): readonly CollectorState[] {
  const targetOf = new Map<string, string>();
  return states.filter((state, index) => {
    const { kept, standing: any } = found[index] ?? {};
    const fingerprint = fingerprintOf(state);
    // What another configuration has left says nothing of this one.
    const standing = any?.fingerprint === fingerprint ? any : undefined;
    if (kept === undefined || !isReadable(state, kept)) return takeUpNothing(state, standing);
    if (kept.snapshot.fingerprint !== fingerprint) {
      state.former = kept.snapshot;
      return takeUpNothing(state, standing);
    }
    if (standing?.collectedAt === null) return takeUpNothing(state, standing);
    const { accountId } = kept.snapshot;
    const { name } = state.target;
    // Of two targets of one account the second is refused, here too.
    if ((targetOf.get(accountId) ?? name) !== name) return false;
    targetOf.set(accountId, name);
    state.kept = kept;
    if (standing?.collectedAt === kept.snapshot.collectedAt) {
      adoptStanding(state, standing);
      return true;
    }
    if (!kept.snapshot.partial) state.lastSuccess = Date.parse(kept.confirmedAt);
    state.status = kept.snapshot.partial ? 'partial' : 'ok';
    return true;
  });
}

/**
 * There is no snapshot that can be shown: none, one of another version or configuration, or one that is not to be shown any
 * more (the account is another, AWS has had no data for a day). How its collector stands counts all the same.
 */
function takeUpNothing(state: CollectorState, standing: Standing | undefined): false {
  if (standing !== undefined && standing.collectedAt === null) {
    state.kept = undefined;
    adoptStanding(state, standing);
  }
  return false;
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
