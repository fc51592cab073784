import type { Kept, Standing } from '../../src/collection/snapshot.ts';

/** How a collector stands that has just bought a snapshot. */
export function standingOf({ snapshot, confirmedAt }: Kept, more: Partial<Standing> = {}): Standing {
  return {
    collector: snapshot.collector,
    target: snapshot.target,
    fingerprint: snapshot.fingerprint,
    collectedAt: snapshot.collectedAt,
    confirmedAt,
    status: 'ok',
    cause: null,
    failed: [],
    passedOver: [],
    lastAttempt: Date.parse(confirmedAt),
    lastSuccess: Date.parse(confirmedAt),
    emptyHandedAt: null,
    notBefore: null,
    interruptions: 0,
    minPages: 0,
    ...more,
  };
}
