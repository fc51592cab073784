import { createHash } from 'node:crypto';
import { type TObject, type TProperties, Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { type CollectorState, isStale, reasonOf } from '../../src/collection/state.ts';
import type { Config } from '../../src/config.ts';
import { ErrorBody, sendError } from './errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Adds a GET route that serves one collector's document of one target. */
    documentRoute(route: DocumentRoute): void;
  }
}

/** Path and query parameters of a request, `target` aside. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** A data route: everything of it but its content is the same for all. */
export interface DocumentRoute {
  readonly url: string;
  /** Whose document it serves; also the route's OpenAPI tag. */
  readonly collector: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  /** Schema of the whole body, envelope included. */
  readonly body: TObject;
  /** Path parameters. */
  readonly params?: TObject;
  /** Query parameters beside `target`. */
  readonly query?: TProperties;
  /** What of the whole document is asked for; undefined answers 404. Without it the whole document. */
  select?(document: object, parameters: Parameters): object | undefined;
}

/** A body as it is sent. */
interface Rendered {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** A body that is kept, and what it was rendered for beside path and query. */
interface Kept extends Rendered {
  readonly stale: boolean;
  readonly reason: ReturnType<typeof reasonOf>;
}

/** Bodies kept for each publication: more queries than these are rendered anew. */
const CACHED_BODIES = 64;

/** Swagger UI fills the example in: it must be a target that there is. */
const querySchema = (firstTarget: string, more: TProperties = {}) =>
  Type.Object(
    {
      target: Type.Optional(
        Type.String({
          description: 'Name of the target; by default the first of the configuration.',
          examples: [firstTarget],
        }),
      ),
      ...more,
    },
    { additionalProperties: false },
  );

const ConditionalHeaders = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({
      description: '`ETag` of an earlier answer, a list of them, or `*`.',
      examples: ['"iVbm0L5Nq9pHqJvWl5Y0cR3kX2E"'],
    }),
  ),
});

const NotModified = Type.Null({ description: 'Nothing has changed since the `ETag` in `If-None-Match`.' });
const error = (description: string) => ({ ...ErrorBody, description });

const ERRORS = {
  304: NotModified,
  400: error('A parameter is unknown or wrong; the message names it.'),
  404: error('There is no such target or item, or the capability is off for the target.'),
  503: error(
    'Nothing was collected yet, and the code says why; or the exporter is overloaded. `Retry-After` says when to ask again (seconds).',
  ),
};

/** Data routes with envelope, ETag, 304, 404 and 503, from publications alone. */
export default fp<{ config: Config }>(
  async function documentsPlugin(fastify, { config }) {
    const { collections, aws } = fastify;
    const names = config.targets.map((target) => target.name);
    const [first = 'default'] = names;
    const cache = new WeakMap<object, Map<string, Kept>>();

    fastify.decorate('documentRoute', (route) => {
      const { url, collector, operationId, summary, description, body, params, query, select } = route;
      fastify.get<{ Querystring: Record<string, string>; Params: Record<string, string> }>(
        url,
        {
          schema: {
            tags: [collector],
            operationId,
            summary,
            description,
            querystring: querySchema(first, query),
            headers: ConditionalHeaders,
            ...(params === undefined ? {} : { params }),
            response: { 200: body, ...ERRORS },
          },
        },
        // Not async, and answering nothing: a promise for each request is felt in the time of an answer from memory.
        (request, reply) => {
          const { target: name = first, ...filters } = request.query;
          if (!names.includes(name)) {
            sendError(
              reply,
              404,
              'unknown_target',
              `There is no target ${JSON.stringify(name)}. Targets: ${names.join(', ')}.`,
            );
            return;
          }
          const state = collections.states.get(collector, name);
          if (state === undefined) {
            sendError(reply, 404, 'capability_off', `The capability ${collector} is off for target ${name}.`);
            return;
          }
          const rendered = render(state, request.url, (document) =>
            select === undefined ? document : select(document, { ...filters, ...request.params }),
          );
          if (rendered === 'not_found') {
            sendError(
              reply,
              404,
              'not_found',
              `There is no ${request.url.split('?')[0]} for target ${name}.`,
            );
          } else if (rendered === 'not_yet') notYet(state, reply);
          else send(rendered, request, reply);
        },
      );
    });

    /** @param asked - path and query as they were sent: what they mean does not change. */
    function render(
      state: CollectorState,
      asked: string,
      select: (document: object) => object | undefined,
    ): Rendered | 'not_found' | 'not_yet' {
      const { capability, target } = state;
      const publication = collections.current(capability.name, target.name);
      const reason = reasonOf(state);
      const stale = isStale(state, collections.now());
      if (publication === undefined) {
        const accountId = aws.knownAccount(target.name);
        if (reason === null || accountId === undefined || state.lastAttempt === undefined) return 'not_yet';
        const collectedAt = new Date(state.lastAttempt).toISOString();
        const document = select(capability.empty(reason, target, collections.now()));
        return document
          ? rendering({ target: target.name, accountId, collectedAt, stale, ...document })
          : 'not_found';
      }
      const kept = cache.get(publication) ?? new Map<string, Kept>();
      const known = kept.get(asked);
      if (known?.stale === stale && known.reason === reason) return known;
      const { accountId, collectedAt } = publication.snapshot;
      const document = select(publication.presented.document(reason));
      if (document === undefined) return 'not_found';
      const rendered = rendering({ target: target.name, accountId, collectedAt, stale, ...document });
      if (known !== undefined || kept.size < CACHED_BODIES) kept.set(asked, { ...rendered, stale, reason });
      cache.set(publication, kept);
      return rendered;
    }

    function notYet(state: CollectorState, reply: FastifyReply): FastifyReply {
      const { cause, nextRun, capability, target } = state;
      const wait = Math.ceil(((nextRun ?? 0) - collections.now()) / 1_000);
      reply.header('retry-after', String(Math.max(1, state.status === 'pending' ? 5 : wait)));
      const message = cause
        ? `${cause.message} ${cause.advice}`
        : `The first collection of ${capability.name} for target ${target.name} has not ended yet.`;
      return sendError(reply, 503, cause?.code ?? 'not_collected', message);
    }
  },
  { name: 'documents', fastify: '5.x', dependencies: ['collections', 'openapi'] },
);

function rendering(body: object): Rendered {
  const bytes = Buffer.from(JSON.stringify(body));
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 27);
  return { bytes, etag: `"${hash}"` };
}

function send({ bytes, etag }: Rendered, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('etag', etag).header('cache-control', 'no-cache');
  const known = request.headers['if-none-match'];
  if (known !== undefined && matches(known, etag)) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(bytes);
}

/** Weak comparison of an `If-None-Match` header, RFC 9110 section 13.1.2. */
function matches(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  return header.split(',').some((item) => item.trim().replace(/^W\//, '') === etag);
}
