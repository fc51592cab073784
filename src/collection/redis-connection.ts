import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RedisSettings } from '../config.ts';
import { COMMAND_TIMEOUT_MS, createClient, DISCONNECT_TIMEOUT_MS } from './redis-client.ts';

const PROBE_INTERVAL_MS = 5_000;
/** Longest wait for the answer to a small command; also for the first connection, from its start. */
const ANSWER_TIMEOUT_MS = 2_000;
/** How long the probe's key lives; its value means nothing. */
const PROBE_EXPIRY_SECONDS = 60;

/** What the connection needs of a logger; pino's has it. */
export interface ConnectionLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RedisConnectionOptions {
  readonly settings: RedisSettings;
  readonly logger: ConnectionLogger;
  /** Told each time that Redis becomes usable (connected and writable) or unusable. */
  readonly onUp?: ((up: boolean) => void) | undefined;
  /** How often it is checked whether Redis can be written to. Default 5000. */
  readonly probeIntervalMs?: number;
  /** Nothing is written: that it answers is enough to be usable. */
  readonly readOnly?: boolean;
}

/** One connection to Redis that all who need Redis share, and that knows whether Redis can be used. */
export interface RedisConnection {
  /** Connects from the first `start` on, and again by itself; commands fail at once while it is not connected. */
  readonly client: Redis;
  readonly keyPrefix: string;
  readonly logger: ConnectionLogger;
  /** Whether the last check passed; undefined before the first has ended. */
  readonly up: boolean | undefined;
  /** Counts the connections made and the losses seen: when it has changed, the server may have lost its data in between. */
  readonly generation: number;
  /** Begins to connect; later calls do nothing. Never waits, never throws. */
  start(): void;
  /**
   * Whether commands can be expected to be answered. Waits for the first connection only: until it stands, has failed or
   * 2 s have passed since the start.
   */
  answers(): Promise<boolean>;
  /**
   * Sends commands and waits for them, 2 s at most unless told otherwise.
   * @throws Error where Redis says so, is not there or is too slow, or refuses the configured database.
   */
  ask<T>(command: (client: Redis) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** Adds something that every check does after its probe; where it throws Redis is down. */
  addCheck(work: () => Promise<void>): void;
  /** Told that the server has lost data though the connection stood: someone has emptied it. */
  lost(): void;
  /** Checks now whether Redis can be used, by writing; never rejects. Calls during a check share the next one. */
  check(): Promise<void>;
  /** Ends the connection; resolves within 1 s. */
  close(): Promise<void>;
}

/** Largest wait of `ask`. */
export const LONGEST_ANSWER_MS = COMMAND_TIMEOUT_MS;

/**
 * Makes the connection; it does nothing before `start`. Redis being down is a state here, not an error: each change is one
 * log line and one `onUp`, and nothing of the password gets into either.
 */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { settings, logger, onUp, probeIntervalMs = PROBE_INTERVAL_MS, readOnly = false } = options;
  const probeKey = `${settings.keyPrefix}probe`;
  const client = createClient(settings);
  const { host, port, db, tls } = client.options;
  const place =
    settings.sentinelName === undefined ? `${host}:${port}` : `${settings.sentinelName} (Sentinel)`;
  const database = db ?? 0;
  const address = `${tls ? 'rediss' : 'redis'}://${place}/${database}`;
  const checks: (() => Promise<void>)[] = [];
  let up: boolean | undefined;
  let generation = 0;
  let answering = false;
  /** Counts the connections made. */
  let session = 0;
  /** Every connection begins in database 0, and the client takes one that could not leave it for ready too. */
  let selected = database === 0;
  /** The server refused a write: it may be read from until the next check, for which a new connection is made. */
  let refusesWrites = false;
  let started = false;
  let closed = false;
  let lastError: unknown;
  let probing: NodeJS.Timeout | undefined;
  let waiting: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  let decided = () => {};
  const firstVerdict = new Promise<void>((resolve) => {
    decided = resolve;
  });

