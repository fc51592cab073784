import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Page } from '../src/metrics/exposition.ts';
import { type Encoding, type Format, negotiateEncoding, negotiateFormat } from '../src/metrics/negotiate.ts';

/** How the chart's test (helm/aws-cost-exporter/files/test.mjs) names itself: it asks whether anyone else scrapes. */
const TEST_AGENT = 'aws-cost-exporter-test';

/**
 * `GET /metrics`: the exposition's bytes in the format and encoding that the scraper asks for; never 406.
 * @param onScrape is called before each answer but those to the chart's test.
 */
export function metricsRoute(
  fastify: FastifyInstance,
  page: (format: Format, encoding: Encoding) => Promise<Page>,
  onScrape: () => void,
): void {
  fastify.get('/metrics', { schema: { hide: true }, logLevel: 'warn' }, async (request, reply) => {
    const { accept, 'accept-encoding': acceptEncoding } = request.headers;
    if (request.method === 'GET' && request.headers['user-agent'] !== TEST_AGENT) onScrape();
    const answer = await page(
      negotiateFormat(accept),
      negotiateEncoding(Array.isArray(acceptEncoding) ? acceptEncoding.join(',') : acceptEncoding),
    );
    reply
      .header('content-type', answer.contentType)
      .header('content-length', answer.length)
      .header('vary', 'accept, accept-encoding')
      .header('cache-control', 'no-store');
    if (answer.contentEncoding) reply.header('content-encoding', answer.contentEncoding);
    // Each chunk is one large buffer that all scrapes share; object mode hands them on without copying.
    return reply.send(Readable.from(answer.chunks));
  });
}
