import { isIP } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisSettings } from '../config.ts';

/** Longest wait for the answer to any command: a large snapshot over a slow link. */
export const COMMAND_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A closed socket that the server does not close too is dropped after this time. */
export const DISCONNECT_TIMEOUT_MS = 500;
const FIRST_RETRY_MS = 100;
/** Also the pace at which a wrong password is tried again. */
const LAST_RETRY_MS = 5_000;
const RETRY_JITTER_MS = 500;

/** A client that connects when it is told to, from then on again by itself, and never keeps a command for later. */
export function createClient(settings: RedisSettings): Redis {
  const options: RedisOptions = {
    db: settings.db,
    connectionName: 'aws-cost-exporter',
    // CLIENT SETINFO is refused by older servers and by users without it; the name says enough.
    disableClientInfo: true,
    lazyConnect: true,
    // A command is answered now or fails now: what is to be repeated, whoever sent it decides.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) =>
      Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LAST_RETRY_MS) + Math.random() * RETRY_JITTER_MS,
  };
  if (settings.sentinels?.length) return new Redis({ ...options, ...sentinelOptions(settings) });
  if (settings.url === undefined)
    return new Redis({ ...options, host: settings.host ?? 'localhost', port: settings.port });
  const { protocol, hostname } = new URL(settings.url);
  // Without a server name several hosted services behind one address cannot tell whom the client wants.
  const tls = isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: hostname } : {};
  return new Redis(settings.url, protocol === 'rediss:' ? { ...options, tls } : options);
}

/** Where the Sentinels are; user, password, TLS and database are those of REDIS_URL. */
function sentinelOptions({ url, db, sentinels, sentinelName }: RedisSettings): RedisOptions {
  const primary = url === undefined ? undefined : new URL(url);
  const path = primary?.pathname.slice(1) ?? '';
  return {
    name: sentinelName ?? '',
    sentinels: (sentinels ?? []).map((sentinel) => {
      const at = sentinel.lastIndexOf(':');
      return { host: sentinel.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(sentinel.slice(at + 1)) };
    }),
    sentinelRetryStrategy: (attempt) => Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LAST_RETRY_MS),
    db: path === '' ? db : Number(path),
    ...(primary?.username ? { username: decodeURIComponent(primary.username) } : {}),
    ...(primary?.password ? { password: decodeURIComponent(primary.password) } : {}),
    ...(primary?.protocol === 'rediss:' ? { tls: {}, enableTLSForSentinelMode: true } : {}),
  };
}
