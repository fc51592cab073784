import { orAborted } from '../abort.ts';
import type { Target } from '../config.ts';
import { CollectionError } from '../errors.ts';
import { timedOut } from './aws-errors.ts';
import { AWS_LIMITS, type AwsLimits } from './limits.ts';

/** How long an account that STS named is believed before it is asked again, in milliseconds. */
export const ACCOUNT_TTL_MS = 15 * 60_000;

interface Source {
  readonly target: Target;
  /** Asks STS. */
  ask(signal?: AbortSignal): Promise<string>;
}

/** Which account each target is, and which targets may collect. */
export class Accounts {
  readonly #sources: readonly Source[];
  readonly #known = new Map<string, { accountId: string; until: number }>();
  readonly #asking = new Map<string, Promise<string>>();
  /** Targets whose last ask failed. */
  readonly #silent = new Set<string>();
  readonly #onKnown: (target: string, accountId: string) => void;
  readonly #now: () => number;
  readonly #accountMs: number;

  /** @param onKnown - told each time that STS has named a target's account. */
  constructor(
    sources: readonly Source[],
    onKnown: (target: string, accountId: string) => void,
    now: () => number,
    { accountMs }: Pick<AwsLimits, 'accountMs'> = AWS_LIMITS,
  ) {
    this.#sources = sources;
    this.#onKnown = onKnown;
    this.#now = now;
    this.#accountMs = accountMs;
  }

  /** The account of a target as far as it is known. */
  known(target: string): string | undefined {
    return this.#known.get(target)?.accountId;
  }

  /**
   * The account of a target that may collect.
   *
   * @throws {CollectionError} `wrong_account` where the configuration names another account, or where a target before
   *   it in the file is the same account; else what STS threw.
   */
  async resolve(name: string): Promise<string> {
    const index = this.#sources.findIndex(({ target }) => target.name === name);
    const source = this.#sources[index];
    if (source === undefined) throw new RangeError(`no target ${name}`);
    // Earlier targets are asked as well: which of two has the account must not depend on who answers first. One that
    // failed to answer before is not waited for again.
    const earlier = this.#sources.slice(0, index);
    const [accountId] = await Promise.all([this.#ask(source), ...earlier.map((other) => this.#heard(other))]);
    const expected = source.target.accountId;
    if (expected !== undefined && expected !== accountId) {
      throw wrongAccount(
        `The credentials of target ${name} belong to account ${accountId}, not to ${expected}.`,
        "Correct the target's accountId or its roleArn.",
      );
    }
    const twin = earlier.find(
      ({ target }) => this.known(target.name) === accountId && matches(target, accountId),
    );
    if (twin !== undefined) {
      throw wrongAccount(
        `Targets ${twin.target.name} and ${name} are both account ${accountId}.`,
        'Remove one of the two targets from CONFIG_FILE.',
      );
    }
    return accountId;
  }

  async #heard(source: Source): Promise<void> {
    const waited = this.#ask(source).then(
      () => {},
      () => {},
    );
    if (!this.#silent.has(source.target.name)) await waited;
  }

  #ask(source: Source): Promise<string> {
    const { name } = source.target;
    const known = this.#known.get(name);
    if (known !== undefined && this.#now() < known.until) return Promise.resolve(known.accountId);
    const asking = this.#asking.get(name) ?? this.#askNow(source).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #askNow({ target, ask }: Source): Promise<string> {
    const { name } = target;
    // A timer that ends with the call: AbortSignal.timeout would hold on to all of it until it fires.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), this.#accountMs);
    try {
      // Resolving credentials (AssumeRole) does not heed the signal.
      const accountId = await orAborted(ask(timeout.signal), timeout.signal, timedOut);
      this.#silent.delete(name);
      this.#known.set(name, { accountId, until: this.#now() + ACCOUNT_TTL_MS });
      this.#onKnown(name, accountId);
      return accountId;
    } catch (error) {
      this.#silent.add(name);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function matches(target: Target, accountId: string): boolean {
  return target.accountId === undefined || target.accountId === accountId;
}

function wrongAccount(message: string, advice: string): CollectionError {
  return new CollectionError('wrong_account', message, advice);
}
