import type { TestScope } from '../../test/servers/process.ts';
import { startChild } from './child.ts';

/** What the scraper is to do. */
export interface Load {
  /** Where /metrics is. */
  readonly url: string;
  readonly encoding: 'gzip' | 'identity';
  /** Connections, kept alive, each with one scrape after the other. */
  readonly clients: number;
  /** No scrape is begun later; each client makes one at least. */
  readonly forMs: number;
}

/** What the scraper has seen. */
export interface Scraped {
  /** How long each scrape took, from the request to the last byte of the answer. */
  readonly milliseconds: readonly number[];
  /** Bytes of the last body. */
  readonly bytes: number;
}

/** The scraper. */
export interface Client {
  scrape(load: Load): Promise<Scraped>;
}

/** Starts a scraper in a process of its own. */
export async function startClient(scope: TestScope): Promise<Client> {
  const { child } = await startChild(scope, new URL('./client-process.ts', import.meta.url));
  return { scrape: (load) => child.ask<Scraped>(load) };
}
