import type { FastifyInstance } from 'fastify';
import type { StatusSource } from './status.ts';
export function homeRoute(fastify: FastifyInstance, _source: StatusSource): void {
  fastify.get('/', { schema: { hide: true } }, async () => 'aws-cost-exporter');
}
