import type { IncomingMessage, ServerResponse } from 'node:http';
import fp from 'fastify-plugin';
import helmet from 'helmet';

/**
 * What helmet sets, asked once: its plugin for Fastify makes all of it anew for each request, which takes a third of the answer's time.
 * Content security policy of every answer but the pages, which have their own: nothing is loaded, nobody frames it.
 */
export const HEADERS: Readonly<Record<string, string>> = (() => {
  const set = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string) => set.set(name.toLowerCase(), value),
    removeHeader: (name: string) => set.delete(name.toLowerCase()),
  };
  const options = {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    frameguard: { action: 'deny' },
    // For a whole host, whatever its port: the operator's to set, in the web configuration.
    strictTransportSecurity: false,
    // Of browsers that nobody has any more; every header is paid for in each answer.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    // Browsers warn of these two wherever there is no TLS.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  } as const;
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, () => undefined);
  return Object.fromEntries(set);
})();

/** Headers that browsers heed on every answer; those of the web configuration, as it is in force, win over all others. */
export default fp<{ configured: (() => Readonly<Record<string, string>>) | undefined }>(
  async function headersPlugin(fastify, { configured }) {
    fastify.addHook('onRequest', (_request, reply, done) => {
      reply.headers(HEADERS);
      done();
    });
    if (configured === undefined) return;
    fastify.addHook('onSend', async (_request, reply) => {
      for (const [name, value] of Object.entries(configured())) {
        if (value === '') reply.removeHeader(name);
        else reply.header(name, value);
      }
    });
  },
  { name: 'headers', fastify: '5.x' },
);
