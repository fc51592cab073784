import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifySchema } from 'fastify';
import fp from 'fastify-plugin';
import { VERSION } from '../../src/version.ts';
import { docsTheme } from './docs-theme.ts';
import { ErrorBody } from './errors.ts';

/** Content security policy of /docs: nothing from elsewhere. */
const DOCS_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
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
    fastify.addSchema({ ...ErrorBody, $id: 'Error' });
    await fastify.register(fastifySwagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'aws-cost-exporter',
          version: VERSION,
          description:
            'AWS billing, bought once on a schedule and served to everyone. Every answer comes from the last good snapshot: no request here calls AWS. Every route answers `HEAD` as it answers `GET`, without the body, and any other method 405. Not described here: `/`, a page for people; `/docs`, this document for people, and `/docs/json`, the document itself; `/metrics`, for Prometheus, which is on another port (`METRICS_PORT`) unless both ports are the same number.',
          license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        },
        // Relative to /docs/json, so that it works behind a path prefix too.
        servers: [{ url: '..', description: 'This exporter.' }],
        tags: [
          { name: 'cost', description: 'What was spent.' },
          { name: 'forecast', description: 'What AWS expects to be spent.' },
          { name: 'tags', description: 'What was spent, by tag.' },
          { name: 'optimization', description: 'What could be saved.' },
          { name: 'well-architected', description: 'How well the workloads are built.' },
          { name: 'service', description: 'The exporter itself.' },
        ],
      },
      stripBasePath: false,
      refResolver: {
        buildLocalReference: ({ $id }, _base, _fragment, index) => String($id ?? `Schema${index}`),
      },
      transform: ({ schema, url }) => ({ schema: documented(schema), url }),
    });
    await fastify.register(fastifySwaggerUi, {
      routePrefix: '/docs',
      staticCSP: DOCS_CSP,
      // Without the bar at the top: it loads other documents and styles itself inline, and the policy refuses both.
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list', validatorUrl: null },
      theme: docsTheme,
      uiHooks: {
        // The page links its files relatively only below a slash; the redirect is relative too, for the path prefix's sake.
        onRequest: async (request, reply) => {
          if (/^\/docs(\?|$)/.test(request.url)) return reply.redirect('docs/');
          return undefined;
        },
      },
    });
  },
  { name: 'openapi', fastify: '5.x', dependencies: ['errors'] },
);

/** A response as a route declares it. */
interface ResponseSchema {
  readonly description?: string;
  readonly properties?: object;
  readonly headers?: Readonly<Record<string, object>>;
}

const ETAG = {
  etag: {
    type: 'string',
    description:
      'Names this answer; send it as `If-None-Match` to be answered 304 while nothing has changed.',
    examples: ['"iVbm0L5Nq9pHqJvWl5Y0cR3kX2E"'],
  },
};
const RETRY_AFTER = {
  'retry-after': { type: 'integer', description: 'When to ask again, in seconds.', examples: [5] },
};
const ALLOW = {
  allow: { type: 'string', description: 'The methods that are answered.', examples: ['GET, HEAD'] },
};

/** A route's schema as the document shows it: with what holds for all routes, and errors by reference. */
function documented<Schema extends FastifySchema | undefined>(schema: Schema): Schema {
  if (schema === undefined || schema.response === undefined) return schema;
  const responses: Record<string, ResponseSchema> = {
    ...(schema.querystring ? { 400: error('A parameter is unknown or wrong; the message names it.') } : {}),
    ...schema.response,
    405: error('Only GET and HEAD are answered here.'),
  };
  const conditional = hasProperty(schema.headers, 'if-none-match');
  const response = Object.entries(responses).map(([status, one]) => {
    const isError = one.properties === ErrorBody.properties;
    const headers = {
      ...(conditional && /^(200|304)$/.test(status) ? ETAG : {}),
      ...(isError && status === '503' ? RETRY_AFTER : {}),
      ...(status === '405' ? ALLOW : {}),
    };
    const shown = isError ? errorResponse(status, one.description) : one;
    return [status, Object.keys(headers).length > 0 ? { ...shown, headers } : shown];
  });
  return { ...schema, response: Object.fromEntries(response) };
}

/** What an error's answer says, by its status. */
const ERROR_EXAMPLES: Readonly<Record<string, ErrorBody>> = {
  400: {
    statusCode: 400,
    code: 'bad_parameter',
    error: 'Bad Request',
    message: 'There is no parameter "x" here.',
  },
  404: {
    statusCode: 404,
    code: 'unknown_target',
    error: 'Not Found',
    message: 'There is no target "staging". Targets: default.',
  },
  405: {
    statusCode: 405,
    code: 'method_not_allowed',
    error: 'Method Not Allowed',
    message: 'Only GET and HEAD are answered here.',
  },
  503: {
    statusCode: 503,
    code: 'not_collected',
    error: 'Service Unavailable',
    message: 'The first collection of cost for target default has not ended yet.',
  },
};

/** The one error schema by reference, with an example of the status. */
function errorResponse(status: string, description = '') {
  const media = { schema: { $ref: 'Error#' }, example: ERROR_EXAMPLES[status] };
  return { description, content: { 'application/json': media } };
}

function error(description: string): ResponseSchema {
  return { ...ErrorBody, description };
}

function hasProperty(schema: unknown, name: string): boolean {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return false;
  const { properties } = schema;
  return typeof properties === 'object' && properties !== null && name in properties;
}