  function become(state: boolean, reason?: unknown): void {
    if (closed || up === state) return;
    up = state;
    decided();
    if (state) logger.info({ redis: address }, 'Redis is up');
    else logger.warn({ redis: address, reason: describe(reason) }, 'Redis is down: going on from memory');
    onUp?.(state);
  }

  client.on('ready', () => {
    generation += 1;
    session += 1;
    lastError = undefined;
    answering = selected;
    if (selected) decided();
    void check();
  });
  client.on('error', (error) => {
    lastError = error;
    become(false, error);
  });
  client.on('close', () => {
    answering = false;
    refusesWrites = false;
    selected = database === 0;
    become(false, lastError ?? 'the connection was closed');
  });

  function ask<T>(command: (client: Redis) => Promise<T>, timeoutMs = ANSWER_TIMEOUT_MS): Promise<T> {
    if (client.status === 'ready' && !selected)
      return Promise.reject(new Error(`database ${database} is not selected`));
    return send(command, timeoutMs);
  }

  async function send<T>(command: (client: Redis) => Promise<T>, timeoutMs: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        answering = false;
        reject(new NoAnswer(`no answer within ${timeoutMs} ms`));
      }, timeoutMs);
    });
    try {
      const answer = await Promise.race([command(client), late]);
      answering = selected && client.status === 'ready';
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing is sent to another database than the configured one. @throws Error where it cannot be selected. */
  async function select(): Promise<void> {
    const begun = session;
    await send((redis) => redis.select(database), ANSWER_TIMEOUT_MS);
    if (session !== begun || client.status !== 'ready') throw new NoAnswer('the connection was lost');
    selected = true;
    answering = true;
    decided();
  }

  async function runCheck(): Promise<void> {
    if (closed || client.status !== 'ready') return;
    try {
      if (!selected) await select();
      await ask<unknown>((redis) =>
        readOnly ? redis.get(probeKey) : redis.set(probeKey, '1', 'EX', PROBE_EXPIRY_SECONDS),
      );
      for (const work of checks) await work();
      become(true);
    } catch (error) {
      become(false, lastError ?? error);
      // A silent peer may be gone for good.
      if (!closed && error instanceof NoAnswer) client.disconnect(true);
      refusesWrites = describe(error).startsWith('READONLY');
    }
  }

  function check(): Promise<void> {
    if (running === undefined) {
      running = runCheck().finally(() => {
        running = undefined;
      });
      return running;
    }
    next ??= running.then(() => {
      next = undefined;
      return check();
    });
    return next;
  }

  function tick(): void {
    // The client gives up where connecting throws; this program does not.
    if (client.status === 'end') client.connect().catch(() => {});
    // Behind the name of a replica there may be a new primary.
    if (refusesWrites) client.disconnect(true);
    else void check();
  }

  return {
    client,
    keyPrefix: settings.keyPrefix,
    logger,
    get up() {
      return up;
    },
    get generation() {
      return generation;
    },
    start() {
      if (started || closed) return;
      started = true;
      client.connect().catch(() => {});
      waiting = setTimeout(() => {
        if (up === undefined) become(false, lastError ?? `not connected within ${ANSWER_TIMEOUT_MS} ms`);
      }, ANSWER_TIMEOUT_MS).unref();
      probing = setInterval(tick, probeIntervalMs).unref();
    },
    async answers() {
      if (started && !answering && up === undefined) await firstVerdict;
      return answering && !closed;
    },
    ask,
    addCheck(work) {
      checks.push(work);
    },
    check,
    lost() {
      generation += 1;
      void check();
    },
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(probing);
      clearTimeout(waiting);
      decided();
      const open = ['connecting', 'connect', 'ready'].includes(client.status);
      const end = new Promise<void>((resolve) => client.once('end', resolve));
      client.disconnect();
      if (open) await Promise.race([end, delay(DISCONNECT_TIMEOUT_MS + 200, undefined, { ref: false })]);
    },
  };
}

/** Redis has not answered in time. */
class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** An error's own words. Never more of it: the errors of the client carry the command, a password with it. */
function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  const code = 'code' in reason ? String(reason.code) : reason.name;
  return reason.message || code;
}
