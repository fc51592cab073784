import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../collection/redis-connection.ts';
import type { LeaseEvents, Leases } from './leases.ts';
import { BEAT, LEAVE } from './lua.ts';

/** How long a lease lasts that is not renewed, in milliseconds: another replica goes on at most so long after a crash. */
export const LEASE_MS = 10_000;
/** How often leases are renewed and looked for, in milliseconds; also how soon another replica's news are seen. */
export const BEAT_MS = 1_000;
/** A holder stops so long before its lease ends, in milliseconds. */
const MARGIN_MS = 500;
/** Longest wait for the answer to a beat. */
const ANSWER_MS = 2_000;
/** Longest round trip whose answer tells the time. */
const PROMPT_MS = 250;
/** A beat that fails later than this was not unanswered: the process was paused. */
const CONCLUSIVE_MS = ANSWER_MS + 1_000;
/** After an outage nothing is taken from a holder for so long: it may need that to connect again. */
const GRACE_MS = 10_000;
/** Records of leases that nobody renews go after so long, in milliseconds. */
const RECORD_EXPIRY_MS = 35 * 86_400_000;

/** One lease, as this process knows it. */
interface Lease {
  readonly name: string;
  readonly key: string;
  /** Under which it is held, or was at the last answer. */
  token: string;
  held: boolean;
  /**
   * Until when it is this process's, on the monotonic clock: certainly, or, while Redis cannot be reached, as its last holder's.
   */
  deadline: number;
  /** Until when it is certainly another's, on the monotonic clock. */
  othersUntil: number;
}

export interface RedisLeasesOptions {
  readonly connection: RedisConnection;
  readonly targets: readonly string[];
  /** Whether the business families are shown by one replica only. */
  readonly exposeOne: boolean;
  /** Told of the counter of what replicas have written, at every beat. */
  onNews(counter: string): void;
  /** Told at every beat what time it is for Redis now, in milliseconds since the epoch. */
  onTime?(serverTime: number): void;
  /** Redis' clock, in milliseconds, for simulated time; by default its own. */
  readonly serverTime?: (() => number) | undefined;
  /** Milliseconds that never go back; by default those of the process. */
  readonly monotonic?: (() => number) | undefined;
}

/** A token with its owner: what the store and the ledger check each write against. */
export interface Fence {
  readonly key: string;
  readonly owner: string;
  readonly token: string;
  /** `serverTime` for a script, or ''. */
  readonly now: string;
}

/**
 * Leases in Redis, one for each target and one for exposing. A holder believes in a lease until a deadline of its own
 * monotonic clock, which is before Redis lets anybody else have it. While Redis cannot be reached the last holder goes on; a
 * process that was paused past its deadline does not.
 */
export class RedisLeases implements Leases {
  readonly #options: RedisLeasesOptions;
  readonly #owner = randomUUID();
  readonly #leases: readonly Lease[];
  readonly #exposing: Lease | undefined;
  readonly #monotonic: () => number;
  #events: LeaseEvents | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #graceUntil = Number.NEGATIVE_INFINITY;
  #reachable: boolean | undefined;
  #wasReached = false;
  /** Why the last beat that says something was not answered; undefined where it was. */
  #failure: unknown;
  #stopped = false;

  constructor(options: RedisLeasesOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    const { keyPrefix } = options.connection;
    const lease = (name: string, key: string): Lease => ({
      name,
      key: `${keyPrefix}lease:${key}`,
      token: '',
      held: false,
      deadline: 0,
      othersUntil: Number.NEGATIVE_INFINITY,
    });
    this.#leases = options.targets.map((name) => lease(name, `target:${name}`));
    this.#exposing = options.exposeOne ? lease('', 'expose') : undefined;
  }

