/** Told of what changes hands. */
export interface LeaseEvents {
  /** This process collects for a target from now on. */
  onHeld(target: string): void;
  /** It does not any more. */
  onLost(target: string): void;
}

/** Which replica collects for which target, and which one shows the business families. */
export interface Leases {
  /** Resolves when it is known for the first time what this process holds; events come from then on. */
  start(events: LeaseEvents): Promise<void>;
  /** Whether this process may buy and write for a target now; checked against a monotonic deadline. */
  holds(target: string): boolean;
  /** Whether it shows the business families now; checked against a monotonic deadline. */
  exposes(): boolean;
  /** Why a target is not held, for a user. */
  why(target: string): 'another' | 'unreachable';
  /** Gives everything back. */
  stop(): Promise<void>;
}

/** The leases of a process that has no replicas: it holds all. */
export class OwnLeases implements Leases {
  readonly #targets: readonly string[];

  constructor(targets: readonly string[]) {
    this.#targets = targets;
  }

  async start({ onHeld }: LeaseEvents): Promise<void> {
    for (const target of this.#targets) onHeld(target);
  }

  holds(): boolean {
    return true;
  }

  exposes(): boolean {
    return true;
  }

  why(): 'another' {
    return 'another';
  }

  async stop(): Promise<void> {}
}
