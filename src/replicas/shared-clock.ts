/** A clock that is further from Redis' than this is one of two that are wrong: which, nobody can tell. In milliseconds. */
export const LARGEST_CORRECTION_MS = 5 * 60_000;
/** A correction that differs by less is left as it is: answers take their time. In milliseconds. */
const WORTH_IT_MS = 250;

/** A clock that all replicas agree on: this machine's, set right by Redis'. */
export interface SharedClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Told of Redis' time; at once. */
  correct(serverTime: number): void;
}

/**
 * @param own - the machine's clock, in milliseconds since the epoch.
 * @param onFarOff - told, once, of a difference that is too large to be corrected, in milliseconds.
 */
export function sharedClock(own: () => number, onFarOff: (difference: number) => void): SharedClock {
  let correction = 0;
  let told = false;
  return {
    now: () => own() + correction,
    correct(serverTime) {
      const difference = serverTime - own();
      if (Math.abs(difference) > LARGEST_CORRECTION_MS) {
        if (!told) onFarOff(difference);
        told = true;
        correction = 0;
      } else if (Math.abs(difference - correction) > WORTH_IT_MS) correction = difference;
    },
  };
}
