import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Page } from '../src/metrics/exposition.ts';
import { type Encoding, type Format, negotiateEncoding, negotiateFormat } from '../src/metrics/negotiate.ts';

/** Prometheus, its agent and vmagent send it; a person with curl, a browser and the chart's test do not. */
const SCRAPER_HEADER = 'x-prometheus-scrape-timeout-seconds';

/**
 * `GET /metrics`: the exposition's bytes in the format and encoding that the scraper asks for; never 406.
 * @param onScrape is called before each answer to a scraper.
 */
export function metricsRoute(
  fastify: FastifyInstance,
  page: (format: Format, encoding: Encoding) => Promise<Page>,
  onScrape: () => void,
): void {
  fastify.get('/metrics', { schema: { hide: true }, logLevel: 'warn' }, async (request, reply) => {
    const { accept, 'accept-encoding': acceptEncoding } = request.headers;
    if (request.method === 'GET' && request.headers[SCRAPER_HEADER] !== undefined) onScrape();
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
