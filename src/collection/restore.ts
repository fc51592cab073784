import type { Kept, Standing, Stored } from './snapshot.ts';
import { adoptStanding } from './standing.ts';
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
  found: readonly Stored[],
): readonly CollectorState[] {
  const targetOf = new Map<string, string>();
  return states.filter((state, index) => {
    const { kept, standing } = found[index] ?? {};
    if (kept === undefined) return takeUpNothing(state, standing);
    if (!isReadable(state, kept)) return false;
    if (kept.snapshot.fingerprint !== fingerprintOf(state)) {
      state.former = kept.snapshot;
      return false;
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

/** There is no snapshot, or it is not to be shown any more: the account is another, AWS has had no data for a day. */
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
