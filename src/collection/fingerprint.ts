import type { CollectorState } from './state.ts';

/** What of the configuration decides what a collector buys for a target. */
export function fingerprintOf({ capability, target }: CollectorState): string {
  return JSON.stringify([target.roleArn ?? '', target.region ?? '', capability.fingerprint(target)]);
}
