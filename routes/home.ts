import type { FastifyInstance } from 'fastify';
import { VERSION } from '../src/version.ts';
import { figureReaders } from './home/figures.ts';
import { homePage } from './home/page.ts';
import { HOME_CSP } from './home/style.ts';
import type { StatusSource } from './status.ts';

/**
 * `GET /`: what this is, how every collector stands, what was spent, the last days as a chart, and where to go on. HTML from
 * what is published alone, without a script: it asks neither AWS nor the store.
 */
export function homeRoute(fastify: FastifyInstance, source: StatusSource): void {
  const { config, states, now, account } = source;
  const figures = figureReaders(fastify);
  const { port, metricsPort } = config;
  const metrics = {
    here: metricsPort === port && port !== 0,
    port: metricsPort === 0 ? undefined : metricsPort,
  };
  fastify.get('/', { schema: { hide: true } }, async (_request, reply) => {
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', HOME_CSP)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache');
    return homePage({
      version: VERSION,
      now: now(),
      metrics,
      targets: config.targets.map(({ name }) => ({
        name,
        accountId: account(name),
        states: states.ofTarget(name),
        cost: figures.cost(name),
        forecast: figures.forecast(name),
      })),
    });
  });
}
