import type { FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import { judge, type Verdict } from '../../src/web/access.ts';
import { AddressCounter } from '../../src/web/address-counter.ts';
import type { WebInForce } from '../../src/web/in-force.ts';
import type { WebLimits } from '../../src/web/limits.ts';
import { Occasional } from '../../src/web/occasional.ts';
import { sendError } from './errors.ts';
import { isFromNetwork } from './guard.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the client has shown what is asked for, or nothing is. */
    identified: boolean;
  }
}

/** What one listener asks for. */
export interface AccessOptions {
  readonly web: WebInForce;
  readonly limits: WebLimits;
  /** Whether REST is on it: there a token will do. */
  readonly rest: boolean;
}

/** Answered to whoever asks: for probes, which have no credentials. */
const OPEN = new Set(['/health', '/ready']);

const CHALLENGES = {
  basic: 'Basic realm="aws-cost-exporter", charset="UTF-8"',
  bearer: 'Bearer realm="aws-cost-exporter"',
  certificate: 'ClientCertificate realm="aws-cost-exporter"',
};

/** Asks for the credentials of the web configuration, and on REST for tokens; every route but {@link OPEN} is closed without. */
export default fp<AccessOptions>(
  async function accessPlugin(fastify, { web, limits, rest }) {
    fastify.decorateRequest('identified', !web.configured);
    if (!web.configured) return;
    const failures = new AddressCounter(limits.failures);
    const refusals = new Occasional();

    fastify.addHook('onRequest', async (request, reply) => {
      const path = request.routeOptions.url ?? '';
      if (!web.asksForAnything || !isFromNetwork(request)) {
        request.identified = true;
        return undefined;
      }
      if (path === '/health') return undefined;
      const tokens = rest && path !== '/metrics' ? web.tokens : [];
      const credentials = { users: web.users, tokens };
      const certificate = web.certificateFault(request.raw.socket);
      const verdict =
        certificate === undefined
          ? await judge(request.headers, credentials, web.passwords, {
              exceeded: () => failures.of(request.ip) >= failures.max,
              count: () => void failures.add(request.ip),
            })
          : undefined;
      if (verdict?.kind === 'accepted') {
        // A listener that asks for nothing, where the other one does, knows nobody.
        request.identified = verdict.who !== undefined || web.requiresCertificate || !web.requiresAnything;
        if (verdict.who !== undefined) web.noteFirst(verdict.who);
        return undefined;
      }
      if (verdict?.kind !== 'missing') {
        refusals.note((times) => {
          const why = certificate ?? verdict?.kind;
          const user = verdict?.kind === 'wrong' ? verdict.who?.name : undefined;
          request.log.warn({ client: request.ip, why, user, times }, 'credentials were refused');
        });
      }
      if (OPEN.has(path)) return undefined;
      if (certificate !== undefined) reply.header('connection', 'close');
      return refuse(reply, verdict, certificate, {
        basic: Object.keys(web.users).length > 0 || tokens.length > 0,
        bearer: tokens.length > 0,
      });
    });

    function refuse(
      reply: FastifyReply,
      verdict: Verdict | undefined,
      certificate: string | undefined,
      asked: Readonly<Record<'basic' | 'bearer', boolean>>,
    ): FastifyReply {
      if (verdict?.kind === 'busy') {
        reply.header('retry-after', '5');
        return sendError(reply, 503, 'overloaded', 'Too many passwords wait to be checked. Ask again soon.');
      }
      if (verdict?.kind === 'too_many') {
        const { secondsLeft, max } = failures;
        reply.header('retry-after', String(secondsLeft));
        const message = `This address has sent ${max} wrong passwords. Ask again in ${secondsLeft} s.`;
        return sendError(reply, 429, 'too_many_requests', message);
      }
      const challenges = (['basic', 'bearer'] as const).filter((name) => asked[name]);
      // A header for each: browsers look at the first challenge of a header alone.
      reply.header(
        'www-authenticate',
        challenges.length > 0 ? challenges.map((name) => CHALLENGES[name]) : CHALLENGES.certificate,
      );
      const what =
        verdict?.kind === 'wrong' ? 'These credentials are not known here.' : 'Credentials are needed.';
      return sendError(reply, 401, 'unauthorized', certificate ?? what);
    }
  },
  { name: 'access', fastify: '5.x', dependencies: ['errors'] },
);
