import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifySchema } from 'fastify';
import fp from 'fastify-plugin';
import { VERSION } from '../../src/version.ts';
import type { WebInForce } from '../../src/web/in-force.ts';
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
export default fp<{ web: WebInForce }>(
  async function openapiPlugin(fastify, { web }) {
    const security = securityOf(web);
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
        ...(security === undefined
          ? {}
          : {
              // The plugin's types do not know the scheme `mutualTLS` of OpenAPI 3.1.
              components: { securitySchemes: security.schemes as Record<string, never> },
              security: security.any,
            }),
      },
      stripBasePath: false,
      refResolver: {
        buildLocalReference: ({ $id }, _base, _fragment, index) => String($id ?? `Schema${index}`),
      },
      transform: ({ schema, url }) => ({ schema: documented(schema, url, security), url }),
    });
    await fastify.register(fastifySwaggerUi, {
      routePrefix: '/docs',
      // Without the bar at the top: it loads other documents and styles itself inline, and the policy refuses both.
      uiConfig: { layout: 'BaseLayout', docExpansion: 'list', validatorUrl: null },
      theme: docsTheme,
      uiHooks: {
        // The page links its files relatively only below a slash; the redirect is relative too, for the path prefix's sake.
        onRequest: async (request, reply) => {
          if (/^\/docs(\?|$)/.test(request.url)) return reply.redirect('docs/');
          reply.header('content-security-policy', DOCS_CSP);
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
const WWW_AUTHENTICATE = {
  'www-authenticate': {
    type: 'string',
    description: 'What is asked for.',
    examples: ['Bearer realm="aws-cost-exporter"'],
  },
};
const ALLOW = {
  allow: { type: 'string', description: 'The methods that are answered.', examples: ['GET, HEAD'] },
};

/** A route's schema as the document shows it: with what holds for all routes, and errors by reference. */
function documented<Schema extends FastifySchema | undefined>(
  schema: Schema,
  url: string,
  security: Security | undefined,
): Schema {
  if (schema === undefined || schema.response === undefined) return schema;
  const responses: Record<string, ResponseSchema> = {
    ...(schema.querystring ? { 400: error('A parameter is unknown or wrong; the message names it.') } : {}),
    ...(url === '/health' ? {} : { 429: error('This address has sent too many requests.') }),
    ...(PROBES.has(url) ? {} : { 503: error('The exporter is overloaded.') }),
    ...(security === undefined || PROBES.has(url)
      ? {}
      : { 401: error('Credentials are missing or not known.') }),
    ...schema.response,
    405: error('Only GET and HEAD are answered here.'),
    413: error('The request has a body, and a large one: no request here has any.'),
  };
  const conditional = hasProperty(schema.headers, 'if-none-match');
  const response = Object.entries(responses).map(([status, one]) => {
    const isError = one.properties === ErrorBody.properties;
    const headers = {
      ...(conditional && /^(200|304)$/.test(status) ? ETAG : {}),
      ...(isError && /^(429|503)$/.test(status) ? RETRY_AFTER : {}),
      ...(status === '401' ? WWW_AUTHENTICATE : {}),
      ...(status === '405' ? ALLOW : {}),
    };
    const shown = isError ? errorResponse(status, one.description) : one;
    return [status, Object.keys(headers).length > 0 ? { ...shown, headers } : shown];
  });
  const own = security === undefined ? undefined : PROBES.get(url)?.(security);
  return { ...schema, ...(own && { security: own }), response: Object.fromEntries(response) };
}

/** Routes that need no credentials, and what they take. */
const PROBES = new Map<string, (security: Security) => SecurityNeeds>([
  ['/health', () => []],
  ['/ready', ({ any }) => [...any, {}]],
]);

type SecurityNeeds = Record<string, string[]>[];

interface SecurityScheme {
  readonly type: 'http' | 'mutualTLS';
  readonly scheme?: 'basic' | 'bearer';
  readonly description: string;
}

/** What REST asks for. */
interface Security {
  readonly schemes: Record<string, SecurityScheme>;
  /** Any of these will do. */
  readonly any: SecurityNeeds;
}

/** What REST asks for by the configuration at start; undefined: nothing. */
function securityOf({ users, tokens, requiresCertificate }: WebInForce): Security | undefined {
  const schemes: Security['schemes'] = {};
  if (tokens.length > 0) {
    schemes.token = { type: 'http', scheme: 'bearer', description: 'A token of `API_TOKENS_FILE`.' };
  }
  if (tokens.length > 0 || Object.keys(users).length > 0) {
    schemes.password = {
      type: 'http',
      scheme: 'basic',
      description: "A user of `WEB_CONFIG_FILE` with the password, or a token's name with the token.",
    };
  }
  const any = Object.keys(schemes).map((name) => ({ [name]: [] }));
  if (!requiresCertificate) return any.length > 0 ? { schemes, any } : undefined;
  schemes.certificate = { type: 'mutualTLS', description: 'A client certificate, by `WEB_CONFIG_FILE`.' };
  const both = (any.length > 0 ? any : [{}]).map((one) => ({ ...one, certificate: [] }));
  return { schemes, any: both };
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
  401: {
    statusCode: 401,
    code: 'unauthorized',
    error: 'Unauthorized',
    message: 'Credentials are needed.',
  },
  413: {
    statusCode: 413,
    code: 'bad_request',
    error: 'Payload Too Large',
    message: 'No request here has a body.',
  },
  429: {
    statusCode: 429,
    code: 'too_many_requests',
    error: 'Too Many Requests',
    message: 'This address has sent more than 1000 requests in 10 s. Ask again in 10 s.',
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
