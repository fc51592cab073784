import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestScope } from '../../test/servers/process.ts';

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
export function startClient(scope: TestScope): Client {
  const child = fork(fileURLToPath(new URL('./client-process.ts', import.meta.url)));
  scope.teardown(async () => {
    const ended = once(child, 'exit');
    if (child.connected) child.disconnect();
    await ended;
  });
  return {
    async scrape(load) {
      child.send(load);
      const [answer] = await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(() => Promise.reject(new Error('the scraper has ended'))),
      ]);
      return answer as Scraped;
    },
  };
}
