import { addDays, dayOf, daysIn, firstOfMonth } from '../collection/periods.ts';
import type { RedisConnection } from '../collection/redis-connection.ts';
import { notLeader } from '../errors.ts';
import { MERGE, REFUND, RELEASE, SPEND } from '../replicas/lua.ts';
import type { Fence, RedisLeases } from '../replicas/redis-leases.ts';
import { OpenAttempts } from './attempts.ts';
import { Book, DAYS_KEPT, HOLD_MS } from './book.ts';
import { type Budget, overBudget, pagesOf } from './budget.ts';
import type { Buyer, DayPages, Interrupted, Ledger, LedgerDays } from './ledger.ts';

const EXPIRY_SECONDS = DAYS_KEPT * 86_400;

/** What this process has spent while Redis was away, and what it knew to be there before; by day, then "target operation". */
type Pending = Map<string, Map<string, number>>;

export interface RedisLedgerOptions {
  readonly connection: RedisConnection;
  readonly leases: RedisLeases;
  readonly budget: Budget;
  readonly now: () => number;
}

/**
 * The ledger that replicas share. Each attempt is counted in Redis, in one step with the checks of lease and budget, before
 * it is sent. While Redis cannot be reached the last holder of the lease goes on within what it knows to be spent, and
 * enters what it has spent meanwhile as soon as Redis is back.
 */
export class RedisLedger implements Ledger {
  readonly #options: RedisLedgerOptions;
  /** What is known of Redis' figures, with this process's own of the time without it. */
  readonly #book = new Book();
  readonly #pending: Pending = new Map();
  readonly #attempts = new OpenAttempts();
  #generation = -1;
  /** Whether what is spent has been read once. */
  #isKnown = false;

  constructor(options: RedisLedgerOptions) {
    this.#options = options;
  }

  async hold(buyer: Buyer, pages: number): Promise<void> {
    await this.#spend(buyer, '', pages);
  }

  async authorize(buyer: Buyer, operation: string): Promise<void> {
    const day = await this.#spend(buyer, operation, 1);
    this.#attempts.opened(buyer, operation, day);
  }

  async settle(buyer: Buyer, operation: string, paid: boolean): Promise<void> {
    const day = this.#attempts.closed(buyer, operation);
    if (paid || day === undefined) return;
    const today = this.#today();
    this.#book.refund(buyer, operation, day, today);
    const field = `${buyer.target} ${operation}`;
    const offline = this.#pending.get(day);
    const entered = offline?.get(field) ?? 0;
    if (entered > 0) {
      offline?.set(field, entered - 1);
      return;
    }
    // What cannot be taken back stays counted: that errs on the side of the budget.
    const again = day === today ? 1 : 0;
    const all = await this.#try((redis) =>
      redis.eval(REFUND, 2, this.#dayKey(day), this.#holdsKey, field, idOf(buyer), again),
    );
    if (Array.isArray(all)) this.#book.replace(day, dayPagesOf(pairsOf(all.map(String))));
  }

  async release(buyer: Buyer): Promise<void> {
    this.#book.release(buyer);
    await this.#try((redis) => redis.eval(RELEASE, 1, this.#holdsKey, idOf(buyer)));
  }

  async done(buyer: Buyer): Promise<void> {
    this.#book.done(buyer);
    if (this.#options.leases.fence(buyer.target) === undefined) return;
    await this.#try((redis) => redis.hdel(this.#holdsKey, idOf(buyer)));
  }

  async interrupted(target: string): Promise<readonly Interrupted[]> {
    const found = await this.#try(async (redis) => {
      await this.#synchronize();
      return redis.hgetall(this.#holdsKey);
    });
    return Object.entries(found ?? {}).flatMap(([id, text]) => {
      if (!id.startsWith(`${target} `)) return [];
      const { at, paid } = holdOf(text);
      if (!Number.isFinite(at) || !Number.isFinite(paid)) return [];
      return [{ target, collector: id.slice(target.length + 1), at, pages: paid }];
    });
  }

