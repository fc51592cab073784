import { createHmac, randomBytes } from 'node:crypto';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PasswordCheck } from './bcrypt-worker.ts';
import { BCRYPT } from './web-file.ts';

/** Users and passwords that are remembered, right ones and wrong ones. */
const REMEMBERED = 1_024;
/** The alphabet of bcrypt's own base 64. */
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Checks passwords against bcrypt hashes. One check takes a tenth of a second, so it is done in a thread of its own, one after
 * the other, and its outcome is remembered: under a keyed digest, not the password. An unknown user takes as long as a known one.
 */
export class Passwords {
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, boolean>();
  readonly #pending = new Map<string, Promise<boolean>>();
  readonly #waiting = new Map<number, { resolve(right: boolean): void; reject(error: Error): void }>();
  readonly #queue: number;
  #worker: Worker | undefined;
  #next = 0;

  constructor(queue: number) {
    this.#queue = queue;
  }

  /** Whether the password is the user's, where that is known already. */
  known(users: Users, user: string, password: string): boolean | undefined {
    return this.#known.get(this.#digest(user, password, hashOf(users, user)));
  }

  /** Whether another check can wait. */
  get full(): boolean {
    return this.#waiting.size >= this.#queue;
  }

  /** Whether the password is the user's. Several askers of one answer wait for one check. */
  async check(users: Users, user: string, password: string): Promise<boolean> {
    const hash = hashOf(users, user);
    const digest = this.#digest(user, password, hash);
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const pending = this.#pending.get(digest) ?? this.#ask(password, hash ?? this.#decoy(users, user));
    this.#pending.set(digest, pending);
    try {
      const right = (await pending) && hash !== undefined;
      this.#remember(digest, right);
      return right;
    } finally {
      this.#pending.delete(digest);
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  /** The map is looked up by what nobody outside can foretell: the time that takes tells nothing. */
  #digest(user: string, password: string, hash: string | undefined): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([user, password, hash ?? null]))
      .digest('base64');
  }

  #remember(digest: string, right: boolean): void {
    this.#known.set(digest, right);
    if (this.#known.size <= REMEMBERED) return;
    // The oldest wrong one goes first: whoever tries many passwords pushes no right one out.
    for (const [oldest, wasRight] of this.#known) {
      if (wasRight && this.#known.size < 2 * REMEMBERED) continue;
      this.#known.delete(oldest);
      return;
    }
  }

  /** A hash that no password has, of the cost of one of the users': always the same one's for the same name. */
  #decoy(users: Users, user: string): string {
    const hashes = Object.values(users);
    const draw = createHmac('sha256', this.#key).update(user).digest();
    const cost = BCRYPT.exec(hashes[draw.readUInt32BE() % hashes.length] ?? '')?.[1] ?? '10';
    return `$2b$${cost}$.${Array.from(randomBytes(52), (byte) => ALPHABET[byte % 64]).join('')}`;
  }

  #ask(password: string, hash: string): Promise<boolean> {
    const worker = this.#started();
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const check: PasswordCheck = { id, password, hash };
      worker.postMessage(check);
    });
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // Source and package differ in the extension.
    const worker = new Worker(new URL(`./bcrypt-worker${extname(import.meta.url)}`, import.meta.url), {
      // Nothing of the environment, where the secrets of AWS and Redis are, is of use to it.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 },
    });
    worker.unref();
    worker.on('message', ({ id, right }: { id: number; right: boolean }) => {
      this.#waiting.get(id)?.resolve(right);
      this.#waiting.delete(id);
    });
    const ended = (error: Error) => {
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', ended);
    worker.on('exit', () => ended(new Error('the thread that checks passwords has ended')));
    this.#worker = worker;
    return worker;
  }
}

/** User names and their bcrypt hashes. */
export type Users = Readonly<Record<string, string>>;

function hashOf(users: Users, user: string): string | undefined {
  return Object.hasOwn(users, user) ? users[user] : undefined;
}
