import { Duplex } from 'node:stream';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { WebLimits } from '../../src/web/limits.ts';
import { Refusal } from './errors.ts';

/** What guards one listener. */
export interface GuardOptions {
  readonly limits: WebLimits;
  /** Whether REST is on it: /metrics alone is limited by connections and time. */
  readonly rest: boolean;
}

/** A limit of requests for each client, and 503 while the process is overloaded. */
export default fp<GuardOptions>(
  async function guardPlugin(fastify, { limits, rest }) {
    // For wrong passwords too: each listener that asks for them counts them.
    await fastify.register(rateLimit, {
      global: false,
      // Only where there is something to say: every answer would carry them.
      addHeadersOnExceeding: NO_HEADERS,
      addHeaders: { ...NO_HEADERS, 'retry-after': true },
    });
    if (!rest) return;
    const { max, windowMs } = limits.rate;
    fastify.addHook(
      'onRequest',
      fastify.rateLimit({
        max,
        timeWindow: windowMs,
        allowList: isExempt,
        errorResponseBuilder: (_request, { ttl }) =>
          new Refusal(
            429,
            'too_many_requests',
            `This address has sent more than ${max} requests in ${windowMs / 1_000} s. Ask again in ${Math.ceil(ttl / 1_000)} s.`,
          ),
      }),
    );
    await fastify.register(underPressure, {
      maxEventLoopDelay: limits.loopDelayMs,
      pressureHandler: (request: FastifyRequest) => {
        if (PROBES.has(request.routeOptions.url ?? '')) return undefined;
        return Promise.reject(
          new Refusal(
            503,
            'overloaded',
            'This exporter has too much to do at the moment. Ask again soon.',
            5,
          ),
        );
      },
    });
  },
  { name: 'guard', fastify: '5.x', dependencies: ['errors'] },
);

const NO_HEADERS = { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false };

/** Whoever asks these is no load that could be left out: probes, and the scraper where both ports are one. */
const PROBES = new Set(['/health', '/ready', '/metrics']);

/** Whether a request came by a connection; one that this process asks itself did not. */
export function isFromNetwork({ raw }: FastifyRequest): boolean {
  return raw.socket instanceof Duplex;
}

/** A probe shows no credentials: who does has a body or a password to get. */
function isExempt(request: FastifyRequest): boolean {
  if (!isFromNetwork(request)) return true;
  const { routeOptions, headers } = request;
  const { url = '' } = routeOptions;
  return url === '/ready' ? headers.authorization === undefined : PROBES.has(url);
}