  async start(events: LeaseEvents): Promise<void> {
    if (this.#stopped) return;
    this.#events = events;
    if (await this.#options.connection.answers()) await this.beat();
    if (this.#stopped) return;
    this.#timer = setInterval(() => void this.beat(), BEAT_MS);
  }

  holds(target: string): boolean {
    const lease = this.#leases.find(({ name }) => name === target);
    return lease !== undefined && this.#has(lease);
  }

  exposes(): boolean {
    return !this.#stopped && (this.#exposing === undefined || this.#has(this.#exposing));
  }

  why(): 'another' | 'unreachable' {
    return this.#reachable ? 'another' : 'unreachable';
  }

  /** Whether the last beat that says something was answered. */
  get reachable(): boolean {
    return this.#reachable ?? false;
  }

  /** What a write for a target is checked against in Redis; undefined where this process does not hold it. */
  fence(target: string): Fence | undefined {
    const lease = this.#leases.find(({ name }) => name === target);
    if (lease === undefined || !this.#has(lease)) return undefined;
    return { key: lease.key, owner: this.#owner, token: lease.token, now: this.#serverTime() };
  }

  /**
   * Renews what is held and takes what is free; nothing before the start. Never rejects. Calls during a beat share it.
   */
  async beat(): Promise<void> {
    if (this.#events === undefined || this.#stopped) return;
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined;
    });
    await this.#beating;
  }

  /** A beat whose failure is heard of. @throws whatever Redis or the connection says. */
  async check(): Promise<void> {
    await this.beat();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#beating;
    const held = this.#all().filter((lease) => this.#has(lease));
    for (const lease of held) lease.held = false;
    const { connection } = this.#options;
    const leave = ({ key, token }: Lease) =>
      connection.ask((redis) => redis.eval(LEAVE, 1, key, this.#owner, token), 500).catch(() => {});
    await Promise.all(held.map(leave));
  }

  #all(): readonly Lease[] {
    return this.#exposing === undefined ? this.#leases : [...this.#leases, this.#exposing];
  }

  #has(lease: Lease): boolean {
    return lease.held && this.#monotonic() < lease.deadline;
  }

  #serverTime(): string {
    const { serverTime } = this.#options;
    return serverTime === undefined ? '' : String(Math.round(serverTime()));
  }

  async #beat(): Promise<void> {
    const { connection, onNews } = this.#options;
    const leases = this.#all();
    const sentAt = this.#monotonic();
    const startedAt = performance.now();
    // A holder may need longer than this process to connect again after an outage.
    const returning = this.#reachable === false && this.#wasReached;
    const asked = leases.flatMap((lease) => [
      !returning && sentAt >= Math.max(lease.othersUntil, this.#graceUntil) ? '1' : '0',
      this.#has(lease) ? lease.token : '',
    ]);
    try {
      const answer = await connection.ask(
        (redis) =>
          redis.eval(
            BEAT,
            leases.length + 1,
            ...leases.map(({ key }) => key),
            `${connection.keyPrefix}news`,
            this.#owner,
            this.#serverTime(),
            LEASE_MS,
            RECORD_EXPIRY_MS,
            ...asked,
          ),
        ANSWER_MS,
      );
      if (this.#stopped || !Array.isArray(answer)) return;
      if (returning) this.#graceUntil = sentAt + GRACE_MS;
      this.#reachable = true;
      this.#wasReached = true;
      this.#failure = undefined;
      const [news, time, ...facts] = answer.map(String);
      const took = this.#monotonic() - sentAt;
      // Of an answer that took long nobody knows when it was given: the process may have been paused.
      if (took <= PROMPT_MS) this.#options.onTime?.(Number(time) + took / 2);
      leases.forEach((lease, index) => {
        const [mine, token = '', left] = facts.slice(3 * index, 3 * index + 3);
        this.#learn(lease, mine !== '0', token, sentAt, Number(left));
      });
      if (facts.some((fact, index) => index % 3 === 0 && fact === '2')) connection.lost();
      onNews(news ?? '0');
    } catch (error) {
      // A process that was paused learns nothing from an answer that it missed.
      if (performance.now() - startedAt > CONCLUSIVE_MS) return;
      this.#reachable = false;
      this.#failure = error;
      // The last holder goes on, from one failed beat to the next: one that is paused in between does not.
      const until = this.#monotonic() + LEASE_MS - MARGIN_MS;
      for (const lease of leases) if (this.#has(lease)) lease.deadline = until;
    }
  }

  #learn(lease: Lease, mine: boolean, token: string, sentAt: number, left: number): void {
    const had = lease.held && lease.token === token;
    const lost = lease.held && !(mine && had);
    lease.held = mine;
    lease.token = token;
    lease.deadline = mine ? sentAt + LEASE_MS - MARGIN_MS : 0;
    lease.othersUntil = mine ? Number.NEGATIVE_INFINITY : sentAt + left;
    if (lease === this.#exposing) return;
    if (lost) this.#events?.onLost(lease.name);
    if (mine && !had) this.#events?.onHeld(lease.name);
  }
}
