import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { AddressCounter } from '../../src/web/address-counter.ts';
import type { WebLimits } from '../../src/web/limits.ts';
import { Refusal, sendError } from './errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a request, and answers 429 where its client has sent too many; whether it did. Only on REST. */
    refuseTooMany?(request: FastifyRequest, reply: FastifyReply): boolean;
  }
}

/** What guards REST; a listener of /metrics alone is limited by connections and time. */
export interface GuardOptions {
  readonly limits: WebLimits;
}

/** A limit of requests for each client, and 503 while the process is overloaded. */
export default fp<GuardOptions>(
  async function guardPlugin(fastify, { limits }) {
    const requests = new AddressCounter(limits.rate);
    const refuseTooMany = (request: FastifyRequest, reply: FastifyReply): boolean => {
      if (isExempt(request) || requests.add(request.ip) <= requests.max) return false;
      const { secondsLeft, max } = requests;
      reply.header('retry-after', String(secondsLeft));
      const limit = `${max} requests in ${limits.rate.windowMs / 1_000} s`;
      const message = `This address has sent more than ${limit}. Ask again in ${secondsLeft} s.`;
      sendError(reply, 429, 'too_many_requests', message);
      return true;
    };
    fastify.decorate('refuseTooMany', refuseTooMany);
    const loop = watchLoop();
    fastify.addHook('onClose', async () => loop.close());
    fastify.addHook('onRequest', (request, reply, done) => {
      if (refuseTooMany(request, reply)) return;
      if (loop.delayMs() <= limits.loopDelayMs || PROBES.has(request.routeOptions.url ?? '')) done();
      else
        done(
          new Refusal(
            503,
            'overloaded',
            'This exporter has too much to do at the moment. Ask again soon.',
            5,
          ),
        );
    });
  },
  { name: 'guard', fastify: '5.x', dependencies: ['headers'] },
);

/** How often the delay of the event loop is measured, and how finely, in milliseconds. */
const LOOP_EVERY_MS = 1_000;
const LOOP_RESOLUTION_MS = 10;

/**
 * Follows the mean delay of the event loop. The library for this reads the memory in use with it, which throws in a timer, and so ends
 * the process, where no more files can be opened.
 */
function watchLoop() {
  const histogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  histogram.enable();
  let delayMs = 0;
  const timer = setInterval(() => {
    // Without a single sample it stood still all the time.
    const mean = histogram.count === 0 ? Number.POSITIVE_INFINITY : histogram.mean / 1e6;
    delayMs = mean - LOOP_RESOLUTION_MS;
    histogram.reset();
  }, LOOP_EVERY_MS).unref();
  return {
    delayMs: () => delayMs,
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

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
