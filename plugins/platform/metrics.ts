import { Registry } from '@prometheus-io/client';
import fastifyMetrics from 'fastify-metrics';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    /** Live metrics of this app alone: HTTP requests and the exporter about itself. */
    registry: Registry;
  }
}

/** HTTP metrics by fastify-metrics in a registry of this app; `/metrics` itself is served from the exposition. */
export default fp(
  async function metricsPlugin(fastify) {
    const registry = new Registry();
    fastify.decorate('registry', registry);
    await fastify.register(fastifyMetrics.default, {
      endpoint: null,
      defaultMetrics: { enabled: false },
      routeMetrics: {
        enabled: { histogram: true, summary: false },
        registeredRoutesOnly: true,
        routeBlacklist: ['/metrics', '/health', '/ready'],
        overrides: { histogram: { registers: [registry] }, summary: { registers: [registry] } },
      },
    });
    // Declared by the plugin even where summaries are off.
    registry.removeSingleMetric('http_request_summary_seconds');
  },
  { name: 'metrics', fastify: '5.x' },
);
