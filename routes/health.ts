import { type Static, Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { VERSION } from '../src/version.ts';

/** The body of `GET /health`. */
export const Health = Type.Object(
  {
    status: Type.Literal('healthy', { description: 'The process works.', examples: ['healthy'] }),
    timestamp: Type.String({
      format: 'date-time',
      description: 'Now, ISO 8601 UTC.',
      examples: ['2026-11-22T08:00:00.000Z'],
    }),
    version: Type.String({ description: 'Version of the exporter.', examples: ['0.1.0'] }),
    uptimeSeconds: Type.Number({ description: 'Age of the process in seconds.', examples: [3600.5] }),
  },
  { description: 'The process works.' },
);

export type Health = Static<typeof Health>;

/** `GET /health`: 200 while the process works; asks neither AWS nor Redis. */
export function healthRoute(fastify: FastifyInstance, now: () => number): void {
  fastify.get(
    '/health',
    {
      schema: {
        tags: ['service'],
        operationId: 'getHealth',
        summary: 'Liveness',
        description:
          'Answers 200 while the process works. For liveness probes: it asks neither AWS nor Redis.',
        response: { 200: Health },
      },
    },
    async (): Promise<Health> => ({
      status: 'healthy',
      timestamp: new Date(now()).toISOString(),
      version: VERSION,
      uptimeSeconds: process.uptime(),
    }),
  );
}
