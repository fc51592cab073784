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
    return reply.send(new Chunks(answer.chunks));
  });
}

/**
 * A body of a few large buffers that all scrapes share. Piped it goes out whole, in one call and without copying: there is nothing to
 * wait for, since all of it is in memory anyway, and the pauses of a stream would cost more than what is between them.
 */
class Chunks extends Readable {
  readonly #chunks: readonly Buffer[];

  constructor(chunks: readonly Buffer[]) {
    super();
    this.#chunks = chunks;
  }

  override pipe<Destination extends NodeJS.WritableStream>(destination: Destination): Destination {
    const corked = destination as NodeJS.WritableStream & { cork?(): void; uncork?(): void };
    corked.cork?.();
    for (const chunk of this.#chunks.slice(0, -1)) destination.write(chunk);
    // Ended only when all has been taken: until then its connection is not idle, and a stop waits for it.
    destination.write(this.#chunks.at(-1) ?? '', () => destination.end());
    corked.uncork?.();
    // Fastify waits for its end, too.
    this.resume();
    return destination;
  }

  /** As a stream it has nothing: neither when it has been piped, nor where it is no answer to HEAD. */
  override _read(): void {
    this.push(null);
  }
}
