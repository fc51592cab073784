import { createHash } from 'node:crypto';
import { type TObject, Type } from '@sinclair/typebox';
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
}

/** A body as it is sent. */
interface Rendered {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Swagger UI fills the example in: it must be a target that there is. */
const query = (firstTarget: string) =>
  Type.Object(
    {
      target: Type.Optional(
        Type.String({
          description: 'Name of the target; by default the first of the configuration.',
          examples: [firstTarget],
        }),
      ),
    },
    { additionalProperties: false },
  );

const NotModified = Type.Null({ description: 'Nothing has changed since the `ETag` in `If-None-Match`.' });
const error = (description: string) => ({ ...ErrorBody, description });

/** Data routes with envelope, ETag, 304, 404 and 503, from publications alone. */
export default fp<{ config: Config }>(
  async function documentsPlugin(fastify, { config }) {
    const { collections, aws } = fastify;
    const cache = new WeakMap<object, Map<string, Rendered>>();

    fastify.decorate('documentRoute', ({ url, collector, operationId, summary, description, body }) => {
      fastify.get<{ Querystring: { target?: string } }>(
        url,
        {
          schema: {
            tags: [collector],
            operationId,
            summary,
            description,
            querystring: query(config.targets[0]?.name ?? 'default'),
            headers: Type.Object({
              'if-none-match': Type.Optional(
                Type.String({
                  description: '`ETag` of an earlier answer, a list of them, or `*`.',
                  examples: ['"iVbm0L5Nq9pHqJvWl5Y0cR3kX2E"'],
                }),
              ),
            }),
            response: {
              200: body,
              304: NotModified,
              400: error('A parameter is unknown or wrong; the message names it.'),
              404: error('There is no such target, or the capability is off for it.'),
              503: error(
                'Nothing was collected yet; the code says why, `Retry-After` when to ask again (seconds).',
              ),
            },
          },
        },
        async (request, reply) => {
          const name = request.query.target ?? config.targets[0]?.name ?? '';
          if (!config.targets.some((target) => target.name === name)) {
            const names = config.targets.map((target) => target.name).join(', ');
            return sendError(
              reply,
              404,
              'unknown_target',
              `There is no target ${JSON.stringify(name)}. Targets: ${names}.`,
            );
          }
          const state = collections.states.get(collector, name);
          if (state === undefined) {
            return sendError(
              reply,
              404,
              'capability_off',
              `The capability ${collector} is off for target ${name}.`,
            );
          }
          const rendered = render(state);
          return rendered === undefined ? notYet(state, reply) : send(rendered, request, reply);
        },
      );
    });

    function render(state: CollectorState): Rendered | undefined {
      const { capability, target } = state;
      const publication = collections.current(capability.name, target.name);
      const reason = reasonOf(state);
      const stale = isStale(state, collections.now());
      if (publication !== undefined) {
        const key = `${stale} ${reason}`;
        const kept = cache.get(publication) ?? new Map<string, Rendered>();
        cache.set(publication, kept);
        const { accountId, collectedAt } = publication.snapshot;
        const rendered =
          kept.get(key) ??
          rendering({
            target: target.name,
            accountId,
            collectedAt,
            stale,
            ...publication.presented.document(reason),
          });
        kept.set(key, rendered);
        return rendered;
      }
      const accountId = aws.knownAccount(target.name);
      if (reason === null || accountId === undefined || state.lastAttempt === undefined) return undefined;
      const collectedAt = new Date(state.lastAttempt).toISOString();
      const document = capability.empty(reason, collections.now());
      return rendering({ target: target.name, accountId, collectedAt, stale, ...document });
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