  async days(days: readonly string[]): Promise<LedgerDays> {
    const read = await this.#try(async () => {
      await this.#synchronize();
      await this.#read(days);
      return true;
    });
    return { pages: days.map((day) => this.#book.day(day)), complete: read ?? false };
  }

  /**
   * Enters what Redis does not have, and reads what others have spent; called at every check of the connection.
   *
   * @throws Error where Redis does not answer.
   */
  async synchronize(): Promise<void> {
    await this.#synchronize();
    await this.#read([this.#today()]);
  }

  /** @returns the UTC day on which it is entered. */
  async #spend(buyer: Buyer, operation: string, pages: number): Promise<string> {
    const { leases, budget, now } = this.#options;
    const fence = leases.fence(buyer.target);
    if (fence === undefined) throw notLeader(buyer.target, leases.why());
    const day = this.#today();
    let answer = await this.#ask(buyer, operation, pages, fence, day);
    if (answer === undefined) {
      // Not answered: either nobody can be asked, or once more.
      await leases.beat();
      const renewed = leases.fence(buyer.target);
      if (renewed === undefined) throw notLeader(buyer.target, leases.why());
      if (leases.reachable) answer = await this.#ask(buyer, operation, pages, renewed, day);
      if (answer === undefined && leases.reachable) throw notLeader(buyer.target, 'unreachable');
    }
    if (answer === 'not_leader') throw notLeader(buyer.target);
    if (answer === 'budget') throw overBudget(buyer, pages, now(), budget, this.#book.day(day));
    if (answer === 'ok') return day;
    // Redis cannot be reached: the last holder counts for itself, on top of what it knows.
    if (!this.#isKnown) throw notLeader(buyer.target, 'unreachable');
    const granted =
      operation === ''
        ? this.#book.hold(buyer, pages, day, now(), budget)
        : this.#book.spend(buyer, operation, day, now(), budget);
    if (!granted) throw overBudget(buyer, pages, now(), budget, this.#book.day(day));
    if (operation === '') return day;
    const offline = this.#pending.get(day) ?? new Map<string, number>();
    this.#pending.set(day, offline);
    const field = `${buyer.target} ${operation}`;
    offline.set(field, (offline.get(field) ?? 0) + 1);
    return day;
  }

  /** What Redis says of a purchase; undefined where it says nothing. */
  async #ask(
    buyer: Buyer,
    operation: string,
    pages: number,
    fence: Fence,
    day: string,
  ): Promise<string | undefined> {
    const { budget } = this.#options;
    const { all, ofTarget } = budget.setAside(buyer);
    return this.#try(async (redis) => {
      await this.#synchronize();
      const known = this.#book.day(day);
      const [verdict, fields] = (await redis.eval(
        SPEND,
        3,
        fence.key,
        this.#dayKey(day),
        this.#holdsKey,
        fence.owner,
        fence.token,
        fence.now,
        buyer.target,
        buyer.collector,
        operation,
        pages,
        budget.pages,
        budget.ofTarget(buyer.target) ?? '',
        all,
        ofTarget,
        HOLD_MS,
        EXPIRY_SECONDS,
        pagesOf(known, buyer.target),
      )) as [string, string[]];
      if (verdict === 'not_leader') return verdict;
      const entered = verdict === 'ok' && operation !== '' ? `${buyer.target} ${operation}` : '';
      await this.#take(day, dayPagesOf(pairsOf(fields)), known, entered);
      return verdict;
    });
  }

  /** Reads some days from Redis. */
  async #read(days: readonly string[]): Promise<void> {
    const before = new Map(days.map((day) => [day, this.#book.day(day)]));
    const answers = await this.#options.connection.ask((redis) =>
      Promise.all(days.map((day) => redis.hgetall(this.#dayKey(day)).catch(orNothing))),
    );
    for (const [index, day] of days.entries()) {
      await this.#take(day, dayPagesOf(Object.entries(answers[index] ?? {})), before.get(day) ?? {});
    }
  }

  /**
   * Takes over what Redis says of a day. Of the targets that this process collects for nobody else spends: where Redis has less than
   * was known before, a key was evicted or deleted, and what is missing is entered again.
   *
   * @param entered - "target operation" of the page that Redis has just counted, where it has.
   */
  async #take(day: string, there: DayPages, known: DayPages, entered = ''): Promise<void> {
    const { leases, connection } = this.#options;
    const lost = [...fieldsOf(known)].filter(([field, pages]) => {
      const [target = '', operation = ''] = field.split(' ');
      return leases.holds(target) && (there[target]?.[operation] ?? 0) < pages + (field === entered ? 1 : 0);
    });
    if (lost.length === 0) {
      this.#book.replace(day, there);
      return;
    }
    const fields = lost.flatMap(([field, pages]) => [field, pages, field === entered ? 1 : 0]);
    const all = await connection.ask((redis) =>
      redis.eval(MERGE, 1, this.#dayKey(day), EXPIRY_SECONDS, ...fields),
    );
    this.#book.replace(day, dayPagesOf(pairsOf((all as string[]).map(String))));
  }

  async #synchronize(): Promise<void> {
    const { connection } = this.#options;
    if (this.#pending.size === 0 && this.#generation === connection.generation) return;
    const { generation } = connection;
    const days = new Set([...this.#pending.keys(), ...this.#book.dayNames()]);
    for (const day of days) {
      const offline = this.#pending.get(day) ?? new Map<string, number>();
      const known = fieldsOf(this.#book.day(day));
      const fields = [...known].map(([field, pages]) => {
        const added = offline.get(field) ?? 0;
        return [field, pages - added, added] as const;
      });
      if (fields.length === 0) continue;
      // Taken out first: what is spent from here on is a new entry.
      this.#pending.delete(day);
      try {
        const all = await connection.ask((redis) =>
          redis.eval(MERGE, 1, this.#dayKey(day), EXPIRY_SECONDS, ...fields.flat()),
        );
        this.#book.replace(day, dayPagesOf(pairsOf((all as string[]).map(String))));
      } catch (error) {
        const later = this.#pending.get(day) ?? new Map<string, number>();
        for (const [field, pages] of offline) later.set(field, (later.get(field) ?? 0) + pages);
        this.#pending.set(day, later);
        throw error;
      }
    }
    if (this.#generation !== generation) {
      const today = this.#today();
      await this.#read(daysIn(firstOfMonth(today), addDays(today, 1)));
      this.#isKnown = true;
    }
    this.#generation = generation;
  }

  /** Asks Redis; undefined, and a look at what is wrong with it, where it does not answer. */
  async #try<T>(command: (redis: RedisConnection['client']) => Promise<T>): Promise<T | undefined> {
    const { connection } = this.#options;
    if (!(await connection.answers())) return undefined;
    try {
      return await connection.ask(command);
    } catch {
      void connection.check();
      return undefined;
    }
  }

  #today(): string {
    return dayOf(this.#options.now());
  }

  #dayKey(day: string): string {
    return `${this.#options.connection.keyPrefix}spend:${day}`;
  }

  get #holdsKey(): string {
    return `${this.#options.connection.keyPrefix}holds`;
  }
}

function idOf({ target, collector }: Buyer): string {
  return `${target} ${collector}`;
}

function pairsOf(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    flat[2 * index] ?? '',
    flat[2 * index + 1] ?? '',
  ]);
}

/** What is set aside, as far as the text says it. */
function holdOf(text: string): { at: number; paid: number } {
  try {
    const { at, paid } = JSON.parse(text) as Record<string, unknown>;
    return { at: Number(at), paid: Number(paid) };
  } catch {
    return { at: Number.NaN, paid: Number.NaN };
  }
}

/** A key that is no hash is none of the ledger's: the next entry takes its place. @throws whatever else went wrong. */
function orNothing(error: unknown): Record<string, string> {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return {};
  throw error;
}

/** Names of targets and operations have no spaces. */
function dayPagesOf(fields: readonly (readonly [string, string])[]): DayPages {
  const day: Record<string, Record<string, number>> = {};
  for (const [field, pages] of fields) {
    const [target = '', operation = ''] = field.split(' ');
    const count = Number(pages);
    day[target] = { ...day[target], [operation]: Number.isSafeInteger(count) && count > 0 ? count : 0 };
  }
  return day;
}

function fieldsOf(day: DayPages): Map<string, number> {
  return new Map(
    Object.entries(day).flatMap(([target, operations]) =>
      Object.entries(operations).map(([operation, pages]) => [`${target} ${operation}`, pages] as const),
    ),
  );
}
