import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';
import { VERSION } from '../../src/version.ts';

/** SHA-256 of the one inline style of Swagger UI's page; a test derives it from the installed version. */
const INLINE_STYLE_HASH = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='";

/** Content security policy of /docs: nothing from elsewhere. */
const DOCS_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' ${INLINE_STYLE_HASH}`,
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The OpenAPI 3.1 document at /docs/json, generated from the routes' schemas, and Swagger UI at /docs. */
export default fp(
  async function openapiPlugin(fastify) {
    await fastify.register(fastifySwagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'aws-cost-exporter',
          version: VERSION,
          description:
            'AWS billing, bought once on a schedule and served to everyone. Every answer comes from the last good snapshot: no request here calls AWS. Metrics are on another port, at `/metrics`.',
          license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        },
        // Relative to /docs/json, so that it works behind a path prefix too.
        servers: [{ url: '..', description: 'This exporter.' }],
        tags: [
          { name: 'cost', description: 'What was spent.' },
          { name: 'forecast', description: 'What AWS expects to be spent.' },
          { name: 'service', description: 'The exporter itself.' },
        ],
      },
      stripBasePath: false,
    });
    await fastify.register(fastifySwaggerUi, {
      routePrefix: '/docs',
      staticCSP: DOCS_CSP,
      uiConfig: { docExpansion: 'list', validatorUrl: null },
      theme: { title: 'aws-cost-exporter API' },
    });
  },
  { name: 'openapi', fastify: '5.x', dependencies: ['errors'] },
);
